import { describe, expect, test } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildAccount,
  buildIntegration,
  buildSite,
  buildTenant,
  integrationsPath,
  type TestTenant,
} from '../support/builders.ts';
import { buildContent, editHere, writePost } from '../support/contents.ts';
import { aKey } from '../support/identity.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';

const contentPath = '/api/v1/content';
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
let server: TestServer;
let wordpress: SimulatedWordpress;
let tenant: TestTenant;
withWordpress((stage) => {
  ({ server, wordpress, tenant } = stage);
});

const as = () => server.as(tenant.owner);

describe('a content', () => {
  test('is shown as it is stored', async () => {
    const post = writePost(wordpress, { title: 'Größe 🌉', excerpt: 'Short', meta: { price: 3 } });
    const { id } = await buildContent(server, tenant, post);
    const answer = await as().get(`${contentPath}/${id}`).expect(200);
    expect(answer.body).toEqual({
      id,
      key: aKey,
      site_id: tenant.site.siteId,
      title: 'Größe 🌉',
      slug: post.slug,
      body: post.content,
      excerpt: 'Short',
      content_type: 'post',
      status: 'published',
      visibility: 'public',
      terms: [
        { taxonomy: 'category', slug: 'news', name: 'News' },
        { taxonomy: 'post_tag', slug: 'green', name: 'green' },
      ],
      metadata: { price: 3, date_gmt: '2026-03-01T10:00:00.000Z' },
      built_with: null,
      external_id: String(post.id),
      external_url: `${wordpress.url}/${post.slug}/`,
      external_status: 'publish',
      external_modified_at: '2026-03-01T10:00:00.000Z',
      sync_state: 'in_sync',
      created_at: time,
      updated_at: time,
    });
  });
});

