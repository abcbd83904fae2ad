/** A site connects itself: POST /integrations/test-connection, against a simulated WordPress. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildAccount,
  buildIntegration,
  buildSite,
  buildSiteWithoutKey,
  buildUser,
  integrationsPath,
  type TestSite,
  type TestUser,
} from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { expectProblem, withoutRequestId } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const path = `${integrationsPath}/test-connection`;
let server: TestServer;
let owner: TestUser;
let site: TestSite;
let wordpress: SimulatedWordpress;
let gate: Gate;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
  wordpress = await startSimulatedWordpress({ siteId: 0 });
  gate = await startGate(wordpress.url);
});
beforeEach(async () => {
  wordpress.clearFaults();
  gate.open();
  site = await buildSite(server, owner.accountId);
  setUp(site);
});
afterAll(async () => {
  await gate.stop();
  await wordpress.stop();
  await server.stop();
});

/** Enters site id and key in the plugin. */
function setUp(of: TestSite): void {
  const { connector } = wordpress.state;
  if (connector === null) throw new Error('The connector is missing.');
  connector.siteId = of.siteId;
  connector.siteKey = of.key;
}

const connect = (more: object = {}) =>
  server.anyone.post(path, { site_id: site.siteId, api_key: site.key, site_url: wordpress.url, ...more });
const integrationsOf = (siteId: number) => server.db.siteIntegration.findMany({ where: { siteId } });

const result = {
  success: true,
  code: 'ok',
  message: expect.any(String),
  hint: '',
  stage: expect.any(String),
  retryable: false,
  latency_ms: expect.any(Number),
  checks: expect.any(Array),
  remote: {
    name: 'Brücke & Söhne',
    version: '6.8.2',
    plugin_version: '0.1.0',
    canonical_url: expect.any(String),
  },
};

