import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createPrisma, type Database, statementNames, type Transaction } from '../../src/database/client.ts';
import { isDatabaseUnavailable } from '../../src/database/unavailable.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let prisma: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  // A single connection, because a session lists only its own prepared statements.
  prisma = createPrisma({ url: database.url, poolSize: 1, logger: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await prisma?.$disconnect();
  await database?.drop();
});

test('repeated queries are prepared, and the session has the server’s application name', async () => {
  for (let time = 0; time < 3; time++) await prisma.$queryRaw`SELECT ${time}::int AS again`;
  await prisma.$queryRaw`SELECT 1 AS once`;
  const prepared = await prisma.$queryRaw<
    { statement: string }[]
  >`SELECT statement FROM pg_prepared_statements`;
  expect(prepared.map((row) => row.statement)).toContain('SELECT $1::int AS again');
  expect(prepared.map((row) => row.statement)).not.toContain('SELECT 1 AS once');
  const name = await prisma.$queryRaw`SELECT current_setting('application_name') AS name`;
  expect(name).toEqual([{ name: 'sitebridge' }]);
});

describe('transactions under load', () => {
  const nothing = async () => {};

  test('wait for a connection longer than the previous transactions take', async () => {
    const long = prisma.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(2.5)::text`);
    await expect(Promise.all([long, prisma.$transaction(nothing)])).resolves.toHaveLength(2);
  });

  test('without a connection report that the database cannot serve; beyond the time limit they do not', async () => {
    const failed = await prisma.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1`;
      return prisma.$transaction(nothing, { maxWait: 50 }).catch((error: unknown) => error);
    });
    expect(isDatabaseUnavailable(failed)).toBe(true);
    const slow = prisma.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(0.3)::text`, { timeout: 50 });
    const late: unknown = await slow.catch((error: unknown) => error);
    expect(late).toMatchObject({ code: 'P2028' });
    expect(isDatabaseUnavailable(late)).toBe(false);
    expect(isDatabaseUnavailable(await prisma.$queryRaw`SELECT 1 / 0`.catch((error: unknown) => error))).toBe(
      false,
    );
  });

  test.each(['by model', 'raw'])(
    'that wait for each other, %s: one succeeds, the other is retryable',
    async (how) => {
      const crowd = createPrisma({ url: database.url, poolSize: 2, logger: pino({ level: 'silent' }) });
      try {
        await crowd.account.deleteMany();
        await crowd.account.createMany({ data: [{ name: 'a' }, { name: 'b' }] });
        let held = 0;
        const both = Promise.withResolvers<void>();
        const lock = (tx: Transaction, name: string) =>
          how === 'raw'
            ? tx.$queryRaw`SELECT id FROM account WHERE name = ${name} FOR UPDATE`
            : tx.account.updateMany({ where: { name }, data: { isActive: true } });
        const lockBoth = (first: string, second: string) =>
          crowd.$transaction(async (tx) => {
            await lock(tx, first);
            held += 1;
            if (held === 2) both.resolve();
            await both.promise;
            await lock(tx, second);
          });
        const [one, other] = await Promise.allSettled([lockBoth('a', 'b'), lockBoth('b', 'a')]);
        const [victim, ...more] = [one, other].flatMap((each) =>
          each.status === 'rejected' ? [each.reason] : [],
        );
        expect(isDatabaseUnavailable(victim)).toBe(true);
        expect(more).toEqual([]);
      } finally {
        await crowd.$disconnect();
      }
    },
  );
});

test('a failed transaction leaves no row', async () => {
  await prisma.$executeRaw`CREATE TABLE thing (id int)`;
  const doomed = prisma.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO thing VALUES (1)`;
    throw new Error('no');
  });
  await expect(doomed).rejects.toThrow('no');
  expect(await prisma.$queryRaw`SELECT * FROM thing`).toEqual([]);
});

test('only repeated statements get a name, and the number of names is limited', () => {
  const nameOf = statementNames();
  expect(nameOf({ sql: 'SELECT 1' })).toBe('');
  const name = nameOf({ sql: 'SELECT 1' });
  expect(name).toMatch(/^sb_.{32}$/);
  expect(nameOf({ sql: 'SELECT 1' })).toBe(name);
  const long = `SELECT '${'x'.repeat(10_000)}'`;
  expect([nameOf({ sql: long }), nameOf({ sql: long })]).toEqual(['', '']);
  const each = '/* planned each time */ SELECT 1';
  expect([nameOf({ sql: each }), nameOf({ sql: each })]).toEqual(['', '']);
  const names = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    nameOf({ sql: `SELECT ${i}` });
    names.add(nameOf({ sql: `SELECT ${i}` }));
  }
  names.delete('');
  expect(names.size).toBeLessThanOrEqual(500);
});
