/** Integrations with custom APIs, created through our API, against a simulated custom API. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import {
  API_SECRET,
  type SimulatedApi,
  startSimulatedApi,
} from '../../src/simulation/custom/simulatedApi.ts';
import { buildAccount, buildSite, integrationsPath, type TestUser } from '../support/builders.ts';
import { expectProblem, fieldsOf } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let owner: TestUser;
let api: SimulatedApi;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
  api = await startSimulatedApi({ auth: 'query' });
});
afterAll(async () => {
  await server.stop();
  await api.stop();
});

const asOwner = () => server.as(owner);

/** Creates an integration of a new site with the simulated API. */
async function create(change: object = {}) {
  const site = await buildSite(server, owner.accountId);
  const body = {
    site_id: site.siteId,
    platform: 'custom',
    config_json: describeApi(api),
    credentials_json: credentialsOf(api.auth),
    ...change,
  };
  return asOwner().post(integrationsPath, body);
}

test('a custom integration is created, tested and read, and its secret is never shown', async () => {
  const made = await create();
  expect(made).toMatchObject({
    status: 201,
    body: {
      platform: 'custom',
      platform_type: 'custom_api',
      config_json: describeApi(api),
      has_credentials: true,
      api_key: null,
    },
  });
  const path = `${integrationsPath}/${made.body.id}`;
  const tested = await asOwner().post(`${path}/test-connection`).expect(200);
  expect(tested.body).toMatchObject({ success: true, code: 'ok' });
  const run = await asOwner().post(`${path}/sync`, { direction: 'metadata' }).expect(200);
  expect(run.body).toMatchObject({ status: 'success' });
  const types = await asOwner().get(`${path}/content-types`).expect(200);
  expect(types.body.content_types.post_types).toMatchObject({ article: { label: 'Articles', count: 5 } });
  // The test and the run still work when the structure is stored beside the description.
  expect((await asOwner().post(`${path}/test-connection`)).body).toMatchObject({ code: 'ok' });

  await asOwner()
    .patch(path, { credentials_json: { value: 'another-secret' } })
    .expect(200);
  expect((await asOwner().post(`${path}/test-connection`)).body).toMatchObject({ code: 'unexpected_status' });
  api.setFault('failing');
  const failed = await asOwner().post(`${path}/sync`, { direction: 'metadata' });
  api.clearFaults();
  expect(failed.body).toMatchObject({ status: 'failed', error: expect.stringContaining('500') });

  const events = await server.db.syncEvent.findMany();
  const checks = await server.db.connectionCheck.findMany();
  const runs = await server.db.syncRun.findMany();
  const seen = JSON.stringify([events, checks, runs], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const debug = await asOwner().get(`${path}/debug-status`).expect(200);
  // A hint must not advise what helps only on another platform.
  const codes = debug.body.problems.map(({ code }: { code: string }) => code);
  expect(codes).toEqual(expect.arrayContaining(['sync_failed']));
  expect(codes).not.toContain('plugin_not_connected');
  const shown = (await asOwner().get(path)).text + debug.text;
  for (const secret of [API_SECRET, 'another-secret']) {
    expect(seen + shown + server.log.join('\n')).not.toContain(secret);
  }
});

test('a content is read again, and a content of an API without content is a 501', async () => {
  const made = await create();
  const { content: _, ...bare } = describeApi(api);
  const without = await create({ config_json: bare });
  for (const [integration, status] of [
    [made.body, 200],
    [without.body, 501],
  ] as const) {
    const stored = await server.db.content.create({
      data: {
        accountId: owner.accountId,
        siteId: integration.site_id,
        platform: 'custom',
        contentType: 'article',
        externalId: '2',
        syncedVersion: 1,
      },
    });
    const path = `${integrationsPath}/${integration.id}/sync-wordpress-content`;
    const answer = await asOwner().post(path, { content_id: stored.id });
    if (status === 200) expect(answer.body).toMatchObject({ success: true, content: { title: 'Article 2' } });
    else {
      expectProblem(answer, 501, { code: 'not_supported' });
      expect(answer.body.detail).toMatch(/custom.*content/);
    }
  }
});

test('a create that the API answers with another content’s item loses neither content', async () => {
  const { body: integration } = await create();
  const where = { siteId: integration.site_id };
  const write = async (title: string) =>
    asOwner()
      .post('/api/v1/content', { site_id: where.siteId, content_type: 'article', title, status: 'ready' })
      .expect(201);
  const push = async () =>
    (
      await asOwner()
        .post(`${integrationsPath}/${integration.id}/sync`, { direction: 'to_external' })
        .expect(200)
    ).body;
  const contents = () => server.db.content.findMany({ where, orderBy: { id: 'asc' } });
  await write('First');
  expect(await push()).toMatchObject({ status: 'success' });
  const [first] = await contents();
  api.setFault('create_answers_other');
  await write('Second');
  const run = await push();
  api.clearFaults();
  expect(run).toMatchObject({ status: 'partial', totals: { pushed: 0, failed: 1 } });
  expect(run.error).toContain(`already belongs to content ${first?.id}.`);
  const after = await contents();
  expect(after[0]).toEqual(first);
  expect(after[1]).toMatchObject({ title: 'Second', externalId: null, syncState: 'local_only' });
  // The item is found by the content's key, once the API returns it correctly.
  expect(await push()).toMatchObject({ status: 'success', totals: { pushed: 1 } });
  expect((await contents()).map(({ syncState }) => syncState)).toEqual(['in_sync', 'in_sync']);
  expect(api.items.filter(({ attributes }) => attributes.title === 'Second')).toHaveLength(1);
});

test('a change merges into the description, and the result is checked as a whole', async () => {
  const { body } = await create();
  const path = `${integrationsPath}/${body.id}`;
  const change = (config_json: object) => asOwner().patch(path, { config_json });
  const { body: changed } = await change({ test: { expect_status: 204 } }).expect(200);
  expect(changed.config_json.test).toEqual({
    path: '/me',
    expect_json_pointer: '/user/name',
    expect_status: 204,
  });
  expectProblem(await change({ content: { map: { title: 'title' } } }), 400, {
    fields: ['config_json.content.map.title'],
  });
  expect((await change({ content: null }).expect(200)).body.config_json).not.toHaveProperty('content');
});

describe('bad input', () => {
  const described = () => describeApi(api);
  test.each<[string, () => object, string[]]>([
    [
      'no description',
      () => ({ config_json: {} }),
      ['config_json.auth', 'config_json.base_url', 'config_json.test'],
    ],
    ['a key of the site', () => ({ api_key: 'sbk_x' }), ['api_key']],
    ['another type', () => ({ platform_type: 'cms' }), ['platform_type']],
    [
      'a base URL with a password',
      () => ({ config_json: { ...described(), base_url: 'https://a:b@a.example' } }),
      ['config_json.base_url'],
    ],
    [
      'a header name with a line break',
      () => ({ config_json: { ...described(), auth: { type: 'header', name: 'X-A\r\nX-B' } } }),
      ['config_json.auth.name'],
    ],
    [
      'a token with a line break',
      () => ({ credentials_json: { token: 'a\r\nX-B: c' } }),
      ['credentials_json.token'],
    ],
    ['an unknown secret', () => ({ credentials_json: { key: 'a' } }), ['credentials_json.key']],
    [
      'a malformed pointer',
      () => ({ config_json: { ...described(), test: { path: '/', expect_json_pointer: 'user' } } }),
      ['config_json.test.expect_json_pointer'],
    ],
  ])('%s is refused, and the error names the field', async (_, change, fields) => {
    const before = await server.db.siteIntegration.count();
    const answer = await create(change());
    expectProblem(answer, 400, { code: 'invalid_input' });
    expect(fieldsOf(answer)).toEqual(fields);
    expect(await server.db.siteIntegration.count()).toBe(before);
  });

  test('a private base URL is reported by the test, without its address', async () => {
    for (const base_url of ['http://10.1.2.3', 'http://[::1]', 'http://169.254.169.254']) {
      const { body } = await create({ config_json: { ...described(), base_url } });
      const tested = await asOwner().post(`${integrationsPath}/${body.id}/test-connection`).expect(200);
      expect(tested.body).toMatchObject({ success: false, code: 'private_address' });
      expect(tested.text).not.toMatch(/10\.1\.2\.3|::1|169\.254/);
    }
  });
});
