/** A site's structure: update-structure, content-types, and the user's settings for its types. */
import { describe, expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildUser, type TestTenant } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const report = {
  post_types: {
    post: { label: 'Posts', count: 6, rest_base: 'posts', hierarchical: false, taxonomies: ['category'] },
    book: { label: 'Books & more', count: 2 },
  },
  taxonomies: { category: { label: 'Categories', count: 2, post_types: ['post'] } },
  plugin_connection_enabled: true,
  two_way_sync_enabled: false,
  timestamp: '2026-03-01T10:00:00Z',
};
let server: TestServer;
let wordpress: SimulatedWordpress;
let tenant: TestTenant;
let path: string;
withWordpress((stage) => {
  ({ server, wordpress, tenant, path } = stage);
});

const push = (body: object) => server.withKey(tenant.site.key).post(`${path}/update-structure`, body);
const contentTypes = async () =>
  (await server.as(tenant.owner).get(`${path}/content-types`).expect(200)).body.content_types;

const shown = {
  post_types: {
    post: {
      ...report.post_types.post,
      enabled: true,
      fetch_limit: null,
      synced_count: 0,
      last_synced_at: null,
    },
    book: {
      ...report.post_types.book,
      enabled: true,
      fetch_limit: null,
      synced_count: 0,
      last_synced_at: null,
    },
  },
  taxonomies: { category: { ...report.taxonomies.category, enabled: true, synced_count: 0 } },
  plugin_connection_enabled: true,
  two_way_sync_enabled: false,
  last_structure_fetch: time,
};

test('a site without a report has no structure', async () => {
  expect(await contentTypes()).toEqual({
    post_types: {},
    taxonomies: {},
    plugin_connection_enabled: false,
    two_way_sync_enabled: false,
    last_structure_fetch: null,
  });
});

describe('update-structure', () => {
  test('replaces the stored structure', async () => {
    const first = await push(report).expect(200);
    expect(first.body).toEqual({ applied: true, content_types: shown });
    expect(await contentTypes()).toEqual(shown);
    const next = {
      ...report,
      post_types: { page: { label: 'Pages', count: 1 } },
      taxonomies: {},
      timestamp: '2026-03-01T10:00:01Z',
    };
    expect((await push(next).expect(200)).body.applied).toBe(true);
    const after = await contentTypes();
    expect(Object.keys(after.post_types)).toEqual(['page']);
    expect(after.taxonomies).toEqual({});
    const events = await server.db.syncEvent.findMany({
      where: { integrationId: tenant.integrationId, eventType: 'structure' },
      orderBy: { id: 'asc' },
    });
    expect(events.map(({ action, success, details }) => [action, success, details])).toEqual([
      ['pushed', true, { post_types: 2, taxonomies: 1, timestamp: report.timestamp, user_id: null }],
      ['pushed', true, { post_types: 1, taxonomies: 0, timestamp: next.timestamp, user_id: null }],
      ['type_gone', false, { content_types: ['book', 'post'] }],
    ]);
  });

  test('works the same for an editor', async () => {
    const editor = await buildUser(server, tenant.accountId, 'editor');
    const answer = await server.as(editor).post(`${path}/update-structure`, report).expect(200);
    expect(answer.body).toEqual({ applied: true, content_types: shown });
  });

  test.each(['update_structure', 'update-site-structure', 'update_site_structure', 'update-structure/'])(
    'has the alias %s',
    async (spelling) => {
      const answer = await server.withKey(tenant.site.key).post(`${path}/${spelling}`, report).expect(200);
      expect(answer.body.applied).toBe(true);
    },
  );

  test('with an older timestamp is not stored and says so; an equal timestamp is accepted', async () => {
    await push(report).expect(200);
    const before = await contentTypes();
    const older = { ...report, post_types: {}, timestamp: '2026-03-01T09:59:59Z' };
    expect((await push(older).expect(200)).body).toEqual({ applied: false, content_types: before });
    expect(await contentTypes()).toEqual(before);
    // The hour is later, but with its offset the time is earlier.
    const elsewhere = { ...report, post_types: {}, timestamp: '2026-03-01T11:30:00+02:00' };
    expect((await push(elsewhere).expect(200)).body.applied).toBe(false);
    expect((await push(report).expect(200)).body.applied).toBe(true);
    const outdated = { integrationId: tenant.integrationId, action: 'outdated' };
    expect(await server.db.syncEvent.count({ where: outdated })).toBe(2);
  });

  test('stores the newest of twenty reports that arrive at once', async () => {
    const reports = Array.from({ length: 20 }, (_, i) => ({
      ...report,
      post_types: { post: { label: `Posts ${i}`, count: i } },
      timestamp: `2026-03-01T10:00:${String(i).padStart(2, '0')}Z`,
    }));
    await Promise.all(reports.reverse().map((each) => push(each).expect(200)));
    expect((await contentTypes()).post_types.post.label).toBe('Posts 19');
  });

  test.each<[string, object, string[]]>([
    [
      'nothing',
      {},
      ['plugin_connection_enabled', 'post_types', 'taxonomies', 'timestamp', 'two_way_sync_enabled'],
    ],
    ['an unknown field', { ...report, site: 1 }, ['site']],
    ['a list of types', { ...report, post_types: [] }, ['post_types']],
    [
      'a negative count',
      { ...report, post_types: { post: { label: 'x', count: -1 } } },
      ['post_types.post.count'],
    ],
    [
      'a choice of the user',
      { ...report, post_types: { post: { label: 'x', count: 1, enabled: false } } },
      ['post_types.post.enabled'],
    ],
    ['a type without label', { ...report, taxonomies: { tag: { count: 1 } } }, ['taxonomies.tag.label']],
    ['a day as timestamp', { ...report, timestamp: '2026-03-01' }, ['timestamp']],
    ['a number as timestamp', { ...report, timestamp: 1 }, ['timestamp']],
    ['a day after tomorrow', { ...report, timestamp: '2999-01-01T00:00:00Z' }, ['timestamp']],
    [
      'NUL in a label',
      { ...report, post_types: { post: { label: 'x\0', count: 1 } } },
      ['post_types.post.label'],
    ],
    [
      'half a surrogate pair',
      { ...report, taxonomies: { t: { label: '\udc00', count: 1 } } },
      ['taxonomies.t.label'],
    ],
  ])('refuses %s', async (_what, body, fields) => {
    expectProblem(await push(body), 400, { code: 'invalid_input', fields });
    expect((await contentTypes()).last_structure_fetch).toBeNull();
  });
});

