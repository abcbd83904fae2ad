/** One process for the API and others for the work. A worker is killed in the middle of a run. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, enterKey, integrationsPath, type TestTenant } from '../support/builders.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { Programs, testSettings } from './serverProcess.ts';

const programs = new Programs();
let database: TestDatabase;
let settings: Record<string, string>;
let api: TestServer;
let wordpress: SimulatedWordpress;
let gate: Gate;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  settings = { ...testSettings, DATABASE_URL: database.url };
  api = await startTestServer({ ROLE: 'api' }, { database });
  wordpress = await startSimulatedWordpress({ siteId: 0 });
  gate = await startGate(wordpress.url);
  tenant = await buildTenant(api, gate.url);
  enterKey(wordpress, tenant.site);
});
afterEach(() => programs.endAll());
afterAll(async () => {
  await gate.stop();
  await wordpress.stop();
  await api.stop();
  await database.drop();
});

const path = () => `${integrationsPath}/${tenant.integrationId}`;

async function start(): Promise<number> {
  const answer = await api
    .as(tenant.owner)
    .post(`${path()}/sync`, { direction: 'metadata' })
    .set('Prefer', 'respond-async')
    .expect(202);
  return answer.body.id;
}

const statusOf = async (runId: number) =>
  (await api.as(tenant.owner).get(`${path()}/runs/${runId}`).expect(200)).body.status;

test('an API process keeps a run queued until a worker starts', async () => {
  const runId = await start();
  expect(await statusOf(runId)).toBe('queued');
  const cancelled = await api.as(tenant.owner).post(`${path()}/runs/${runId}/cancel`).expect(200);
  expect(cancelled.body).toMatchObject({ status: 'cancelled', started_at: null });
  const next = await start();
  const worker = await programs.startWorker(settings);
  await eventually(async () => expect(await statusOf(next)).toBe('success'));
  expect(await statusOf(runId)).toBe('cancelled');
  expect((await worker.end('SIGTERM')).code).toBe(0);
});

test('the run of a killed worker is finished by another worker within a minute, once', async () => {
  const before = await api.db.syncEvent.count({ where: { action: { in: ['fetched', 'finished'] } } });
  const first = await programs.startWorker(settings);
  gate.shut();
  const runId = await start();
  await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
  expect(await statusOf(runId)).toBe('syncing');
  const killed = Date.now();
  expect((await first.end('SIGKILL')).code).toBeNull();
  gate.open();
  await programs.startWorker(settings);
  await programs.startWorker(settings);
  await eventually(async () => expect(await statusOf(runId)).toBe('success'));
  expect(Date.now() - killed).toBeLessThan(60_000);
  expect(await api.db.syncRun.count({ where: { status: { in: ['queued', 'syncing'] } } })).toBe(0);
  const after = await api.db.syncEvent.findMany({
    where: { action: { in: ['fetched', 'finished'] } },
    orderBy: { id: 'asc' },
    skip: before,
  });
  expect(after.map(({ action }) => action)).toEqual(['fetched', 'finished']);
  // The queue has no job left, so no worker repeats the run.
  const jobs = await api.db.$queryRaw<{ state: string }[]>`
    SELECT state::text FROM pgboss.job WHERE name = 'sync' AND (data->>'runId')::int = ${runId}`;
  expect(jobs).toEqual([{ state: 'completed' }]);
});
