import { describe, expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import type { Gate } from '../support/gate.ts';
import { aKey } from '../support/identity.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const nothing = {
  pulled: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  pushed: 0,
  conflicts: 0,
  failed: 0,
};
const metadata = { direction: 'metadata' };
const respondAsync = { Prefer: 'respond-async' };
let server: TestServer;
let wordpress: SimulatedWordpress;
let gate: Gate;
let tenant: TestTenant;
let path: string;
withWordpress(
  (stage) => {
    ({ server, wordpress, gate, tenant, path } = stage);
  },
  { gated: true },
);

const as = () => server.as(tenant.owner);
const statusNow = async () => (await as().get(`${path}/sync-status`).expect(200)).body;

/** Starts a run, which waits at the gate. */
async function startHeld(): Promise<number> {
  gate.shut();
  const before = gate.waiting();
  const { body } = await as().post(`${path}/sync`, metadata).set(respondAsync).expect(202);
  await eventually(() => expect(gate.waiting()).toBeGreaterThan(before));
  return body.id;
}

async function ended(runId: number) {
  return eventually(async () => {
    const { body } = await as().get(`${path}/runs/${runId}`).expect(200);
    expect(['success', 'failed', 'cancelled']).toContain(body.status);
    return body;
  });
}

test('a metadata run stores the structure of the site', async () => {
  expect(await statusNow()).toEqual({
    sync_status: 'never',
    sync_enabled: true,
    is_active: true,
    last_sync_at: null,
    sync_error: null,
    current_run: null,
    last_run: null,
    content: { total: 0, in_sync: 0, local_changes: 0, remote_changes: 0, conflicts: 0, deleted_remote: 0 },
  });
  const answer = await as().post(`${path}/sync`, metadata);
  expect(answer.status).toBe(200);
  const run = {
    id: expect.any(Number),
    key: aKey,
    direction: 'metadata',
    status: 'success',
    progress: { done: 6, expected: 6 },
    totals: { ...nothing, pulled: 6 },
    error: null,
    started_at: time,
    finished_at: time,
    duration_ms: expect.any(Number),
  };
  expect(answer.body).toEqual(run);
  expect((await as().get(`${path}/runs/${answer.body.id}`).expect(200)).body).toEqual(answer.body);
  expect((await as().get(`${path}/runs`).expect(200)).body).toEqual({
    count: 1,
    next: null,
    previous: null,
    results: [answer.body],
  });
  expect(await statusNow()).toMatchObject({
    sync_status: 'success',
    last_sync_at: answer.body.finished_at,
    sync_error: null,
    current_run: null,
    last_run: answer.body,
  });
  const events = await server.db.syncEvent.findMany({
    where: { integrationId: tenant.integrationId, eventType: { in: ['sync', 'structure'] } },
    orderBy: { id: 'asc' },
  });
  expect(events.map(({ eventType, action, success }) => [eventType, action, success])).toEqual([
    ['sync', 'requested', true],
    ['structure', 'fetched', true],
    ['sync', 'finished', true],
  ]);
});

describe('a sync call', () => {
  test("answers 202 and the run's URL at once with `Prefer: respond-async`", async () => {
    gate.shut();
    const answer = await as().post(`${path}/sync`, metadata).set(respondAsync);
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe(`${path}/runs/${answer.body.id}`);
    expect(answer.headers['preference-applied']).toBe('respond-async');
    expect(answer.body).toEqual({
      id: expect.any(Number),
      key: aKey,
      direction: 'metadata',
      status: expect.stringMatching(/^(queued|syncing)$/),
      progress: { done: 0, expected: null },
      totals: nothing,
      error: null,
      started_at: null,
      finished_at: null,
      duration_ms: null,
    });
    await eventually(async () =>
      expect(await statusNow()).toMatchObject({
        sync_status: 'syncing',
        current_run: { id: answer.body.id },
      }),
    );
    gate.open();
    expect(await ended(answer.body.id)).toMatchObject({ status: 'success' });
  });

  test('returns the run that is under way', async () => {
    const runId = await startHeld();
    const again = await as().post(`${path}/sync`, metadata).set(respondAsync).expect(202);
    expect(again.body).toMatchObject({ id: runId, status: 'syncing' });
    gate.open();
    await ended(runId);
    expect((await as().get(`${path}/runs`)).body.count).toBe(1);
  });

  test('starts one run when ten calls arrive at once', async () => {
    gate.shut();
    const call = () => as().post(`${path}/sync`, metadata).set(respondAsync);
    const answers = await Promise.all(Array.from({ length: 10 }, call));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    gate.open();
    await ended(answers[0]?.body.id);
    expect(await server.db.syncRun.count({ where: { integrationId: tenant.integrationId } })).toBe(1);
  });

  test('is a conflict while the integration is inactive or its sync is switched off', async () => {
    await as().patch(path, { is_active: false }).expect(200);
    expectProblem(await as().post(`${path}/sync`, metadata), 409, { code: 'inactive' });
    await as().patch(path, { is_active: true, sync_enabled: false }).expect(200);
    expectProblem(await as().post(`${path}/sync`, metadata), 409, { code: 'sync_disabled' });
    expect(await server.db.syncRun.count({ where: { integrationId: tenant.integrationId } })).toBe(0);
    expect((await statusNow()).sync_status).toBe('never');
  });

  test.each<[object, string[]]>([
    [{}, ['direction']],
    [{ direction: 'sideways' }, ['direction']],
    [{ direction: null }, ['direction']],
    [{ direction: 'metadata', content_types: 'post' }, ['content_types']],
    [{ direction: 'metadata', content_types: [1] }, ['content_types.0']],
    [{ direction: 'metadata', full: 'yes', force: true }, ['force', 'full']],
  ])('refuses %j', async (body, fields) => {
    expectProblem(await as().post(`${path}/sync`, body), 400, { code: 'invalid_input', fields });
    expect(await server.db.syncRun.count({ where: { integrationId: tenant.integrationId } })).toBe(0);
  });
});

