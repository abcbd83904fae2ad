/**
 * A site with a WordPress and a custom API that have types, terms and ids in common. Neither may affect the
 * other.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import { type SimulatedApi, startSimulatedApi } from '../../src/simulation/custom/simulatedApi.ts';
import { integrationsPath } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import type { RunBody } from '../support/runBody.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';

const TERM = { taxonomy: 'tag', slug: 'green', name: 'Green' };

let server: TestServer;
let site: SyncedSite;
let api: SimulatedApi;
let apiPath: string;

beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await startSyncedSite(server, 'connector');
  const { state, editor } = site.wordpress;
  const shared = { hierarchical: false };
  state.postTypes = {
    article: { ...shared, name: 'Articles', rest_base: 'articles', related: ['tag'] },
  };
  state.taxonomies = { tag: { ...shared, name: 'Tags', rest_base: 'tag', related: ['article'] } };
  state.posts.length = 0;
  for (const title of ['One', 'Two', 'Three']) editor.create('article', { title, status: 'publish' });
  api = await startSimulatedApi();
  // Items of the API and posts of WordPress have the same ids.
  for (const [index, item] of api.items.entries()) item.id = state.posts[index]?.id ?? 1_000 + index;
  const description = describeApi(api);
  const write = ['title', 'slug', 'body', 'excerpt', 'status', 'content_key', 'terms'];
  const made = await server
    .as(site.tenant.owner)
    .post(integrationsPath, {
      site_id: site.tenant.site.siteId,
      platform: 'custom',
      config_json: { ...description, content: { ...description.content, write } },
      credentials_json: credentialsOf(api.auth),
    })
    .expect(201);
  apiPath = `${integrationsPath}/${made.body.id}`;
});
afterEach(async () => {
  await site.wordpress.stop();
  await api.stop();
});
afterAll(() => server.stop());

async function syncApi(body: object): Promise<RunBody> {
  return (await server.as(site.tenant.owner).post(`${apiPath}/sync`, body).expect(200)).body;
}

/** Expects that the server stores all items of both sides, and nothing else. */
async function expectInStep(): Promise<void> {
  const stored = await site.contents();
  const titles = (platform: string) =>
    stored
      .filter((content) => content.platform === platform)
      .map(({ externalId, title }) => `${externalId} ${title}`)
      .sort();
  expect(titles('wordpress')).toEqual(
    site.wordpress.state.posts.map(({ id, title }) => `${id} ${title}`).sort(),
  );
  expect(titles('custom')).toEqual(api.items.map(({ id, attributes }) => `${id} ${attributes.title}`).sort());
  expect(stored.filter(({ syncState }) => syncState !== 'in_sync')).toEqual([]);
}

it('full pulls of both platforms do not mark the other platform’s contents as missing', async () => {
  for (let round = 0; round < 2; round += 1) {
    expect(await site.sync({ direction: 'from_external', full: true })).toMatchObject({
      status: 'success',
      totals: { created: round === 0 ? 3 : 0, updated: 0, deleted: 0 },
    });
    expect(await syncApi({ direction: 'from_external', full: true })).toMatchObject({
      status: 'success',
      totals: { created: round === 0 ? api.items.length : 0, updated: 0, deleted: 0 },
    });
    await expectInStep();
  }
  const { requests } = site.wordpress.state;
  const before = requests.length;
  await site.sync({ direction: 'from_external' });
  // The other platform's contents must not look like differences that need a read.
  expect(requests.slice(before).filter(({ target }) => target.includes('/items'))).toEqual([]);
  const counted = await server.as(site.tenant.owner).get(`${apiPath}/sync-status`).expect(200);
  expect(counted.body.content).toMatchObject({ total: api.items.length, in_sync: api.items.length });
  const types = await server.as(site.tenant.owner).get(site.path('/content-types')).expect(200);
  expect(types.body.content_types.post_types.article).toMatchObject({ count: 3, synced_count: 3 });
});