describe("a user's choices", () => {
  const choose = (choices: object) =>
    server.as(tenant.owner).patch(path, { config_json: { content_types: choices } });

  test('survive the next report, the next sync, and every other change', async () => {
    await push(report).expect(200);
    const chosen = await choose({
      post_types: { post: { enabled: false, fetch_limit: 50 } },
      taxonomies: { category: { enabled: false } },
    }).expect(200);
    expect(chosen.body.config_json.content_types.post_types.post).toMatchObject({
      enabled: false,
      fetch_limit: 50,
    });
    const kept = async () => {
      const { post_types, taxonomies } = await contentTypes();
      expect(post_types.post).toMatchObject({ enabled: false, fetch_limit: 50 });
      expect(post_types.book).toMatchObject({ enabled: true, fetch_limit: null });
      expect(taxonomies.category).toMatchObject({ enabled: false });
    };
    await kept();
    await push({ ...report, timestamp: '2026-03-02T10:00:00Z' }).expect(200);
    await kept();
    for (let i = 0; i < 2; i += 1) {
      const run = await server.as(tenant.owner).post(`${path}/sync`, { direction: 'metadata' }).expect(200);
      expect(run.body.status).toBe('success');
      await kept();
    }
    await server
      .as(tenant.owner)
      .patch(path, { config_json: { sync_settings: { concurrency: 2 } } })
      .expect(200);
    await kept();
    await server.as(tenant.owner).patch(path, { config_json: null }).expect(200);
    await kept();
    await server.as(tenant.owner).put(path, {}).expect(200);
    await kept();
    await choose({ post_types: { post: { fetch_limit: null } } }).expect(200);
    expect((await contentTypes()).post_types.post).toMatchObject({ enabled: false, fetch_limit: null });
  });

  test("do not change the site's own values when a caller sends the response back", async () => {
    await push(report).expect(200);
    await choose({ post_types: { post: { label: 'Mine', count: 999, enabled: false } } }).expect(200);
    expect((await contentTypes()).post_types.post).toMatchObject({
      label: 'Posts',
      count: 6,
      enabled: false,
    });
  });

  test.each<[object, string]>([
    [{ post_types: { nope: { enabled: true } } }, 'post_types.nope'],
    [{ post_types: { constructor: { enabled: true } } }, 'post_types.constructor'],
    [{ taxonomies: { nope: { enabled: true } } }, 'taxonomies.nope'],
    [{ post_types: { post: { enabled: 'no' } } }, 'post_types.post.enabled'],
    [{ post_types: { post: { fetch_limit: 0 } } }, 'post_types.post.fetch_limit'],
    [{ post_types: { post: { fetch_limit: 1.5 } } }, 'post_types.post.fetch_limit'],
  ])('%j are refused', async (choices, field) => {
    await push(report).expect(200);
    const before = await contentTypes();
    expectProblem(await choose(choices), 400, { fields: [`config_json.content_types.${field}`] });
    expect(await contentTypes()).toEqual(before);
  });
});

test.each(['content-types', 'content_types', 'get-content-types', 'get_content_types/'])(
  'after a sync, %s equals the types of WordPress',
  async (spelling) => {
    await server.as(tenant.owner).post(`${path}/sync`, { direction: 'metadata' }).expect(200);
    const { body } = await server.as(tenant.owner).get(`${path}/${spelling}`).expect(200);
    const { postTypes, taxonomies, posts, terms } = wordpress.state;
    const visible = Object.entries(postTypes).filter(([, type]) => type.internal !== true);
    const expected = visible.map(([slug, type]) => [
      slug,
      {
        label: type.name.replace('&amp;', '&'),
        count: posts.filter((post) => post.type === slug && !['trash', 'auto-draft'].includes(post.status))
          .length,
        rest_base: type.rest_base,
        hierarchical: type.hierarchical,
        taxonomies: type.related,
        enabled: true,
        fetch_limit: null,
        synced_count: 0,
        last_synced_at: null,
      },
    ]);
    expect(body.content_types.post_types).toEqual(Object.fromEntries(expected));
    expect(Object.keys(body.content_types.taxonomies).sort()).toEqual(
      Object.entries(taxonomies)
        .flatMap(([slug, type]) => (type.internal ? [] : [slug]))
        .sort(),
    );
    for (const [slug, taxonomy] of Object.entries<{ count: number }>(body.content_types.taxonomies)) {
      expect(taxonomy.count).toBe(terms.filter((term) => term.taxonomy === slug).length);
    }
    expect(body.content_types).toMatchObject({ plugin_connection_enabled: true, last_structure_fetch: time });
  },
);
