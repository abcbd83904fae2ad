/** The identity of a process's database, and whether the process may call sites for it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createPrisma, type Database } from '../../src/database/client.ts';
import { RemoteError, SetupError } from '../../src/errors.ts';
import { isServerPaused, ServerIdentity } from '../../src/services/server/serverIdentity.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const silent = pino({ level: 'silent' });
let database: TestDatabase;
let db: Database;
let now = 0;
beforeEach(async () => {
  database = await createTestDatabase();
  db = createPrisma({ url: database.url, poolSize: 2, logger: silent });
});
afterEach(async () => {
  await db.$disconnect();
  await database.drop();
});

function process(publicUrl: string | null, lines: string[] = []): ServerIdentity {
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  return new ServerIdentity({ db, publicUrl, logger, now: () => now });
}

async function started(publicUrl: string | null): Promise<ServerIdentity> {
  const identity = process(publicUrl);
  await identity.begin();
  return identity;
}

const row = () => db.server.findUniqueOrThrow({ where: { id: true } });

test('all processes of a database have the same id, and another database has another id', async () => {
  const id = await process(null).id();
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await process('https://one.example').id()).toBe(id);
  const other = await createTestDatabase();
  const otherDb = createPrisma({ url: other.url, poolSize: 1, logger: silent });
  try {
    const parts = { db: otherDb, publicUrl: null, logger: silent, now: () => now };
    expect(await new ServerIdentity(parts).id()).not.toBe(id);
  } finally {
    await otherDb.$disconnect();
    await other.drop();
  }
});

test('the first PUBLIC_URL is stored; another one is refused, naming both and the command', async () => {
  const first = await started('https://one.example');
  const same = await started('https://one.example');
  const other = await started('https://two.example');
  expect((await row()).publicUrl).toBe('https://one.example');
  expect([await first.refusal(), await same.refusal()]).toEqual([null, null]);
  const refusal = await other.refusal();
  expect(refusal).toBeInstanceOf(RemoteError);
  expect(refusal).toMatchObject({ code: 'server_paused', retryable: false });
  expect(isServerPaused(refusal)).toBe(true);
  for (const part of ['https://one.example', 'https://two.example', 'npm run -s admin -- server adopt'])
    expect(refusal?.message).toContain(part);
});

test('one of two servers that start at once on a new database is refused', async () => {
  const both = await Promise.all([started('https://one.example'), started('https://two.example')]);
  const refusals = await Promise.all(both.map((each) => each.refusal()));
  expect(refusals.filter((each) => each === null)).toHaveLength(1);
});

test('without PUBLIC_URL nothing is stored, compared or read', async () => {
  await started(null);
  expect((await row()).publicUrl).toBeNull();
  await started('https://one.example');
  const unset = await started(null);
  await db.$executeRaw`DROP TABLE server`;
  expect(await unset.refusal()).toBeNull();
});

test('adopting switches running processes within 5 seconds', async () => {
  const first = await started('https://one.example');
  const other = await started('https://two.example');
  const { serverId, publicUrl } = await process('https://two.example').adopt();
  expect({ serverId, publicUrl }).toEqual({ serverId: await first.id(), publicUrl: 'https://two.example' });
  now += 5_000;
  expect(await other.refusal()).toBeNull();
  expect(await first.refusal()).toMatchObject({ code: 'server_paused' });
});

test('the database is read at intervals, and once for many callers', async () => {
  const identity = await started('https://one.example');
  await db.server.updateMany({ data: { publicUrl: 'https://two.example' } });
  expect(await identity.refusal()).toBeNull();
  now += 5_000;
  const all = await Promise.all(Array.from({ length: 50 }, () => identity.refusal()));
  expect(all.every(isServerPaused)).toBe(true);
});

test('an unreadable row refuses with an error, and the next caller reads it again', async () => {
  const identity = await started('https://one.example');
  now += 5_000;
  await db.$executeRaw`ALTER TABLE server RENAME TO away`;
  await expect(identity.refusal()).rejects.toThrow();
  await expect(process(null).id()).rejects.toThrow();
  await db.$executeRaw`ALTER TABLE away RENAME TO server`;
  expect(await identity.refusal()).toBeNull();
  expect(await identity.id()).toBe((await row()).serverId);
});

test('an unreadable id is read again', async () => {
  const identity = process(null);
  await db.$executeRaw`ALTER TABLE server RENAME TO away`;
  await expect(identity.id()).rejects.toThrow();
  await db.$executeRaw`ALTER TABLE away RENAME TO server`;
  expect(await identity.id()).toBe((await row()).serverId);
});

test('a table that was emptied by hand does not stop the server', async () => {
  await db.server.deleteMany();
  const identity = await started('https://one.example');
  expect(await identity.refusal()).toBeNull();
  expect(await identity.id()).toBe((await row()).serverId);
  await db.server.deleteMany();
  expect((await process('https://two.example').adopt()).publicUrl).toBe('https://two.example');
});

test('adopting requires a PUBLIC_URL', async () => {
  await expect(process(null).adopt()).rejects.toThrow(SetupError);
  await expect(process(null).adopt()).rejects.toThrow(/PUBLIC_URL is not set/);
  expect((await row()).publicUrl).toBeNull();
});

test('the log has one line when the server is paused, and one when it resumes', async () => {
  await started('https://one.example');
  const lines: string[] = [];
  const other = process('https://two.example', lines);
  await other.begin();
  await other.refusal();
  now += 5_000;
  await other.refusal();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 40, code: 'server_paused', msg: expect.stringContaining('is paused') }),
  ]);
  await process('https://two.example').adopt();
  now += 5_000;
  await other.refusal();
  expect(lines.map((line) => JSON.parse(line).level)).toEqual([40, 30]);
});
