/** Contents that users write on the server: POST, PATCH, DELETE and resolve-conflict. */
import { describe, expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { buildContent, writePost } from '../support/contents.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';

const path = '/api/v1/content';
let server: TestServer;
let wordpress: SimulatedWordpress;
let tenant: TestTenant;
withWordpress((stage) => {
  ({ server, wordpress, tenant } = stage);
});

const as = () => server.as(tenant.owner);
const whole = {
  title: 'Größe 🌉',
  slug: 'groesse',
  body: '<p>Text</p>',
  excerpt: 'Short',
  status: 'ready',
  terms: [{ taxonomy: 'category', slug: 'news', name: 'News' }],
  metadata: { price: 3, deep: { a: [null, true] } },
};
const create = (body: object = {}) =>
  as().post(path, { site_id: tenant.site.siteId, content_type: 'post', ...body });
const pull = (id: number) =>
  as().post(`${integrationsPath}/${tenant.integrationId}/sync-wordpress-content`, { content_id: id });
const events = async () =>
  (
    await server.db.syncEvent.findMany({
      where: { siteId: tenant.site.siteId, eventType: 'content', action: { not: 'pulled' } },
      orderBy: { id: 'asc' },
    })
  ).map(({ action, contentId, details }) => ({ action, contentId, details }));
const stored = (id: number) => server.db.content.findUniqueOrThrow({ where: { id } });
/** All stored rows of the site, to check that nothing was written. */
const everything = async () => ({
  contents: await server.db.content.findMany({
    where: { siteId: tenant.site.siteId },
    orderBy: { id: 'asc' },
  }),
  events: await events(),
});
/** Gives the site a structure. */
const readStructure = () =>
  as().post(`${integrationsPath}/${tenant.integrationId}/sync`, { direction: 'metadata' }).expect(200);

describe('a new content', () => {
  test('is stored on the server and is on no site', async () => {
    const { body } = await create(whole).expect(201);
    expect(body).toMatchObject({
      ...whole,
      site_id: tenant.site.siteId,
      content_type: 'post',
      external_id: null,
      external_url: null,
      external_status: null,
      external_modified_at: null,
      sync_state: 'local_only',
    });
    expect((await as().get(`${path}/${body.id}`).expect(200)).body).toEqual(body);
    expect(await events()).toEqual([
      {
        action: 'created',
        contentId: body.id,
        details: { fields: Object.keys(whole), user_id: tenant.owner.userId },
      },
    ]);
  });

  test('needs only its site and type: it is then a draft without text', async () => {
    const { body } = await create().expect(201);
    expect(body).toMatchObject({ title: '', slug: '', body: '', status: 'draft', terms: [], metadata: {} });
  });

  test('must have a type of the site, once the site’s structure is known', async () => {
    await create({ content_type: 'anything' }).expect(201);
    await readStructure();
    await create({ content_type: 'book' }).expect(201);
    const before = await everything();
    const answer = await create({ content_type: 'recipe' });
    expectProblem(answer, 400, { fields: ['content_type'] });
    expect(answer.body.detail).toContain('book, page, post');
    expect(await everything()).toEqual(before);
  });

  test("of another account's site is a 404", async () => {
    const other = await buildTenant(server);
    expectProblem(await create({ site_id: other.site.siteId }), 404);
    expect(await server.db.content.count({ where: { siteId: other.site.siteId } })).toBe(0);
  });

  test.each<[string, object, string[]]>([
    ['no site', { site_id: undefined }, ['site_id']],
    ['no type', { content_type: undefined }, ['content_type']],
    ['an empty type', { content_type: '' }, ['content_type']],
    ['a status that only a push sets', { status: 'published' }, ['status']],
    ['an unknown status', { status: 'trash' }, ['status']],
    ['a title of 1 MiB', { title: 'x'.repeat(2 ** 20 - 200) }, ['title']],
    ['a slug that WordPress would cut', { slug: 'x'.repeat(201) }, ['slug']],
    ['a NUL', { body: 'a\0b' }, ['body']],
    ['null', { title: null }, ['title']],
    ['terms of the wrong form', { terms: [{ taxonomy: 'category' }] }, ['terms.0.slug', 'terms.0.name']],
    ['metadata that is a list', { metadata: [] }, ['metadata']],
    ['a field of the site', { external_id: '1' }, ['external_id']],
  ])('with %s is a 400 that names the field', async (_, change, fields) => {
    expectProblem(await create(change), 400, { fields });
    expect(await everything()).toEqual({ contents: [], events: [] });
  });
});

describe('an edit', () => {
  test('keeps absent fields, and waits for the next push', async () => {
    const content = await buildContent(server, tenant, writePost(wordpress, { title: 'Before' }));
    const { body } = await as().patch(`${path}/${content.id}`, { title: 'After' }).expect(200);
    expect(body).toMatchObject({ title: 'After', body: content.body, sync_state: 'local_changes' });
    expect(await stored(content.id)).toMatchObject({
      localVersion: content.localVersion + 1,
      syncedVersion: content.syncedVersion,
      baseHash: content.baseHash,
    });
    expect(await events()).toMatchObject([{ action: 'edited', details: { fields: ['title'] } }]);
  });

  test('without a change leaves the content in sync', async () => {
    const content = await buildContent(server, tenant, writePost(wordpress));
    const same = { title: content.title, terms: [...(content.terms as unknown[])].reverse() };
    const { body } = await as().patch(`${path}/${content.id}`, same).expect(200);
    expect(body.sync_state).toBe('in_sync');
    await as().patch(`${path}/${content.id}`, {}).expect(200);
    expect(await stored(content.id)).toEqual(content);
    expect(await events()).toEqual([]);
  });

  test('of a content that is on no site leaves it local_only', async () => {
    const { body } = await create().expect(201);
    const { body: edited } = await as().patch(`${path}/${body.id}`, whole).expect(200);
    expect(edited).toMatchObject({ ...whole, sync_state: 'local_only' });
  });

  test('of a content that has changed on the site too is a conflict', async () => {
    const content = await buildContent(server, tenant, writePost(wordpress));
    await server.db.content.update({ where: { id: content.id }, data: { syncState: 'remote_changes' } });
    const { body } = await as().patch(`${path}/${content.id}`, { title: 'Here' }).expect(200);
    expect(body.sync_state).toBe('conflict');
    expect(await events()).toMatchObject([{ action: 'conflict' }]);
  });

  test('may repeat the status published, but may not set it', async () => {
    const content = await buildContent(server, tenant, writePost(wordpress));
    await as().patch(`${path}/${content.id}`, { status: 'published', title: 'Still' }).expect(200);
    await as().patch(`${path}/${content.id}`, { status: 'archived' }).expect(200);
    expectProblem(await as().patch(`${path}/${content.id}`, { status: 'published' }), 400, {
      fields: ['status'],
    });
  });

  test('loses no field when five edits arrive at once', async () => {
    const { body } = await create().expect(201);
    const edits = [{ title: 'T' }, { slug: 's' }, { body: 'b' }, { excerpt: 'e' }, { status: 'ready' }];
    await Promise.all(edits.map((edit) => as().patch(`${path}/${body.id}`, edit).expect(200)));
    expect(await stored(body.id)).toMatchObject({ ...Object.assign({}, ...edits), localVersion: 6 });
  });

  test.each<[string, object, string[]]>([
    ['its type', { content_type: 'page' }, ['content_type']],
    ['its site', { site_id: 1 }, ['site_id']],
    ['its state', { sync_state: 'in_sync' }, ['sync_state']],
    ['null', { title: null }, ['title']],
  ])('of %s is a 400 that names the field', async (_, change, fields) => {
    const { body } = await create().expect(201);
    const before = await everything();
    expectProblem(await as().patch(`${path}/${body.id}`, change), 400, { fields });
    expect(await everything()).toEqual(before);
  });
});

describe('a delete', () => {
  test('of a content that is not on the site deletes it, and leaves an event', async () => {
    const { body } = await create().expect(201);
    await as().delete(`${path}/${body.id}`).expect(204);
    expectProblem(await as().get(`${path}/${body.id}`), 404);
    expectProblem(await as().delete(`${path}/${body.id}`), 404);
    expect(await events()).toMatchObject([
      { action: 'created', contentId: body.id },
      { action: 'removed', contentId: body.id },
    ]);
  });

  test('of a content that the site has excludes it, and leaves the post and an event', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    await as().delete(`${path}/${id}`).expect(204);
    await as().delete(`${path}/${id}`).expect(204);
    expect(wordpress.state.posts).toContain(post);
    expect(await events()).toMatchObject([{ action: 'excluded', contentId: id }]);
    const row = await server.db.content.findUniqueOrThrow({ where: { id } });
    expect(JSON.stringify(row)).not.toMatch(/Post \d|Text \d/);
    expectProblem(await as().patch(`${path}/${id}`, { title: 'Again' }), 409, { code: 'excluded' });
    expectProblem(await pull(id), 409, { code: 'excluded' });
    expectProblem(await as().post(`${path}/${id}/resolve-conflict`, { keep: 'local' }), 409, {
      code: 'no_conflict',
    });
  });

  test('of a content whose post is gone deletes it', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    wordpress.state.posts.splice(wordpress.state.posts.indexOf(post), 1);
    await pull(id).expect(200);
    await as().delete(`${path}/${id}`).expect(204);
    expectProblem(await as().get(`${path}/${id}`), 404);
  });
});

