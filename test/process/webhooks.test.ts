/** Webhooks with several workers, with killed workers, and with a database that stops. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { createLogger } from '../../src/logger.ts';
import { lockContent } from '../../src/services/content/contentLocks.ts';
import { Folder, type User } from '../database/embeddedUser.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { Relay } from '../support/relay.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { deliver, statusBody } from '../support/webhooks.ts';
import { Programs, testSettings } from './serverProcess.ts';

const programs = new Programs();
afterEach(() => programs.endAll());

describe('workers', () => {
  let api: TestServer;
  let settings: Record<string, string>;
  let tenant: TestTenant;
  beforeAll(async () => {
    api = await startTestServer({ ROLE: 'api' });
    settings = { ...testSettings, DATABASE_URL: api.databaseUrl };
  });
  beforeEach(async () => {
    tenant = await buildTenant(api);
    // With sync switched off the workers do not read from the site, which does not exist.
    await api
      .as(tenant.owner)
      .patch(`${integrationsPath}/${tenant.integrationId}`, { sync_enabled: false })
      .expect(200);
  });
  afterAll(() => api.stop());

  /** Sends a message about a post, by default post 41. Returns its delivery's id. */
  async function send(of: TestTenant, status: string, second: number, externalId = '41'): Promise<number> {
    const time = `2026-03-01T10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}`;
    const body = { ...statusBody, external_id: externalId, status, modified_gmt: time };
    const answer = await deliver(api, of.site, 'status', body);
    expect(answer.status).toBe(202);
    return Number(answer.body.delivery_id);
  }

  const buildContent = (of: TestTenant) =>
    api.db.content.create({
      data: {
        accountId: of.accountId,
        siteId: of.site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        externalId: '41',
        syncState: 'in_sync',
        syncedVersion: 1,
      },
    });
  const open = (of: TestTenant) =>
    api.db.webhookDelivery.count({ where: { siteId: of.site.siteId, status: { not: 'processed' } } });

  /** The deliveries of a site's webhook events, in the order in which they were applied. */
  async function appliedOrder(of: TestTenant): Promise<number[]> {
    const rows = await api.db.$queryRaw<{ delivery: number }[]>`
      SELECT (details->>'delivery_id')::int AS delivery FROM sync_event
      WHERE site_id = ${of.site.siteId} AND event_type = 'webhook' ORDER BY id`;
    return rows.map(({ delivery }) => delivery);
  }

  /** Holds a post's lock while `act` runs, like a worker in the middle of a message. */
  async function holding(of: TestTenant, act: () => Promise<void>): Promise<void> {
    await api.db.$transaction(
      async (tx) => {
        await lockContent(tx, of.site.siteId, 'post', '41');
        await act();
      },
      { timeout: 60_000 },
    );
  }

  /** Waits until a worker waits for a post's lock. */
  const someoneWaits = () =>
    eventually(async () => {
      const [row] = await api.db.$queryRaw<{ waiting: number }[]>`
        SELECT count(*)::int AS waiting FROM pg_locks
        WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      expect(row?.waiting).toBeGreaterThan(0);
    });

  test('apply the messages about a post in order, even when an earlier job is lost', async () => {
    await buildContent(tenant);
    const ids = [
      await send(tenant, 'draft', 1),
      await send(tenant, 'publish', 2),
      await send(tenant, 'pending', 3),
    ];
    await api.db.$executeRaw`
      DELETE FROM pgboss.job WHERE name = 'webhook' AND data->>'deliveryId' IN (${String(ids[0])}, ${String(ids[1])})`;
    await programs.startWorker(settings);
    await eventually(async () => expect(await open(tenant)).toBe(0));
    expect(await appliedOrder(tenant)).toEqual(ids);
    expect(await api.db.content.findFirst({ where: { siteId: tenant.site.siteId } })).toMatchObject({
      externalStatus: 'pending',
      status: 'draft',
    });
  });

  test('keep the order when the database cannot serve during an earlier message', async () => {
    await buildContent(tenant);
    // Both have the same date, so that only their order decides.
    const ids = [await send(tenant, 'draft', 1), await send(tenant, 'publish', 1)];
    await api.db.$executeRawUnsafe(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'cannot serve' USING ERRCODE = '57P03'; END $$`);
    await api.db.$executeRawUnsafe(`
      CREATE TRIGGER refuse BEFORE UPDATE ON webhook_delivery
      FOR EACH ROW WHEN (OLD.id = ${ids[0]}) EXECUTE FUNCTION refuse()`);
    await programs.startWorker(settings);
    await eventually(async () => {
      const jobs = await api.db.$queryRaw<{ state: string }[]>`
        SELECT state::text FROM pgboss.job WHERE name = 'webhook' AND data->>'deliveryId' IN (${String(ids[0])}, ${String(ids[1])})`;
      expect(jobs).toEqual([{ state: 'retry' }, { state: 'retry' }]);
    });
    await api.db.$executeRaw`DROP FUNCTION refuse CASCADE`;
    await eventually(async () => expect(await open(tenant)).toBe(0));
    expect(await appliedOrder(tenant)).toEqual(ids);
    expect(await api.db.content.findFirst({ where: { siteId: tenant.site.siteId } })).toMatchObject({
      externalStatus: 'publish',
    });
  });

  test('apply each message about a post once and in order when two run at once', async () => {
    await buildContent(tenant);
    const ids: number[] = [];
    for (let second = 1; second <= 60; second += 1) {
      ids.push(await send(tenant, second % 2 === 0 ? 'publish' : 'draft', second));
    }
    await Promise.all([programs.startWorker(settings), programs.startWorker(settings)]);
    await eventually(async () => expect(await open(tenant)).toBe(0));
    expect(await appliedOrder(tenant)).toEqual(ids);
    const events = await api.db.syncEvent.findMany({
      where: { siteId: tenant.site.siteId, eventType: 'webhook' },
    });
    // Each message had the previous one's result and changed it.
    expect(events.slice(1).map(({ action }) => action)).toEqual(Array(59).fill('updated'));
    expect(await api.db.content.findFirst({ where: { siteId: tenant.site.siteId } })).toMatchObject({
      externalStatus: 'publish',
      status: 'published',
      externalModifiedAt: new Date('2026-03-01T10:01:00Z'),
    });
  });

  test('leave a site that is blocked, and go on with other sites', async () => {
    await buildContent(tenant);
    const other = await buildTenant(api);
    await programs.startWorker(settings);
    await holding(tenant, async () => {
      for (let second = 1; second <= 12; second += 1) await send(tenant, 'publish', second);
      await someoneWaits();
      for (let post = 1; post <= 12; post += 1) await send(other, 'trash', 1, String(post));
      await eventually(async () => expect(await open(other)).toBe(0));
      expect(await open(tenant)).toBe(12);
    });
    await eventually(async () => {
      await api.db
        .$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'webhook' AND state = 'retry'`;
      expect(await open(tenant)).toBe(0);
    });
  });

  test('replace a worker that is killed in the middle of a message, which is applied once', async () => {
    await buildContent(tenant);
    const first = await programs.startWorker(settings);
    let id = 0;
    await holding(tenant, async () => {
      id = await send(tenant, 'publish', 1);
      await someoneWaits();
      expect((await first.end('SIGKILL')).code).toBeNull();
    });
    await programs.startWorker(settings);
    await eventually(async () => expect(await open(tenant)).toBe(0));
    expect(await appliedOrder(tenant)).toEqual([id]);
    await eventually(async () => {
      const jobs = await api.db.$queryRaw<{ state: string }[]>`
        SELECT state::text FROM pgboss.job WHERE name = 'webhook' AND data->>'deliveryId' = ${String(id)}`;
      expect(jobs).toEqual([{ state: 'completed' }]);
    });
  });
});

describe('with the database stopped', () => {
  let folder: Folder;
  let postgres: User;
  let relay: Relay;
  afterAll(async () => {
    await programs.endAll();
    await relay.stop();
    await folder.remove();
  });

  test('no message seems stored, and a retry is stored once the database is back', async () => {
    folder = await Folder.make();
    postgres = await folder.open();
    relay = new Relay(Number(postgres.port));
    const address = new URL(postgres.url);
    address.port = String(await relay.port());
    await migrateDatabase({ url: postgres.url, logger: createLogger('silent') });
    const builder = await startTestServer({ ROLE: 'api' }, { database: { url: address.href } });
    const { site } = await buildTenant(builder);
    const server = await programs.start({ ...testSettings, DATABASE_URL: address.href, ROLE: 'api' });
    const send = (id: string) => deliver(server, site, 'status', statusBody, { id });
    try {
      expect((await send('before')).status).toBe(202);

      expect(await postgres.close()).toBe(0);
      // The same holds for many messages at once.
      for (const answer of await Promise.all(
        Array.from({ length: 10 }, (_, index) => send(`down-${index}`)),
      )) {
        expectProblem(answer, 503, { code: 'unavailable' });
        expect(answer.headers['retry-after']).toBe('5');
      }

      postgres = await folder.open();
      relay.pointTo(Number(postgres.port));
      const retried = await eventually(async () => {
        const answer = await send('down-0');
        expect(answer.status).toBe(202);
        return answer;
      });
      expect(retried.body).toMatchObject({ duplicate: false });
      expect((await send('before')).body).toMatchObject({ duplicate: true });
      const rows = await eventually(() => builder.db.webhookDelivery.findMany({ orderBy: { id: 'asc' } }));
      expect(rows.map(({ webhookId }) => webhookId)).toEqual(['before', 'down-0']);
      const jobs = await builder.db.$queryRaw<{ delivery: string }[]>`
        SELECT data->>'deliveryId' AS delivery FROM pgboss.job WHERE name = 'webhook' ORDER BY created_on`;
      expect(jobs.map(({ delivery }) => delivery)).toEqual(rows.map(({ id }) => String(id)));
      expect(server.stderr).not.toContain('fault of ours');
    } finally {
      await builder.stop();
    }
  });
});
