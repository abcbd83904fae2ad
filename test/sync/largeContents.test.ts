/** A content of 5.4 MB, which our own routes take, is pulled, edited here and pushed. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import { startSimulatedApi } from '../../src/simulation/custom/simulatedApi.ts';
import { buildAccount, buildSite, integrationsPath, type TestUser } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { startSyncedSite } from '../support/syncedSite.ts';

const LARGE = 'x'.repeat(5.4 * 1024 * 1024);
/** More than an answer of the outbound client's default size holds. */
const LARGER = 'x'.repeat(12 * 1024 * 1024);

let server: TestServer;
let owner: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
});
afterAll(() => server.stop());

it.each([
  ['5.4 MB', LARGE],
  ['12 MiB', LARGER],
])('a content of %s of a described API', async (_, text) => {
  const api = await startSimulatedApi({ items: 1 });
  api.edit(1, { text });
  const site = await buildSite(server, owner.accountId);
  const made = await server
    .as(owner)
    .post(integrationsPath, {
      site_id: site.siteId,
      platform: 'custom',
      config_json: describeApi(api),
      credentials_json: credentialsOf(api.auth),
    })
    .expect(201);
  const sync = async (direction: string) => {
    const run = await server.as(owner).post(`${integrationsPath}/${made.body.id}/sync`, { direction });
    expect(run.body).toMatchObject({ status: 'success', totals: { failed: 0 } });
    return run.body.totals;
  };

  expect(await sync('from_external')).toMatchObject({ created: 1 });
  const { id, body } = await server.db.content.findFirstOrThrow({ where: { siteId: site.siteId } });
  expect(body === text).toBe(true);
  await server
    .as(owner)
    .patch(`/api/v1/content/${id}`, { body: `${text}!` })
    .expect(200);
  expect(await sync('to_external')).toMatchObject({ pushed: 1 });
  expect(api.items[0]?.attributes.text === `${text}!`).toBe(true);
  await api.stop();
});

it.each(['connector', 'password'] as const)('a post of 5.4 MB over the %s', async (way) => {
  const site = await startSyncedSite(server, way);
  const post = site.wordpress.state.posts.find(({ type }) => type === 'post');
  if (post === undefined) throw new Error('The site has no post.');
  post.content = LARGE;
  expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
  const [pulled] = await site.contents({ externalId: String(post.id), contentType: 'post' });
  if (pulled === undefined) throw new Error('The post was not pulled.');
  expect(pulled.body === LARGE).toBe(true);
  await site.edit(pulled.id, { body: `${LARGE}!` });
  expect(await site.sync({ direction: 'to_external' })).toMatchObject({
    status: 'success',
    totals: { pushed: 1, failed: 0 },
  });
  const pushed = site.wordpress.state.posts.find(({ id }) => id === post.id);
  expect(pushed?.content === `${LARGE}!`).toBe(true);
  await site.wordpress.stop();
});