describe('an include', () => {
  test('takes the post again, and leaves an event; a second is a 409', async () => {
    const post = writePost(wordpress, { title: 'Wanted again' });
    const { id } = await buildContent(server, tenant, post);
    await as().delete(`${path}/${id}`).expect(204);
    const answer = await as().post(`${path}/${id}/include`).expect(200);
    expect(answer.body).toMatchObject({
      id,
      title: 'Wanted again',
      sync_state: 'in_sync',
      status: 'published',
    });
    expectProblem(await as().post(`${path}/${id}/include`), 409, { code: 'not_excluded' });
    expect(await events()).toMatchObject([{ action: 'excluded' }, { action: 'included', contentId: id }]);
  });

  test('of a content whose post is gone says so by its state', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    await as().delete(`${path}/${id}`).expect(204);
    wordpress.state.posts.splice(wordpress.state.posts.indexOf(post), 1);
    const answer = await as().post(`${path}/${id}/include`).expect(200);
    expect(answer.body).toMatchObject({ sync_state: 'deleted_remote', external_status: 'deleted' });
  });

  test('on a site that cannot be read changes nothing', async () => {
    const { id } = await buildContent(server, tenant, writePost(wordpress));
    await as().delete(`${path}/${id}`).expect(204);
    wordpress.setFault('fatal');
    expectProblem(await as().post(`${path}/${id}/include`), 422);
    expect((await as().get(`${path}/${id}`)).body.sync_state).toBe('excluded');
  });
});