describe('the list', () => {
  const list = async (query = '') => (await as().get(`${contentPath}?${query}`).expect(200)).body;
  const idsOf = (page: { results: { id: number }[] }) => page.results.map(({ id }) => id);

  test('is empty at first, and shows no contents of other accounts', async () => {
    const stranger = await buildTenant(server, wordpress.url);
    await server.db.content.create({
      data: { accountId: stranger.accountId, siteId: stranger.site.siteId, contentType: 'post' },
    });
    expect(await list()).toEqual({ results: [], next_cursor: null });
    expectProblem(await as().get(`${contentPath}?site_id=${stranger.site.siteId}`), 404);
  });

  test('has pages, oldest first', async () => {
    const owner = { accountId: tenant.accountId, siteId: tenant.site.siteId };
    const made = await server.db.content.createManyAndReturn({
      data: Array.from({ length: 7 }, () => ({ ...owner, contentType: 'post' })),
    });
    const seen: number[][] = [];
    let cursor: string | null = null;
    do {
      const page: { results: { id: number }[]; next_cursor: string | null } = await list(
        `limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(idsOf(page));
      cursor = page.next_cursor;
    } while (cursor !== null);
    const ids = made.map(({ id }) => id).sort((a, b) => a - b);
    expect(seen).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    // A page that is exactly full is the last one.
    expect((await list('limit=7')).next_cursor).toBeNull();
    expect(await list('cursor=9999999999')).toEqual({ results: [], next_cursor: null });
  });

  test('filters by site, state, status and type, alone and together', async () => {
    const sister = await buildSite(server, tenant.accountId);
    const make = (siteId: number, contentType: string, more: object) =>
      server.db.content.create({ data: { accountId: tenant.accountId, siteId, contentType, ...more } });
    const { siteId } = tenant.site;
    const a = await make(siteId, 'post', { status: 'published', syncState: 'in_sync' });
    const b = await make(siteId, 'page', { status: 'draft', syncState: 'conflict' });
    const c = await make(sister.siteId, 'post', { status: 'archived', syncState: 'in_sync' });
    const expected: [string, number[]][] = [
      ['', [a.id, b.id, c.id]],
      [`site_id=${siteId}`, [a.id, b.id]],
      [`site_id=${sister.siteId}`, [c.id]],
      ['sync_state=in_sync', [a.id, c.id]],
      ['sync_state=conflict', [b.id]],
      ['status=draft', [b.id]],
      ['status=archived', [c.id]],
      ['content_type=post', [a.id, c.id]],
      ['content_type=book', []],
      [`site_id=${siteId}&sync_state=in_sync&status=published&content_type=post`, [a.id]],
      [`site_id=${siteId}&content_type=post&limit=1&cursor=${a.id}`, []],
    ];
    for (const [query, ids] of expected) expect([query, idsOf(await list(query))]).toEqual([query, ids]);
  });

  test.each(['sync_state=done', 'status=publish', 'cursor=x', 'limit=0', 'limit=201', 'site_id=x'])(
    'reports %s as wrong',
    async (query) =>
      expectProblem(await as().get(`${contentPath}?${query}`), 400, { fields: [query.split('=')[0] ?? ''] }),
  );
});

describe('sync-wordpress-content', () => {
  const pull = (content_id: unknown, integrationId = tenant.integrationId) =>
    as().post(`${integrationsPath}/${integrationId}/sync-wordpress-content`, { content_id });
  const events = () =>
    server.db.syncEvent.findMany({
      where: { siteId: tenant.site.siteId, eventType: 'content' },
      orderBy: { id: 'asc' },
    });

  test('stores what changed on the site, and then reports no change', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    Object.assign(post, { title: 'New', status: 'draft', modified_gmt: '2026-03-01T10:00:05' });
    const changed = await pull(id).expect(200);
    const shown = (await as().get(`${contentPath}/${id}`)).body;
    expect(shown).toMatchObject({
      title: 'New',
      status: 'draft',
      external_status: 'draft',
      sync_state: 'in_sync',
    });
    expect(changed.body).toEqual({ success: true, content: shown, changed: true });
    const unchanged = await pull(id).expect(200);
    expect(unchanged.body).toEqual({
      success: true,
      content: { ...shown, updated_at: time },
      changed: false,
    });
    expect((await events()).slice(-2)).toMatchObject([
      {
        action: 'pulled',
        contentId: id,
        externalId: String(post.id),
        details: { outcome: 'updated', cause: 'user' },
      },
      { action: 'pulled', contentId: id, details: { outcome: 'unchanged', untold: false } },
    ]);
  });

  test.each(['trashed', 'erased'])('reports that the post is %s, and keeps the content', async (how) => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    if (how === 'trashed') post.status = 'trash';
    else wordpress.state.posts.splice(wordpress.state.posts.indexOf(post), 1);
    expect((await pull(content.id).expect(200)).body).toMatchObject({
      success: true,
      changed: true,
      content: {
        sync_state: 'deleted_remote',
        external_status: how === 'trashed' ? 'trash' : 'deleted',
        title: content.title,
      },
    });
    expect((await pull(content.id).expect(200)).body).toMatchObject({ success: true, changed: false });
  });

  test('overwrites no edits made on the server', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    await editHere(server, id, 'Edited here');
    expect((await pull(id).expect(200)).body).toMatchObject({
      changed: false,
      content: { title: 'Edited here', sync_state: 'local_changes' },
    });
    Object.assign(post, { title: 'Edited there', modified_gmt: '2026-03-01T10:00:05' });
    expect((await pull(id).expect(200)).body).toMatchObject({
      changed: true,
      content: { title: 'Edited here', sync_state: 'conflict' },
    });
    expect((await events()).at(-1)).toMatchObject({ action: 'conflict', contentId: id });
  });

  test('reports why the site cannot be read, and changes nothing', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    const before = (await as().get(`${contentPath}/${id}`)).body;
    wordpress.setFault('maintenance');
    expect((await pull(id).expect(200)).body).toEqual({
      success: false,
      content: before,
      changed: false,
      error: { code: 'maintenance', message: expect.stringMatching(/\w/) },
    });
    expect((await events()).at(-1)).toMatchObject({
      action: 'pull_failed',
      success: false,
      details: { code: 'maintenance', cause: 'user' },
    });
  });

  test('reports a site that does not answer', async () => {
    const gone = await startSimulatedWordpress({ siteId: 0 });
    await gone.stop();
    const site = await buildSite(server, tenant.accountId, gone.url);
    const integrationId = await buildIntegration(server, tenant.owner, site);
    const { id } = await server.db.content.create({
      data: {
        accountId: tenant.accountId,
        siteId: site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        externalId: '1',
      },
    });
    expect((await pull(id, integrationId).expect(200)).body).toMatchObject({
      success: false,
      changed: false,
      error: { code: 'unreachable' },
    });
  });

  test('refuses a content that is on no site, and a content of another site', async () => {
    const owner = { accountId: tenant.accountId, contentType: 'post' };
    const local = await server.db.content.create({ data: { ...owner, siteId: tenant.site.siteId } });
    expectProblem(await pull(local.id), 422, { code: 'not_on_site' });
    const sister = await buildSite(server, tenant.accountId);
    const theirs = await server.db.content.create({
      data: { ...owner, siteId: sister.siteId, platform: 'wordpress', externalId: '1' },
    });
    expectProblem(await pull(theirs.id), 404);
    const stranger = await buildAccount(server);
    const path = `${integrationsPath}/${tenant.integrationId}/sync-wordpress-content`;
    expectProblem(await server.as(stranger).post(path, { content_id: local.id }), 404);
    expectProblem(await pull(2_000_000_000), 404);
    expect(await events()).toEqual([]);
  });

  test.each([undefined, null, 'x', '1', 0, -1, 1.5, true])('reports the content_id %p as wrong', async (id) =>
    expectProblem(await pull(id), 400, { fields: ['content_id'] }),
  );
});
