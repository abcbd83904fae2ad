/** Old rows are deleted from a whole server's database. Rows that are still needed stay, however old. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { retentionJob } from '../../src/jobs/jobs.ts';
import { createBoss } from '../../src/jobs/queues.ts';
import { RetentionService } from '../../src/services/events/retention.service.ts';
import { buildTenant, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-06-01T00:00:00Z');
const daysAgo = (days: number) => new Date(now - days * dayMs);
const logger = pino({ level: 'silent' });
const never = new AbortController().signal;

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer({ RETENTION_DAYS: '30' });
});
beforeEach(async () => {
  await server.db.syncEvent.deleteMany();
  await server.db.connectionCheck.deleteMany();
  await server.db.webhookDelivery.deleteMany();
  tenant = await buildTenant(server);
  await server.db.syncEvent.deleteMany();
});
afterAll(() => server.stop());

const retention = (keepDays: number | null) =>
  new RetentionService({ db: server.db, keepDays, logger, now: () => now });
const owner = (of = tenant) => ({ accountId: of.accountId, siteId: of.site.siteId });

async function event(createdAt: Date): Promise<void> {
  await server.db.syncEvent.create({
    data: { ...owner(), eventType: 'sync', action: 'finished', success: true, createdAt },
  });
}

async function check(code: string, createdAt: Date, of = tenant): Promise<void> {
  const { integrationId } = of;
  await server.db.connectionCheck.create({
    data: { ...owner(of), integrationId, success: true, code, result: {}, createdAt },
  });
}

async function delivery(
  webhookId: string,
  status: 'pending' | 'processed' | 'failed' | 'dead',
  receivedAt: Date,
): Promise<void> {
  await server.db.webhookDelivery.create({
    data: {
      ...owner(),
      webhookId,
      topic: 'status',
      subject: 'post:1',
      body: {},
      bodyHash: 'a',
      status,
      receivedAt,
    },
  });
}

test('events older than the retention time are deleted, and all others stay', async () => {
  for (const days of [31, 30.1, 29.9, 0, 31]) await event(daysAgo(days));
  expect(await retention(30).removeOld(never)).toMatchObject({ events: 3 });
  const left = await server.db.syncEvent.findMany({ orderBy: { id: 'asc' } });
  expect(left.map((each) => each.createdAt)).toEqual([daysAgo(29.9), daysAgo(0)]);
  expect(await retention(30).removeOld(never)).toEqual({
    events: 0,
    connection_checks: 0,
    sync_runs: 0,
    webhook_deliveries: 0,
    write_operations: 0,
  });
});

test('old connection tests are deleted, except the last of each integration', async () => {
  const other = await buildTenant(server);
  await check('first', daysAgo(90));
  await check('last of the other', daysAgo(80), other);
  await check('last', daysAgo(70));
  expect(await retention(30).removeOld(never)).toMatchObject({ connection_checks: 1 });
  const left = await server.db.connectionCheck.findMany({ orderBy: { id: 'asc' } });
  expect(left.map((each) => each.code)).toEqual(['last of the other', 'last']);
});

test('old runs are deleted, except unfinished runs and the last run of each integration', async () => {
  const run = (status: 'success' | 'queued', days: number, of = tenant) =>
    server.db.syncRun.create({
      data: {
        ...owner(of),
        integrationId: of.integrationId,
        direction: 'both',
        status,
        createdAt: daysAgo(days),
      },
    });
  const other = await buildTenant(server);
  await run('success', 90);
  const queued = await run('queued', 80);
  const last = await run('success', 70);
  const lastOfOther = await run('success', 60, other);
  expect(await retention(30).removeOld(never)).toMatchObject({ sync_runs: 1 });
  const left = await server.db.syncRun.findMany({ orderBy: { id: 'asc' } });
  expect(left.map(({ id }) => id)).toEqual([queued.id, last.id, lastOfOther.id]);
});

test('old webhook deliveries are deleted when processed or dead, and stay while retried', async () => {
  for (const status of ['pending', 'processed', 'failed', 'dead'] as const) {
    await delivery(`old ${status}`, status, daysAgo(31));
    await delivery(`new ${status}`, status, daysAgo(29));
  }
  expect(await retention(30).removeOld(never)).toMatchObject({ webhook_deliveries: 2 });
  const left = await server.db.webhookDelivery.findMany({ orderBy: { id: 'asc' } });
  expect(left.map((each) => each.webhookId)).toEqual([
    'old pending',
    'new pending',
    'new processed',
    'old failed',
    'new failed',
    'new dead',
  ]);
});

test('old writes are deleted, except each integration’s newest answered write and later ones', async () => {
  const write = async (days: number, answered: boolean, of = tenant) => {
    const data = {
      id: randomUUID(),
      ...owner(of),
      integrationId: of.integrationId,
      createdAt: daysAgo(days),
    };
    await server.db.writeOperation.create({
      data: { ...data, answeredAt: answered ? daysAgo(days) : null },
    });
    return data.id;
  };
  const other = await buildTenant(server);
  await write(95, true);
  await write(90, false);
  const answered = await write(80, true);
  const unanswered = await write(70, false);
  const neverAnswered = await write(85, false, other);
  expect(await retention(30).removeOld(never)).toMatchObject({ write_operations: 2 });
  const left = async () =>
    (await server.db.writeOperation.findMany({ orderBy: { createdAt: 'asc' } })).map(({ id }) => id);
  expect(await left()).toEqual([neverAnswered, answered, unanswered]);
  // Once a newer write is answered, the writes before it are not needed.
  const recent = await write(10, true);
  expect(await retention(30).removeOld(never)).toMatchObject({ write_operations: 2 });
  expect(await left()).toEqual([neverAnswered, recent]);
  // A recent write stays, even with later writes.
  await write(5, true);
  expect(await retention(30).removeOld(never)).toMatchObject({ write_operations: 0 });
});

test('more than a page of writes is deleted', async () => {
  await server.db.$executeRaw`
    INSERT INTO write_operation (id, account_id, site_id, integration_id, created_at, answered_at)
    SELECT gen_random_uuid(), ${tenant.accountId}, ${tenant.site.siteId}, ${tenant.integrationId},
      ${daysAgo(40)}, ${daysAgo(40)} FROM generate_series(1, 6001) n`;
  expect(await retention(30).removeOld(never)).toMatchObject({ write_operations: 6_000 });
});

test('more than a page of deliveries is deleted, past the rows that stay at its beginning', async () => {
  await delivery('waits', 'pending', daysAgo(100));
  await server.db.$executeRaw`
    INSERT INTO webhook_delivery (account_id, site_id, webhook_id, topic, subject, body, body_hash, status, received_at)
    SELECT ${tenant.accountId}, ${tenant.site.siteId}, n::text, 'status', 'post:1', '{}', 'a', 'processed', ${daysAgo(40)}
    FROM generate_series(1, 12000) n`;
  await delivery('new', 'processed', daysAgo(1));
  expect(await retention(30).removeOld(never)).toMatchObject({ webhook_deliveries: 12_000 });
  const left = await server.db.webhookDelivery.findMany({ orderBy: { id: 'asc' } });
  expect(left.map((each) => each.webhookId)).toEqual(['waits', 'new']);
});

test('nothing is deleted with unlimited retention, or after the job is aborted', async () => {
  await event(daysAgo(10_000));
  await retention(null).removeOld(never);
  await retention(30).removeOld(AbortSignal.abort());
  expect(await server.db.syncEvent.count()).toBe(1);
});

test('the worker deletes old rows at its scheduled hour', async () => {
  await event(new Date(Date.now() - 31 * dayMs));
  await event(new Date(Date.now() - 29 * dayMs));
  const boss = createBoss({ url: server.databaseUrl, logger, works: false });
  await boss.start();
  try {
    expect(await boss.getSchedules(retentionJob.name)).toEqual([
      expect.objectContaining({ cron: expect.stringMatching(/^\d+ \* \* \* \*$/) }),
    ]);
    await boss.send(retentionJob.name);
    await eventually(async () => expect(await server.db.syncEvent.count()).toBe(1));
  } finally {
    await boss.stop();
  }
});
