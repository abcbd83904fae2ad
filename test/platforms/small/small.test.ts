/** The example platform of CONTRIBUTING.md, run in a server through the API. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OutboundClient } from '../../../src/outbound/httpClient.ts';
import { type LoopbackServer, serveLoopback } from '../../outbound/loopbackServer.ts';
import { buildAccount, buildSite, integrationsPath, type TestUser } from '../../support/builders.ts';
import { expectProblem } from '../../support/problems.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { createFeedPlatform } from './feed.platform.ts';

const outbound = new OutboundClient({ allow: ['127.0.0.0/8'] });
let server: TestServer;
let owner: TestUser;
let feed: LoopbackServer;
let body: string;
beforeAll(async () => {
  server = await startTestServer({}, { platforms: [createFeedPlatform({ outbound })] });
  owner = await buildAccount(server);
  feed = await serveLoopback((_, response) => response.end(body));
});
afterAll(async () => {
  await server.stop();
  await feed.stop();
  outbound.close();
});

async function create(config: object) {
  const site = await buildSite(server, owner.accountId);
  const integration = { site_id: site.siteId, platform: 'feed', config_json: config };
  return server.as(owner).post(integrationsPath, integration);
}

test('CONTRIBUTING.md shows this platform word for word', () => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  const code = /^ {3}```ts\n(.*?)^ {3}```$/ms.exec(page)?.[1] ?? '';
  const file = readFileSync('test/platforms/small/feed.platform.ts', 'utf8');
  const inItsPlace = file.replaceAll('../../../src/platforms/', '../').replaceAll('../../../src/', '../../');
  expect(code.replace(/^ {3}/gm, '')).toBe(inItsPlace);
});

test('the platform is listed with its schemas', async () => {
  const { body: listed } = await server.as(owner).get('/api/v1/integration/platforms').expect(200);
  expect(listed.results).toContainEqual({
    name: 'feed',
    type: 'feed',
    capabilities: { uses_site_key: false, structure: false, content: false },
    config_schema: expect.objectContaining({ required: ['feed_url'] }),
    credentials_schema: expect.objectContaining({ properties: {} }),
  });
});

test('its integrations are created, validated and tested', async () => {
  expectProblem(await create({}), 400, { fields: ['config_json.feed_url'] });
  expectProblem(await create({ feed_url: 'file:///etc' }), 400, { fields: ['config_json.feed_url'] });
  const made = await create({ feed_url: feed.url });
  expect(made).toMatchObject({
    status: 201,
    body: { platform: 'feed', platform_type: 'feed', api_key: null },
  });

  const path = `${integrationsPath}/${made.body.id}`;
  body = JSON.stringify({ version: 'https://jsonfeed.org/version/1.1', title: 'News' });
  expect((await server.as(owner).post(`${path}/test-connection`).expect(200)).body).toMatchObject({
    success: true,
    code: 'ok',
    stage: 'feed',
    remote: { name: 'News' },
  });
  body = '<!doctype html>';
  expect((await server.as(owner).post(`${path}/test-connection`).expect(200)).body).toMatchObject({
    success: false,
    code: 'not_a_feed',
    stage: 'feed',
  });
  expect((await server.as(owner).get(path).expect(200)).body.connection_status).toBe('failing');
});

test('an unsupported call is a 501 that names the platform and the call', async () => {
  const { body: integration } = await create({ feed_url: feed.url });
  const path = `${integrationsPath}/${integration.id}`;
  const asked = [
    [await server.as(owner).post(`${path}/sync`, { direction: 'metadata' }), /feed.*metadata/],
    [await server.as(owner).post(`${path}/sync`, { direction: 'both' }), /feed.*both/],
    [await server.as(owner).get(`${path}/content-types`), /feed.*structure/],
  ] as const;
  for (const [answer, detail] of asked) {
    expectProblem(answer, 501, { code: 'not_supported' });
    expect(answer.body.detail).toMatch(detail);
  }
});
