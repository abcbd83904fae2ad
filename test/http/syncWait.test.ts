/** How long a sync call waits, and its response when no worker takes the run. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPrisma } from '../../src/database/client.ts';
import { createLogger } from '../../src/logger.ts';
import { RunWaits } from '../../src/services/sync/runWaits.ts';
import { query } from '../database/embeddedUser.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  // No worker runs in this role, so each run stays queued.
  server = await startTestServer({ ROLE: 'api', SYNC_WAIT_S: '0.3' });
});
afterAll(() => server.stop());

const sync = (tenant: TestTenant) =>
  server.as(tenant.owner).post(`${integrationsPath}/${tenant.integrationId}/sync`, { direction: 'metadata' });

test("a call waits as long as SYNC_WAIT_S says, then answers 202 and the run's URL", async () => {
  const tenant = await buildTenant(server);
  const started = Date.now();
  const answer = await sync(tenant);
  expect(Date.now() - started).toBeGreaterThanOrEqual(300);
  expect(answer.status).toBe(202);
  expect(answer.headers.location).toBe(`${integrationsPath}/${tenant.integrationId}/runs/${answer.body.id}`);
  expect(answer.headers).not.toHaveProperty('preference-applied');
  expect(answer.body.status).toBe('queued');
  const again = await sync(tenant);
  expect({ status: again.status, id: again.body.id }).toEqual({ status: 202, id: answer.body.id });
  expect(await server.db.syncRun.count({ where: { integrationId: tenant.integrationId } })).toBe(1);
});

test('a queued run is in both statuses, and its job is stored in the same transaction', async () => {
  const tenant = await buildTenant(server);
  const { body } = await sync(tenant).expect(202);
  const path = `${integrationsPath}/${tenant.integrationId}`;
  const status = await server.as(tenant.owner).get(`${path}/sync-status`).expect(200);
  expect(status.body).toMatchObject({
    sync_status: 'queued',
    current_run: { id: body.id, status: 'queued' },
    last_run: null,
  });
  const debug = await server.as(tenant.owner).get(`${path}/debug-status`).expect(200);
  expect(debug.body.sync.queue).toEqual({ queued: 1, active: 0, failed: 0 });
  const run = await server.db.syncRun.findUniqueOrThrow({ where: { id: body.id } });
  expect(run).toMatchObject({ accountId: tenant.accountId, requestedBy: tenant.owner.userId });
  const jobs = await server.db.$queryRaw<{ id: string; state: string; data: unknown }[]>`
    SELECT id::text, state::text, data FROM pgboss.job WHERE id::text = ${run.jobId}`;
  expect(jobs).toEqual([
    { id: run.jobId, state: 'created', data: { runId: run.id, integrationId: tenant.integrationId } },
  ]);
});

/** A server whose sync calls wait for a minute. */
const startPatient = () =>
  startTestServer({ ROLE: 'api', SYNC_WAIT_S: '60' }, { database: { url: server.databaseUrl } });

/** Makes a sync call of a new tenant that waits for its run. */
async function startWaiting(patient: TestServer) {
  const tenant = await buildTenant(server);
  const path = `${integrationsPath}/${tenant.integrationId}`;
  const waiting = patient
    .as(tenant.owner)
    .post(`${path}/sync`, { direction: 'metadata' })
    .then((answer) => answer);
  return { tenant, path, waiting };
}

test('a call that waits gets its answer when its run is cancelled', async () => {
  const patient = await startPatient();
  try {
    const { tenant, path, waiting } = await startWaiting(patient);
    const { id } = await eventually(() =>
      server.db.syncRun.findFirstOrThrow({ where: { integrationId: tenant.integrationId } }),
    );
    await server.as(tenant.owner).post(`${path}/runs/${id}/cancel`).expect(200);
    expect(await waiting).toMatchObject({ status: 200, body: { id, status: 'cancelled' } });
    const jobs = await server.db.$queryRaw<{ state: string }[]>`
      SELECT state::text FROM pgboss.job WHERE (data->>'runId')::int = ${id}`;
    expect(jobs).toEqual([{ state: 'cancelled' }]);
    // The next run can start at once.
    expect((await sync(tenant)).body).toMatchObject({ status: 'queued' });
  } finally {
    await patient.stop();
  }
});

test('a call that waits gets 404 when its integration is deleted', async () => {
  const patient = await startPatient();
  try {
    const { tenant, path, waiting } = await startWaiting(patient);
    await eventually(() =>
      server.db.syncRun.findFirstOrThrow({ where: { integrationId: tenant.integrationId } }),
    );
    await server.as(tenant.owner).delete(path).expect(204);
    expectProblem(await waiting, 404);
  } finally {
    await patient.stop();
  }
});

test('many calls that wait ask the database together', async () => {
  const callers = 30;
  const database = await createTestDatabase();
  /** Makes the calls on a server of its own. Returns how often PostgreSQL has searched the table of runs. */
  const searches = async (headers: Record<string, string>) => {
    const one = await startTestServer({ ROLE: 'api', SYNC_WAIT_S: '3' }, { database });
    const tenant = await buildTenant(one);
    const path = `${integrationsPath}/${tenant.integrationId}/sync`;
    const calls = Array.from({ length: callers }, () =>
      one.as(tenant.owner).post(path, { direction: 'metadata' }).set(headers).expect(202),
    );
    await Promise.all(calls);
    await one.stop();
    // PostgreSQL counts the searches of a connection at the latest when the connection ends.
    await eventually(async () => {
      const open = await query(
        database.url,
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'sitebridge%'`,
      );
      expect(open).toEqual([]);
    });
    const [row] = await query(
      database.url,
      `SELECT (seq_scan + coalesce(idx_scan, 0))::int AS searches FROM pg_stat_user_tables WHERE relname = 'sync_run'`,
    );
    return Number(row?.searches);
  };
  try {
    const atOnce = await searches({ Prefer: 'respond-async' });
    const waiting = (await searches({})) - atOnce;
    expect(waiting).toBeGreaterThan(atOnce);
    // In 3 s each caller alone would search 30 times. Together they search so often, and each once at the end.
    expect(waiting - atOnce).toBeLessThan(callers * 5);
  } finally {
    await database.drop();
  }
});

test('waits end with the error of a database that is gone, and all end when the process stops', async () => {
  const database = await createTestDatabase();
  const other = await startTestServer({ ROLE: 'api', SYNC_WAIT_S: '0' }, { database });
  const tenant = await buildTenant(other);
  const path = `${integrationsPath}/${tenant.integrationId}/sync`;
  const { body } = await other.as(tenant.owner).post(path, { direction: 'metadata' }).expect(202);
  await other.stop();
  const db = createPrisma({ url: database.url, poolSize: 2, logger: createLogger('silent') });
  const looks: (() => void)[] = [];
  const waits = new RunWaits({ db, wait: () => new Promise((resolve) => looks.push(resolve)) });
  const failing = [waits.untilEnd(body.id, 60_000), waits.untilEnd(body.id, 60_000)].map((wait) =>
    wait.then(
      () => 'ended',
      () => 'failed',
    ),
  );
  await eventually(() => expect(looks).toHaveLength(1));
  await database.drop();
  looks.splice(0)[0]?.();
  expect(await Promise.all(failing)).toEqual(['failed', 'failed']);
  const last = waits.untilEnd(body.id, 60_000);
  waits.endAll();
  await last;
  await waits.untilEnd(body.id, 60_000);
  await db.$disconnect();
});
