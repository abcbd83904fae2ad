/** A run ends, whatever ends its job. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createBoss, JobQueue } from '../../src/jobs/queues.ts';
import { EventLog } from '../../src/services/events/eventLog.ts';
import { AbandonedRuns } from '../../src/services/sync/abandonedRuns.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import type { RunBody } from '../support/runBody.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { connectSite, type SyncedTenant } from '../support/syncedSite.ts';

const logger = pino({ level: 'silent' });
let server: TestServer;
let wordpress: SimulatedWordpress;
let gate: Gate;
let site: SyncedTenant;

beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  wordpress = await startSimulatedWordpress({ siteId: 1 });
  gate = await startGate(wordpress.url);
  site = await connectSite(server, { ...wordpress, url: gate.url }, 'connector');
  await site.sync({ direction: 'metadata' });
});
afterEach(async () => {
  await server.db.$executeRaw`DROP TRIGGER IF EXISTS refuse ON sync_run`;
  await gate.stop();
  await wordpress.stop();
});
afterAll(() => server.stop());

const owner = () => server.as(site.tenant.owner);

/** Starts a run whose requests wait at the gate. */
async function startHeldRun(): Promise<number> {
  gate.shut();
  const answer = await owner()
    .post(site.path('/sync'), { direction: 'from_external' })
    .set('Prefer', 'respond-async')
    .expect(202);
  await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
  return answer.body.id;
}

/** From now on, PostgreSQL refuses these changes of runs, and counts in `refused` how often it did. */
async function refuse(condition: string): Promise<void> {
  await server.db.$executeRaw`DROP SEQUENCE IF EXISTS refused`;
  await server.db.$executeRaw`CREATE SEQUENCE refused`;
  await server.db.$executeRaw`
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM nextval('refused'); RAISE EXCEPTION 'refused by the test'; END $$`;
  await server.db.$executeRawUnsafe(
    `CREATE TRIGGER refuse BEFORE UPDATE ON sync_run FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION refuse()`,
  );
}
const isRefused = () =>
  eventually(async () => {
    const [refused] = await server.db.$queryRaw<{ is_called: boolean }[]>`SELECT is_called FROM refused`;
    expect(refused?.is_called).toBe(true);
  });

const run = async (id: number): Promise<RunBody> =>
  (
    await owner()
      .get(site.path(`/runs/${id}`))
      .expect(200)
  ).body;
const jobState = async (id: number): Promise<string | undefined> => {
  const [job] = await server.db.$queryRaw<{ state: string }[]>`
    SELECT state::text FROM pgboss.job WHERE name = 'sync' AND (data->>'runId')::int = ${id}`;
  return job?.state;
};

describe('a run', () => {
  it('goes on when its heartbeat cannot be stored', async () => {
    const id = await startHeldRun();
    await refuse('OLD.checkpoint IS NOT DISTINCT FROM NEW.checkpoint AND OLD.status = NEW.status');
    await isRefused();
    await server.db.$executeRaw`DROP TRIGGER refuse ON sync_run`;
    gate.open();
    await eventually(async () => expect((await run(id)).status).toBe('success'));
  });

  it('whose step cannot be stored ends as failed', async () => {
    const id = await startHeldRun();
    await refuse('OLD.checkpoint IS DISTINCT FROM NEW.checkpoint');
    gate.open();
    await eventually(async () =>
      expect(await run(id)).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/fault of ours/),
      }),
    );
    expect(await jobState(id)).toBe('completed');
  });

  it('whose end cannot be stored before the last retry of its job ends as failed, and can be requested again', async () => {
    const id = await startHeldRun();
    await refuse(
      `NEW.status NOT IN ('syncing', 'queued') AND coalesce(NEW.error, '') NOT LIKE 'The job of the run ended%'`,
    );
    // This is the last try.
    await server.db.$executeRaw`
      UPDATE pgboss.job SET retry_limit = 0 WHERE name = 'sync' AND (data->>'runId')::int = ${id}`;
    gate.open();
    await eventually(async () => expect(await jobState(id)).toBe('failed'));
    expect(await run(id)).toMatchObject({ status: 'syncing' });
    await server.db.syncRun.update({
      where: { id },
      data: { heartbeatAt: new Date(Date.now() - 61_000), createdAt: new Date(Date.now() - 61_000) },
    });
    await eventually(
      async () =>
        expect(await run(id)).toMatchObject({
          status: 'failed',
          error: expect.stringMatching(/^The job of the run/),
        }),
      120_000,
    );
    await server.db.$executeRaw`DROP TRIGGER refuse ON sync_run`;
    const status = await owner().get(site.path('/sync-status')).expect(200);
    expect(status.body).toMatchObject({ sync_status: 'failed', current_run: null });
    const events = await owner().get(site.path('/events?event_type=sync')).expect(200);
    expect(events.body.results[0]).toMatchObject({
      action: 'failed',
      success: false,
      details: { run_id: id },
    });
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
  });

  it('without a job ends as failed, while those whose jobs wait or run stay', async () => {
    const held = await startHeldRun();
    const waiting = await owner()
      .post(site.path('/sync'), { direction: 'to_external' })
      .set('Prefer', 'respond-async')
      .expect(202);
    const other = await buildTenant(server);
    const lost = await server.db.syncRun.create({
      data: {
        accountId: other.accountId,
        siteId: other.site.siteId,
        integrationId: other.integrationId,
        direction: 'both',
      },
    });
    const boss = createBoss({ url: server.databaseUrl, logger, works: false });
    const abandoned = new AbandonedRuns({
      db: server.db,
      queue: new JobQueue(boss),
      events: new EventLog(server.db),
      logger,
      now: () => Date.now() + 61_000,
    });
    expect(await abandoned.end(new AbortController().signal)).toBe(1);
    expect(await server.db.syncRun.findUnique({ where: { id: lost.id } })).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^The job of the run/),
    });
    expect(await run(waiting.body.id)).toMatchObject({ status: 'queued' });
    expect(await run(held)).toMatchObject({ status: 'syncing' });
    gate.open();
    await eventually(async () =>
      expect(await run(waiting.body.id)).toMatchObject({ status: 'success', error: null }),
    );
  });
});
