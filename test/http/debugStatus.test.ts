import { expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';

let server: TestServer;
let wordpress: SimulatedWordpress;
let tenant: TestTenant;
let path: string;
withWordpress((stage) => {
  ({ server, wordpress, tenant, path } = stage);
});

const as = () => server.as(tenant.owner);
const status = async () => (await as().get(`${path}/debug-status`).expect(200)).body;
/** The codes of the reported problems. Each problem must have a message and a hint. */
async function problems(): Promise<string[]> {
  const { problems: found } = await status();
  return found.map((problem: { code: string }) => {
    expect(problem).toEqual({
      code: expect.any(String),
      severity: expect.stringMatching(/^(error|warning|info)$/),
      message: expect.stringMatching(/\w/),
      hint: expect.stringMatching(/\w/),
    });
    return problem.code;
  });
}
/** Makes the integration tested and synced, so that no problem is left. */
async function healthy(): Promise<void> {
  await as().post(`${path}/test-connection`).expect(200);
  await as().post(`${path}/sync`, { direction: 'metadata' }).expect(200);
}

test('a new integration has its status and problems', async () => {
  expect(await status()).toEqual({
    integration: (await as().get(path)).body,
    connection: { status: 'untested', last_test: null, history: [], success_rate_24h: null },
    sync: {
      current_run: null,
      last_runs: [],
      queue: { queued: 0, active: 0, failed: 0 },
      oldest_comparison_at: null,
      comparisons: [],
    },
    webhooks: { received_24h: 0, pending: 0, failed: 0, dead: 0, last_received_at: null },
    content: { total: 0, in_sync: 0, local_changes: 0, remote_changes: 0, conflicts: 0, deleted_remote: 0 },
    recent_events: [expect.objectContaining({ event_type: 'integration', action: 'created' })],
    problems: expect.any(Array),
  });
  expect(await problems()).toEqual(['connection_untested', 'structure_missing']);
});

test('a healthy integration has its tests and runs, and no problems', async () => {
  // A neighbour whose rows must not be counted. Its key is not entered, so its tests and runs fail.
  const neighbour = await buildTenant(server, wordpress.url);
  const theirs = `${integrationsPath}/${neighbour.integrationId}`;
  await server.as(neighbour.owner).post(`${theirs}/test-connection`).expect(200);
  await server.as(neighbour.owner).post(`${theirs}/sync`, { direction: 'metadata' }).expect(200);
  wordpress.setFault('fatal_page');
  const failed = await as().post(`${path}/test-connection`).expect(200);
  wordpress.clearFaults();
  const passed = await as().post(`${path}/test-connection`).expect(200);
  const run = await as().post(`${path}/sync`, { direction: 'metadata' }).expect(200);
  const { connection, sync, recent_events, integration } = await status();
  const record = (result: { success: boolean; code: string }) =>
    expect.objectContaining({ success: result.success, code: result.code, at: expect.any(String) });
  expect(connection).toEqual({
    status: 'healthy',
    last_test: record(passed.body),
    history: [record(passed.body), record(failed.body)],
    success_rate_24h: 0.5,
  });
  expect(sync).toEqual({
    current_run: null,
    last_runs: [run.body],
    queue: { queued: 0, active: 0, failed: 0 },
    oldest_comparison_at: null,
    comparisons: [],
  });
  expect(integration).toMatchObject({ connection_status: 'healthy', sync_status: 'success' });
  expect(recent_events.map((event: { action: string }) => event.action)).toEqual([
    'finished',
    'fetched',
    'requested',
    'tested',
    'tested',
    'created',
  ]);
  expect(await problems()).toEqual([]);
});

test('a failing connection is reported, with its test and hint', async () => {
  await healthy();
  wordpress.setFault('maintenance');
  const failed = await as().post(`${path}/test-connection`).expect(200);
  expect(await problems()).toEqual(['connection_failing']);
  const [problem] = (await status()).problems;
  expect(problem.message).toContain(failed.body.code);
  expect(problem.hint).toBe(failed.body.hint);
});

test('a failed run is reported, with its reason', async () => {
  await healthy();
  wordpress.setFault('maintenance');
  const run = await as().post(`${path}/sync`, { direction: 'metadata' }).expect(200);
  expect(await problems()).toEqual(['sync_failed']);
  const { problems: found, sync } = await status();
  expect(found[0].message).toContain(run.body.error);
  expect(sync.queue).toEqual({ queued: 0, active: 0, failed: 1 });
});

test('a site without a key is reported', async () => {
  await healthy();
  await as().delete(`/api/v1/sites/${tenant.site.siteId}/api-key`).expect(204);
  expect(await problems()).toEqual(['site_key_missing']);
});

test('an inactive integration and a switched-off sync are reported', async () => {
  await healthy();
  await as().patch(path, { is_active: false, sync_enabled: false }).expect(200);
  expect(await problems()).toEqual(['inactive', 'sync_disabled']);
});

test('an untested change is reported', async () => {
  await healthy();
  await as()
    .patch(path, { config_json: { site_url: 'https://moved.example' } })
    .expect(200);
  expect(await problems()).toEqual(['connection_untested']);
});

test('a site that is reached without the plugin is reported', async () => {
  await as()
    .patch(path, {
      credentials_json: { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' },
    })
    .expect(200);
  wordpress.setFault('connector_missing');
  await healthy();
  expect(await problems()).toEqual(['plugin_not_connected']);
});

test('an old structure is reported', async () => {
  await healthy();
  const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id: tenant.integrationId } });
  const config = JSON.parse(JSON.stringify(row.config));
  config.content_types.last_structure_fetch = new Date(Date.now() - 8 * 86_400_000).toISOString();
  await server.db.siteIntegration.update({ where: { id: row.id }, data: { config } });
  expect(await problems()).toEqual(['structure_stale']);
});