describe('with the right key', () => {
  test('creates the integration, healthy, with its events', async () => {
    const answer = await connect();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...result, integration_id: expect.any(Number) });
    const id = answer.body.integration_id;
    expect(await integrationsOf(site.siteId)).toEqual([
      expect.objectContaining({
        id,
        accountId: owner.accountId,
        platform: 'wordpress',
        config: { site_url: wordpress.url },
        credentialsEncrypted: null,
        connectionStatus: 'healthy',
        isActive: true,
      }),
    ]);
    const checks = await server.db.connectionCheck.findMany({ where: { integrationId: id } });
    const { integration_id: _id, ...testResult } = answer.body;
    expect(checks).toEqual([expect.objectContaining({ success: true, code: 'ok', result: testResult })]);
    const events = await server.db.syncEvent.findMany({
      where: { integrationId: id },
      orderBy: { id: 'asc' },
    });
    expect(events.map(({ eventType, action, success }) => [eventType, action, success])).toEqual([
      ['integration', 'created', true],
      ['connection', 'tested', true],
    ]);
  });

  test('updates it the second time, keeping what the user set', async () => {
    const first = await connect({ site_url: gate.url }).expect(200);
    const id = first.body.integration_id;
    await server
      .as(owner)
      .patch(`${integrationsPath}/${id}`, {
        config_json: { sync_settings: { concurrency: 2 } },
        sync_enabled: false,
      })
      .expect(200);
    const second = await connect().expect(200);
    expect(second.body.integration_id).toBe(id);
    expect(await integrationsOf(site.siteId)).toEqual([
      expect.objectContaining({
        id,
        config: { site_url: wordpress.url, sync_settings: { concurrency: 2 } },
        syncEnabled: false,
      }),
    ]);
    expect(await server.db.syncEvent.count({ where: { integrationId: id, action: 'reconnected' } })).toBe(1);
  });

  test.each(['X-API-Key', 'Authorization'])('takes the key from the %s header too', async (header) => {
    const value = header === 'Authorization' ? `Bearer ${site.key}` : site.key;
    const body = { site_id: site.siteId, site_url: wordpress.url };
    const answer = await server.anyone.post(path, body).set(header, value);
    expect(answer.body).toEqual({ ...result, integration_id: expect.any(Number) });
  });

  test('two at once make one integration', async () => {
    const answers = await Promise.all([connect(), connect(), connect(), connect()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.integration_id)).size).toBe(1);
    expect(await integrationsOf(site.siteId)).toHaveLength(1);
    const actions = await server.db.syncEvent.groupBy({
      by: ['action'],
      where: { siteId: site.siteId, eventType: 'integration' },
      _count: { _all: true },
      orderBy: { action: 'asc' },
    });
    expect(actions.map(({ action, _count }) => [action, _count._all])).toEqual([
      ['created', 1],
      ['reconnected', 3],
    ]);
  });

  test('a user who creates it while the test runs finds it updated', async () => {
    gate.shut();
    const connecting = connect({ site_url: gate.url }).then((answer) => answer);
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    const id = await buildIntegration(server, owner, site);
    gate.open();
    const answer = await connecting;
    expect(answer.body).toMatchObject({ success: true, integration_id: id });
    expect(await integrationsOf(site.siteId)).toHaveLength(1);
  });

  test('a failed test is a 400 with the result, and leaves no integration', async () => {
    wordpress.setFault('not_wordpress');
    const answer = await connect();
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.body).toEqual({
      ...result,
      success: false,
      code: 'not_wordpress',
      hint: expect.stringMatching(/\w/),
      remote: expect.any(Object),
    });
    expect(await integrationsOf(site.siteId)).toEqual([]);
    const events = await server.db.syncEvent.findMany({
      where: { siteId: site.siteId, eventType: 'connection' },
    });
    expect(events).toEqual([
      expect.objectContaining({
        action: 'tested',
        success: false,
        integrationId: null,
        errorMessage: answer.body.message,
      }),
    ]);
  });

  test('a failed test leaves an integration that is there as it is', async () => {
    const { body } = await connect().expect(200);
    const before = await integrationsOf(site.siteId);
    wordpress.setFault('fatal_page');
    await connect({ site_url: `${wordpress.url}/elsewhere` }).expect(400);
    expect(await integrationsOf(site.siteId)).toEqual(before);
    expect(await server.db.connectionCheck.count({ where: { integrationId: body.integration_id } })).toBe(1);
  });

  test('a private address is not called unless the operator allows it', async () => {
    for (const url of [
      'http://10.0.0.1',
      'http://169.254.169.254/latest',
      'http://[::1]:1',
      'http://0.0.0.0',
    ]) {
      const answer = await connect({ site_url: url });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ success: false, code: 'private_address' });
    }
    expect(await integrationsOf(site.siteId)).toEqual([]);
  });

  test('a key that is rotated while the test runs is the wrong one, and nothing is written', async () => {
    gate.shut();
    const connecting = connect({ site_url: gate.url }).then((answer) => answer);
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    await server.as(owner).post(`/api/v1/sites/${site.siteId}/api-key`).expect(200);
    const before = await server.db.syncEvent.count({ where: { siteId: site.siteId } });
    gate.open();
    expectProblem(await connecting, 403, { code: 'site_or_key_wrong' });
    expect(await integrationsOf(site.siteId)).toEqual([]);
    expect(await server.db.syncEvent.count({ where: { siteId: site.siteId } })).toBe(before);
  });
});

