/** POST /{id}/test-connection. Its codes are tested in test/platforms. */
import { expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildUser, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import type { Gate } from '../support/gate.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';

let server: TestServer;
let tenant: TestTenant;
let wordpress: SimulatedWordpress;
let gate: Gate;
let path: string;
withWordpress(
  (stage) => {
    ({ server, wordpress, gate, tenant } = stage);
    path = `${stage.path}/test-connection`;
  },
  { gated: true },
);

const check = { name: expect.any(String), ok: true, ms: expect.any(Number) };

test('a test returns its result, stores it, and its event names the user', async () => {
  const editor = await buildUser(server, tenant.accountId, 'editor');
  const answer = await server.as(editor).post(path).expect(200);
  expect(answer.body).toEqual({
    success: true,
    code: 'ok',
    message: expect.stringMatching(/\w/),
    hint: '',
    stage: expect.any(String),
    retryable: false,
    latency_ms: expect.any(Number),
    checks: expect.any(Array),
    remote: { name: 'Brücke & Söhne', version: '6.8.2', plugin_version: '0.6.0', canonical_url: gate.url },
  });
  expect(answer.body.checks.length).toBeGreaterThan(2);
  for (const each of answer.body.checks) expect(each).toMatchObject(check);
  const where = { integrationId: tenant.integrationId };
  expect(await server.db.connectionCheck.findMany({ where })).toEqual([
    expect.objectContaining({ success: true, code: 'ok', result: answer.body, accountId: tenant.accountId }),
  ]);
  const [event] = await server.db.syncEvent.findMany({ where, orderBy: { id: 'desc' } });
  expect(event).toMatchObject({
    eventType: 'connection',
    action: 'tested',
    success: true,
    errorMessage: null,
    details: { code: 'ok', stage: answer.body.stage, user_id: editor.userId },
  });
  const shown = await server.as(editor).get(`${integrationsPath}/${tenant.integrationId}`);
  expect(shown.body.connection_status).toBe('healthy');
});

test('a failed test is a 200 too, and the integration is failing until a test passes', async () => {
  wordpress.setFault('connector_not_configured');
  const failed = await server.as(tenant.owner).post(path).expect(200);
  expect(failed.body).toMatchObject({ success: false, code: expect.stringMatching(/^(?!ok$)\w+$/) });
  expect(failed.body.hint).toMatch(/\w/);
  const statusNow = async () =>
    (await server.as(tenant.owner).get(`${integrationsPath}/${tenant.integrationId}`)).body.connection_status;
  expect(await statusNow()).toBe('failing');
  const [event] = await server.db.syncEvent.findMany({
    where: { integrationId: tenant.integrationId },
    orderBy: { id: 'desc' },
  });
  expect(event).toMatchObject({ success: false, errorMessage: failed.body.message });
  wordpress.clearFaults();
  await server.as(tenant.owner).post(path).expect(200);
  expect(await statusNow()).toBe('healthy');
});

test('an integration without structure or site key is tested by its password', async () => {
  const body = {
    credentials_json: { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' },
  };
  wordpress.setFault('connector_missing');
  const without = await server.as(tenant.owner).post(path).expect(200);
  expect(without.body.success).toBe(false);
  await server.as(tenant.owner).patch(`${integrationsPath}/${tenant.integrationId}`, body).expect(200);
  const answer = await server.as(tenant.owner).post(path).expect(200);
  expect(answer.body).toMatchObject({ success: true });
});

test('a deletion during a test keeps the result and its event, but no integration', async () => {
  gate.shut();
  const testing = server
    .as(tenant.owner)
    .post(path)
    .then((answer) => answer);
  await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
  await server.as(tenant.owner).delete(`${integrationsPath}/${tenant.integrationId}`).expect(204);
  gate.open();
  expect(await testing).toMatchObject({ status: 200, body: { success: true } });
  expect(await server.db.siteIntegration.count({ where: { id: tenant.integrationId } })).toBe(0);
  const where = { integrationId: tenant.integrationId, eventType: 'connection' as const };
  expect(await server.db.syncEvent.count({ where })).toBe(1);
});

test.each<[string, object]>([
  ['its credentials', { credentials_json: { username: 'editor', application_password: 'not right' } }],
  ['its address', { config_json: { site_url: 'https://elsewhere.example' } }],
])(
  'a change in %s during a test: the result is stored, and the connection is untested',
  async (_what, change) => {
    const integration = `${integrationsPath}/${tenant.integrationId}`;
    await server.as(tenant.owner).post(path).expect(200);
    gate.shut();
    const testing = server
      .as(tenant.owner)
      .post(path)
      .then((answer) => answer);
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    await server.as(tenant.owner).patch(integration, change).expect(200);
    gate.open();
    expect(await testing).toMatchObject({ status: 200, body: { success: true } });
    const { body } = await server.as(tenant.owner).get(integration).expect(200);
    expect(body.connection_status).toBe('untested');
    expect(await server.db.connectionCheck.count({ where: { integrationId: tenant.integrationId } })).toBe(2);
  },
);

test('a missing integration is a 404', async () => {
  expectProblem(await server.as(tenant.owner).post(`${integrationsPath}/2000000000/test-connection`), 404);
});

test('the metrics count each result', async () => {
  await server.as(tenant.owner).post(path).expect(200);
  const { text } = await server.anyone.get('/metrics').expect(200);
  expect(text).toMatch(/sitebridge_connection_tests_total\{platform="wordpress",code="ok"\} \d/);
});

test('a test of a site whose key was revoked sends no signed request', async () => {
  await server.as(tenant.owner).delete(`/api/v1/sites/${tenant.site.siteId}/api-key`).expect(204);
  const answer = await server.as(tenant.owner).post(path).expect(200);
  expect(answer.body.success).toBe(false);
  expect(answer.body.hint).toMatch(/\w/);
});