test('a run without a heartbeat is reported', async () => {
  await healthy();
  const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id: tenant.integrationId } });
  await server.db.syncRun.create({
    data: {
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      direction: 'metadata',
      status: 'syncing',
      heartbeatAt: new Date(Date.now() - 11 * 60_000),
    },
  });
  expect(await problems()).toEqual(['run_stuck']);
  const { sync } = await status();
  expect(sync.current_run).toMatchObject({ status: 'syncing' });
  expect(sync.queue).toMatchObject({ queued: 0, active: 1 });
});

test('a stuck run is the current run, also while another run waits', async () => {
  await healthy();
  const run = {
    accountId: tenant.accountId,
    siteId: tenant.site.siteId,
    integrationId: tenant.integrationId,
    direction: 'metadata',
  } as const;
  const heartbeatAt = new Date(Date.now() - 11 * 60_000);
  const stuck = await server.db.syncRun.create({ data: { ...run, status: 'syncing', heartbeatAt } });
  // Runs of a restored backup may have higher ids and have ended.
  const ended = { ...run, status: 'cancelled' } as const;
  await server.db.syncRun.createMany({ data: Array.from({ length: 10 }, () => ended) });
  await server.db.syncRun.create({ data: { ...run, status: 'queued' } });
  expect(await problems()).toEqual(['run_stuck']);
  const { sync } = await status();
  expect(sync.current_run).toMatchObject({ id: stuck.id, status: 'syncing' });
  expect(sync.queue).toMatchObject({ queued: 1, active: 1 });
  const shown = await as().get(`${path}/sync-status`).expect(200);
  expect(shown.body.current_run).toEqual(sync.current_run);
});

test('the connection of a paused site is failing, until the pause ends', async () => {
  await healthy();
  const pause = (pausedUntil: Date) =>
    server.db.siteIntegration.update({ where: { id: tenant.integrationId }, data: { pausedUntil } });
  const shown = async () => {
    const { connection, integration } = await status();
    const list = await as().get(`${integrationsPath}?site_id=${tenant.site.siteId}`).expect(200);
    return [connection.status, integration.connection_status, list.body.results[0].connection_status];
  };
  await pause(new Date(Date.now() + 60_000));
  expect(await problems()).toEqual(['site_paused']);
  expect(await shown()).toEqual(['failing', 'failing', 'failing']);
  await pause(new Date(Date.now() - 1));
  expect(await problems()).toEqual([]);
  expect(await shown()).toEqual(['healthy', 'healthy', 'healthy']);
});

test('conflicts and dead deliveries are reported', async () => {
  await healthy();
  const owned = { accountId: tenant.accountId, siteId: tenant.site.siteId };
  await server.db.content.createMany({
    data: (['conflict', 'conflict', 'in_sync', 'local_only'] as const).map((syncState) => ({
      ...owned,
      contentType: 'post',
      syncState,
    })),
  });
  for (const status of ['dead', 'failed', 'pending', 'processed'] as const) {
    await server.db.webhookDelivery.create({
      data: {
        ...owned,
        webhookId: status,
        topic: 'status',
        subject: 'post:1',
        body: {},
        bodyHash: 'x',
        status,
      },
    });
  }
  expect(await problems()).toEqual(['webhooks_dead', 'content_conflicts']);
  const { content, webhooks } = await status();
  expect(content).toEqual({
    total: 4,
    in_sync: 1,
    local_changes: 1,
    remote_changes: 0,
    conflicts: 2,
    deleted_remote: 0,
  });
  expect(webhooks).toEqual({
    received_24h: 4,
    pending: 1,
    failed: 1,
    dead: 1,
    last_received_at: expect.any(String),
  });
});