describe('without the right key', () => {
  test('an unknown site and a wrong key are told the same, and nothing is called or written', async () => {
    const before = await server.db.syncEvent.count();
    const requests = wordpress.state.requests.length;
    const wrong = await connect({ api_key: `sbk_${'a'.repeat(43)}` });
    expectProblem(wrong, 403, { code: 'site_or_key_wrong' });
    const keyless = await buildSiteWithoutKey(server, owner.accountId);
    const other = await buildAccount(server);
    const theirs = await buildSite(server, other.accountId);
    const eventsOfBuilding = 1;
    for (const attempt of [
      { site_id: 2_000_000_000 },
      { site_id: 2 ** 31 },
      { site_id: theirs.siteId },
      { site_id: keyless },
      { site_id: keyless, api_key: '' },
      { api_key: '' },
      { api_key: `${site.key} ` },
      { api_key: site.key.toLowerCase() },
      { api_key: theirs.key },
    ]) {
      const answer = await connect(attempt);
      expect({ attempt, status: answer.status }).toEqual({ attempt, status: 403 });
      expect(withoutRequestId(answer.body)).toEqual(withoutRequestId(wrong.body));
    }
    expect(wordpress.state.requests).toHaveLength(requests);
    expect(await server.db.syncEvent.count()).toBe(before + eventsOfBuilding);
    expect(await server.db.siteIntegration.count({ where: { siteId: { in: [site.siteId, keyless] } } })).toBe(
      0,
    );
  });

  test("a right key of an inactive account's site is refused alike", async () => {
    const closed = await buildAccount(server);
    const theirs = await buildSite(server, closed.accountId);
    await server.db.account.update({ where: { id: closed.accountId }, data: { isActive: false } });
    expectProblem(await connect({ site_id: theirs.siteId, api_key: theirs.key }), 403, {
      code: 'site_or_key_wrong',
    });
  });

  test('a key in a header does not help a wrong one in the body', async () => {
    const answer = await connect({ api_key: 'wrong' }).set('X-API-Key', site.key);
    expectProblem(answer, 403);
  });

  test('a token does not help a wrong key', async () => {
    const body = { site_id: site.siteId, api_key: 'wrong', site_url: wordpress.url };
    expectProblem(await server.as(owner).post(path, body), 403);
  });

  test.each<[object, string[]]>([
    [{}, ['site_id', 'site_url']],
    [{ site_id: 1, site_url: 'https://a.example' }, ['api_key']],
    [{ site_id: 'x', api_key: 1, site_url: null }, ['api_key', 'site_id', 'site_url']],
    [{ site_id: 0, api_key: 'x', site_url: 'https://a.example' }, ['site_id']],
    [{ site_id: -1, api_key: 'x', site_url: 'https://a.example' }, ['site_id']],
    [{ site_id: 1, api_key: 'x', site_url: '' }, ['site_url']],
    [{ site_id: 1, api_key: 'x', site_url: 'https://a.example', platform: 'wordpress' }, ['platform']],
    [{ site_id: 1, api_key: 'a\0', site_url: 'https://a.example' }, ['api_key']],
  ])('bad input %j names its fields', async (body, fields) => {
    expectProblem(await server.anyone.post(path, body), 400, { code: 'invalid_input', fields });
  });

  test.each(['javascript:alert(1)', 'https://user:pass@a.example', 'ftp://a.example'])(
    'the address %s is not tested',
    async (url) => {
      const answer = await connect({ site_url: url });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('user:pass');
      expect(await integrationsOf(site.siteId)).toEqual([]);
    },
  );
});

describe('with a token', () => {
  const body = () => ({ site_id: site.siteId, site_url: wordpress.url });

  test('an editor of the account needs no key', async () => {
    const editor = await buildUser(server, owner.accountId, 'editor');
    const answer = await server.as(editor).post(path, body());
    expect(answer.body).toEqual({ ...result, integration_id: expect.any(Number) });
    const [event] = await server.db.syncEvent.findMany({ where: { siteId: site.siteId, action: 'created' } });
    expect(event?.details).toMatchObject({ user_id: editor.userId });
  });

  test('a viewer is refused, and one of another account told what a stranger is', async () => {
    const viewer = await buildUser(server, owner.accountId, 'viewer');
    expectProblem(await server.as(viewer).post(path, body()), 403, { code: 'role_too_low' });
    const stranger = await buildAccount(server);
    const foreign = await server.as(stranger).post(path, body());
    const missing = await server.as(stranger).post(path, { ...body(), site_id: 2_000_000_000 });
    expectProblem(foreign, 403, { code: 'site_or_key_wrong' });
    expect(withoutRequestId(missing.body)).toEqual(withoutRequestId(foreign.body));
    expect(await integrationsOf(site.siteId)).toEqual([]);
  });

  test('of a site without a key is told to make one first', async () => {
    const keyless = await buildSiteWithoutKey(server, owner.accountId);
    const answer = await server.as(owner).post(path, { ...body(), site_id: keyless });
    expectProblem(answer, 422, { code: 'no_api_key' });
    expect(await integrationsOf(keyless)).toEqual([]);
  });
});

test('the plugin connects and reports its structure in one go', async () => {
  const outcome = await wordpress.connect({ serverUrl: server.url });
  expect(outcome.test).toMatchObject({ status: 200, body: { success: true } });
  expect(outcome.structure).toMatchObject({ status: 200, body: { applied: true } });
});