describe('a conflict', () => {
  /** A content whose title was changed on both sides. */
  async function buildConflict() {
    const post = writePost(wordpress, { title: 'Before' });
    const content = await buildContent(server, tenant, post);
    await as().patch(`${path}/${content.id}`, { title: 'Here' }).expect(200);
    post.title = 'There';
    post.modified_gmt = '2026-03-02T10:00:00';
    const { body } = await pull(content.id);
    expect(body.content).toMatchObject({ title: 'Here', sync_state: 'conflict' });
    return { id: content.id, post };
  }
  const resolve = (id: number, body: object) => as().post(`${path}/${id}/resolve-conflict`, body);

  test('resolved for `local` keeps the edits, and the next pull finds no conflict', async () => {
    const { id } = await buildConflict();
    const { body } = await resolve(id, { keep: 'local' }).expect(200);
    expect(body).toMatchObject({ title: 'Here', sync_state: 'local_changes' });
    expect((await pull(id)).body.content).toMatchObject({ title: 'Here', sync_state: 'local_changes' });
    expect((await events()).at(-1)).toMatchObject({
      action: 'conflict_resolved',
      details: { keep: 'local', user_id: tenant.owner.userId },
    });
  });

  test('resolved for `remote` reads and stores the site’s present item', async () => {
    const { id, post } = await buildConflict();
    // The post has changed again since the conflict.
    post.title = 'There, later';
    const { body } = await resolve(id, { keep: 'remote' }).expect(200);
    expect(body).toMatchObject({ title: 'There, later', sync_state: 'in_sync' });
    const content = await stored(id);
    expect(content.syncedVersion).toBe(content.localVersion);
    expect(content.externalModifiedAt).toEqual(new Date('2026-03-02T10:00:00Z'));
    expect((await events()).at(-1)).toMatchObject({
      action: 'conflict_resolved',
      details: { keep: 'remote', user_id: tenant.owner.userId },
    });
  });

  test('resolved for `remote` works also when the post was changed back', async () => {
    const { id, post } = await buildConflict();
    post.title = 'Before';
    const { body } = await resolve(id, { keep: 'remote' }).expect(200);
    expect(body).toMatchObject({ title: 'Before', sync_state: 'in_sync' });
  });

  test('with a deleted post is resolved as deleted_remote', async () => {
    const { id, post } = await buildConflict();
    post.status = 'trash';
    const { body } = await resolve(id, { keep: 'remote' }).expect(200);
    expect(body).toMatchObject({ title: 'Here', sync_state: 'deleted_remote', external_status: 'trash' });
  });

  test('stays when the site cannot be read, and the response gives the reason', async () => {
    const { id } = await buildConflict();
    wordpress.setFault('rest_cannot_access');
    const before = await everything();
    expectProblem(await resolve(id, { keep: 'remote' }), 422, { code: 'rest_disabled' });
    expect(await everything()).toEqual(before);
  });

  test.each(['local', 'remote'])('that does not exist cannot be resolved for %s', async (keep) => {
    const { body } = await create().expect(201);
    expectProblem(await resolve(body.id, { keep }), 409, { code: 'no_conflict' });
  });

  test.each([{}, { keep: 'both' }, { keep: 'local', more: 1 }])('resolved with %j is a 400', async (body) => {
    const { id } = await buildConflict();
    expectProblem(await resolve(id, body), 400);
    expect((await stored(id)).syncState).toBe('conflict');
  });

  test('resolved twice at once is resolved once', async () => {
    const { id } = await buildConflict();
    const answers = await Promise.all([resolve(id, { keep: 'local' }), resolve(id, { keep: 'remote' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});