describe('a run', () => {
  test('fails with the reason when the site fails, and the next run can succeed', async () => {
    wordpress.setFault('maintenance');
    const failed = await as().post(`${path}/sync`, metadata).expect(200);
    expect(failed.body).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/\w/),
      finished_at: time,
    });
    expect(await statusNow()).toMatchObject({
      sync_status: 'failed',
      sync_error: failed.body.error,
      last_sync_at: null,
      last_run: { id: failed.body.id },
    });
    const [event] = await server.db.syncEvent.findMany({
      where: { integrationId: tenant.integrationId, eventType: 'sync' },
      orderBy: { id: 'desc' },
    });
    expect(event).toMatchObject({ action: 'failed', success: false, errorMessage: failed.body.error });
    wordpress.clearFaults();
    await as().post(`${path}/sync`, metadata).expect(200);
    expect(await statusNow()).toMatchObject({ sync_status: 'success', sync_error: null });
  });

  test("can be cancelled while it runs, and then ignores the site's response", async () => {
    const runId = await startHeld();
    const answer = await as().post(`${path}/runs/${runId}/cancel`).expect(200);
    expect(answer.body).toMatchObject({ id: runId, status: 'cancelled', finished_at: time });
    expect(await statusNow()).toMatchObject({
      sync_status: 'cancelled',
      current_run: null,
      last_run: { id: runId },
    });
    gate.open();
    // A later run of the same integration starts after the job of the cancelled run.
    const next = await as().post(`${path}/sync`, metadata).expect(200);
    expect(next.body).toMatchObject({ status: 'success' });
    expect((await as().get(`${path}/runs/${runId}`)).body).toEqual(answer.body);
    const fetched = { integrationId: tenant.integrationId, action: 'fetched' };
    expect(await server.db.syncEvent.count({ where: fetched })).toBe(1);
    expectProblem(await as().post(`${path}/runs/${runId}/cancel`), 409, { code: 'run_ended' });
    expectProblem(await as().post(`${path}/runs/${next.body.id}/cancel`), 409, { code: 'run_ended' });
  });

  test("is not found under another integration's id, also not in the same account", async () => {
    const run = await as().post(`${path}/sync`, metadata).expect(200);
    const stranger = await buildTenant(server);
    expectProblem(
      await server
        .as(stranger.owner)
        .get(`${integrationsPath}/${stranger.integrationId}/runs/${run.body.id}`),
      404,
    );
    expectProblem(
      await server
        .as(stranger.owner)
        .post(`${integrationsPath}/${stranger.integrationId}/runs/${run.body.id}/cancel`),
      404,
    );
    for (const id of ['0', '-1', '2147483648', '9223372036854775808']) {
      expectProblem(await as().get(`${path}/runs/${id}`), 404);
      expectProblem(await as().post(`${path}/runs/${id}/cancel`), 404);
    }
    expectProblem(await as().get(`${path}/runs/abc`), 400, { fields: ['run_id'] });
  });

  test('of an integration that is deleted meanwhile leaves no row and causes no fault', async () => {
    await startHeld();
    await as().delete(path).expect(204);
    gate.open();
    // The same worker completes the next job, so it still runs.
    const other = await buildTenant(server, gate.url);
    await server
      .as(other.owner)
      .post(`${integrationsPath}/${other.integrationId}/sync`, metadata)
      .expect(200);
    expect(await server.db.syncRun.count({ where: { integrationId: tenant.integrationId } })).toBe(0);
  });
});

test('runs are listed newest first, in pages', async () => {
  const ids: number[] = [];
  for (let i = 0; i < 3; i += 1) ids.unshift((await as().post(`${path}/sync`, metadata).expect(200)).body.id);
  const first = await as().get(`${path}/runs?page_size=2`).expect(200);
  expect(first.body).toMatchObject({ count: 3, previous: null });
  const second = await as().get(first.body.next.slice(server.url.length)).expect(200);
  const listed = [...first.body.results, ...second.body.results].map((run: { id: number }) => run.id);
  expect(listed).toEqual(ids);
  expectProblem(await as().get(`${path}/runs?page_size=1000`), 400, { fields: ['page_size'] });
});