it('an edit goes to the platform of its content, and a new content to only one platform', async () => {
  await site.sync({ direction: 'from_external' });
  await syncApi({ direction: 'from_external' });
  const stored = await site.contents({ externalId: String(site.wordpress.state.posts[0]?.id) });
  expect(stored.map(({ platform }) => platform).sort()).toEqual(['custom', 'wordpress']);
  for (const { id, platform } of stored) await site.edit(id, { title: `Edited for ${platform}` });
  await site.write({ content_type: 'article', title: 'New', status: 'ready', terms: [TERM] });
  expect(await syncApi({ direction: 'to_external' })).toMatchObject({
    status: 'success',
    totals: { pushed: 2, created: 1, conflicts: 0 },
  });
  expect(await site.sync({ direction: 'to_external' })).toMatchObject({
    status: 'success',
    totals: { pushed: 1, created: 0, conflicts: 0 },
  });
  await expectInStep();
  expect(site.wordpress.state.posts[0]).toMatchObject({ title: 'Edited for wordpress' });
  expect(api.items.filter(({ attributes }) => attributes.title === 'New')).toHaveLength(1);
});

it('a content that a deleted platform never accepted goes to the other platform', async () => {
  const id = await site.write({ content_type: 'article', title: 'Not taken', status: 'ready' });
  site.wordpress.disturb({ fault: 'html', times: 50, when: ({ method }) => method !== 'GET' });
  expect((await site.sync({ direction: 'to_external' })).status).not.toBe('success');
  expect(await site.content(id)).toMatchObject({ platform: 'wordpress', externalId: null });
  await syncApi({ direction: 'to_external' });
  expect(await site.content(id)).toMatchObject({ externalId: null });
  await server.as(site.tenant.owner).delete(site.path()).expect(204);
  expect(await syncApi({ direction: 'to_external' })).toMatchObject({ totals: { created: 1 } });
  expect(await site.content(id)).toMatchObject({ platform: 'custom', syncState: 'in_sync' });
});

it('resolving a conflict reads the content’s own platform', async () => {
  await syncApi({ direction: 'from_external' });
  await site.sync({ direction: 'from_external' });
  const [ours] = await site.contents({ platform: 'custom' });
  const id = ours?.id ?? 0;
  await site.edit(id, { title: 'Ours' });
  api.edit(Number(ours?.externalId), { title: 'Theirs' });
  expect(await syncApi({ direction: 'both' })).toMatchObject({ totals: { conflicts: 1 } });
  await server
    .as(site.tenant.owner)
    .post(`/api/v1/content/${id}/resolve-conflict`, { keep: 'remote' })
    .expect(200);
  expect(await site.content(id)).toMatchObject({ title: 'Theirs', syncState: 'in_sync' });
  await expectInStep();
  // The other integration does not have this content.
  const answer = await server
    .as(site.tenant.owner)
    .post(site.path('/sync-wordpress-content'), { content_id: id });
  expectProblem(answer, 422, { code: 'not_on_site' });
});

it('both platforms keep their terms', async () => {
  const { accountId, siteId } = site.tenant.site;
  site.wordpress.state.terms.push({ id: 77, taxonomy: 'tag', slug: 'green', name: 'Green' });
  const theirs = { platform: 'custom', taxonomy: 'tag', externalId: '77', slug: 'blue', name: 'Blue' };
  const other = { ...theirs, externalId: '78', slug: 'red', name: 'Red' };
  for (const term of [theirs, other])
    await server.db.siteTerm.create({ data: { accountId, siteId, ...term } });
  await site.sync({ direction: 'from_external' });
  const terms = await server.db.siteTerm.findMany({ where: { siteId, taxonomy: 'tag' } });
  expect(terms).toHaveLength(3);
  expect(terms).toMatchObject(
    expect.arrayContaining(
      [theirs, other, { ...theirs, platform: 'wordpress', slug: 'green', name: 'Green' }].map((term) =>
        expect.objectContaining(term),
      ),
    ),
  );
});
