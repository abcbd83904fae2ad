import { describe, expect, it } from '@jest/globals';
import type { FaultName } from '../../src/simulation/wordpress/faults.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

// The tests for all platforms are in test/contract/platforms/contentSuite.ts.

const pull = (more: object = {}) => site.sync({ direction: 'from_external', ...more });

/** A site with `count` posts more than the usual ones. */
async function start(count: number, fields: object = {}, way: Way = 'password'): Promise<void> {
  site = await startSyncedSite(server, way);
  for (let n = 0; n < count; n += 1)
    site.wordpress.editor.create('post', { title: `Extra ${(n * 7) % count}`, status: 'publish', ...fields });
}

function onSite(type?: string) {
  return site.wordpress.state.posts.filter(
    (post) => !['trash', 'auto-draft'].includes(post.status) && (type === undefined || post.type === type),
  );
}

async function expectInStep(): Promise<void> {
  const stored = await site.contents({ syncState: { not: 'deleted_remote' } });
  const there = onSite();
  expect(
    stored
      .map(({ externalId, title }) => [Number(externalId), title])
      .sort((a, b) => Number(a[0]) - Number(b[0])),
  ).toEqual(there.map(({ id, title }) => [id, title]));
}

const FAULTS: FaultName[] = [
  'lists_shortened',
  'page_limit_lowered',
  'order_forced',
  'items_doubled',
  'total_stripped',
  'total_doubled',
];

describe.each(FAULTS)('a site with %s', (fault) => {
  it('is read completely, its edits, new items and deletions are found, and terms stay', async () => {
    await start(20);
    site.wordpress.setFault(fault);
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    await expectInStep();
    const { editor, state } = site.wordpress;
    const posts = onSite('post').map(({ id }) => id);
    for (const id of posts.slice(0, 12)) editor.edit(id, { title: `Edited ${id}` });
    editor.delete(posts[15] ?? 0);
    editor.create('post', { title: 'New', status: 'publish' });
    for (const title of ['Backdated', 'Older'])
      editor.create('post', { title, status: 'draft', dateGmt: '2019-01-01T00:00:00' });
    expect(await pull()).toMatchObject({
      status: 'success',
      error: null,
      totals: { created: 3, updated: 12, deleted: 1 },
    });
    await expectInStep();
    const terms = await server.db.siteTerm.findMany({ where: { siteId: site.tenant.site.siteId } });
    expect(terms).toHaveLength(state.terms.length);
    const [first] = await site.contents({ externalId: '1' });
    expect(first?.terms).toHaveLength(state.posts.find(({ id }) => id === 1)?.terms?.length ?? -1);
  });

  it('gives the newest posts, if only those are wanted', async () => {
    await start(20);
    await pull({ direction: 'metadata' });
    const newest = onSite('post')
      .slice(-7)
      .map(({ id }) => String(id));
    await server
      .as(site.tenant.owner)
      .patch(site.path(), { config_json: { content_types: { post_types: { post: { fetch_limit: 7 } } } } })
      .expect(200);
    site.wordpress.setFault(fault);
    expect(await pull({ content_types: ['post'] })).toMatchObject({ status: 'success', error: null });
    const stored = await site.contents({ contentType: 'post' });
    expect(stored.map(({ externalId }) => externalId).sort()).toEqual(newest.sort());
  });
});

describe.each<Way>(['connector', 'password'])('a site by %s whose theme shortens every list', (way) => {
  it('gives every link after its permalinks have changed', async () => {
    await start(20, {}, way);
    const { connector } = site.wordpress.state;
    if (connector !== null) connector.version = '0.6.0';
    site.wordpress.setFault('lists_shortened');
    await pull();
    site.wordpress.editor.setPermalinks('/archives/%post_id%');
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    for (const { externalId, externalUrl } of await site.contents())
      expect(externalUrl).toBe(site.wordpress.permalink(Number(externalId)));
  });
});

describe('a site that leaves items out of its lists', () => {
  it('is read by the ids that fit between the others', async () => {
    await start(20);
    site.wordpress.setFault('items_left_out');
    // Its terms stay incomplete, as terms are not looked for by their ids.
    const { error } = await pull({ content_types: ['post'] });
    expect(error).not.toContain('post: read');
    expect(await site.contents({ contentType: 'post' })).toHaveLength(onSite('post').length);
  });

  describe.each<{ denies: FaultName[] }>([{ denies: [] }, { denies: ['items_closed'] }])(
    'and denies them too: $denies',
    ({ denies }) => {
      const shown = ({ terms }: { terms: unknown }) => terms;
      /** The terms of a post on the site. `uncategorized` is left out of the list of terms. */
      const there = () => site.wordpress.state.posts.find(({ id }) => id === 2)?.terms?.toSorted();

      it('has terms that stay in their contents, and no edit of other terms removes them there', async () => {
        site = await startSyncedSite(server, 'password');
        const { editor } = site.wordpress;
        editor.setTerms(2, 'category', [1, 2]);
        await pull();
        const [before] = await site.contents({ externalId: '2' });
        expect(before && shown(before)).toContainEqual(expect.objectContaining({ slug: 'uncategorized' }));
        site.wordpress.setFault('items_left_out', ...denies);
        editor.edit(2, { content: 'Edited there' });
        await pull({ full: true });
        const id = before?.id ?? 0;
        const after = await site.content(id);
        expect(after).toMatchObject({ terms: before?.terms, syncState: 'in_sync' });
        const added = { taxonomy: 'post_tag', slug: 'added', name: 'Added' };
        const kept = [shown(after)].flat().filter((term) => term !== null && typeof term === 'object');
        await site.edit(id, { terms: [...kept, added] });
        expect(await site.sync({ direction: 'to_external' })).toMatchObject({
          totals: { pushed: 1, conflicts: 0 },
        });
        const made = site.wordpress.state.terms.find(({ slug }) => slug === 'added');
        expect(there()).toEqual([1, 2, 3, made?.id].toSorted());
      });

      it('that were never read, and no edit of texts removes them there', async () => {
        site = await startSyncedSite(server, 'password');
        site.wordpress.editor.setTerms(2, 'category', [1, 2]);
        await pull({ direction: 'metadata' });
        site.wordpress.setFault('items_left_out', ...denies);
        await pull();
        const [content] = await site.contents({ externalId: '2' });
        const isDenied = denies.length > 0;
        expect(content?.unreadFields).toEqual(isDenied ? ['terms'] : []);
        await site.edit(content?.id ?? 0, { body: 'Edited here' });
        await site.sync({ direction: 'to_external' });
        expect(there()).toEqual([1, 2, 3]);
        site.wordpress.clearFaults();
        await pull({ full: true });
        expect(await site.content(content?.id ?? 0)).toMatchObject({
          unreadFields: [],
          terms: expect.arrayContaining([expect.objectContaining({ slug: 'uncategorized' })]),
        });
      });
    },
  );

  it('ends a run as partial, with what was read, and the next run reads the rest', async () => {
    await start(20);
    site.wordpress.setFault('items_left_out', 'items_closed');
    const posts = onSite('post').length;
    const run = await pull({ content_types: ['post'] });
    const read = (await site.contents({ contentType: 'post' })).length;
    expect(read).toBeLessThan(posts);
    expect(run).toMatchObject({
      status: 'partial',
      error: expect.stringContaining(`post: read ${read} of ${posts}`),
      totals: { deleted: 0 },
    });
    const { body } = await server
      .as(site.tenant.owner)
      .get(site.path('/events?event_type=sync&success=false&limit=20'))
      .expect(200);
    expect(body.results).toContainEqual(
      expect.objectContaining({
        action: 'incomplete',
        details: expect.objectContaining({ content_type: 'post', read, of: posts }),
      }),
    );
    site.wordpress.clearFaults();
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    await expectInStep();
  });
});

describe('a site that was read by an earlier version', () => {
  it('is asked for the items that the version took for hidden ones', async () => {
    // Posts with an old date, which no reading of the latest changes finds.
    await start(20, { dateGmt: '2019-01-01T00:00:00' });
    await pull();
    const rows = await site.contents({ contentType: 'post' });
    await server.db.content.deleteMany({ where: { id: { in: rows.slice(3).map(({ id }) => id) } } });
    await server.db.$executeRaw`
      UPDATE type_sync SET watermark = (watermark::jsonb - 'refused' || ${JSON.stringify({ unseen: rows.length - 3 })}::jsonb)::json
      WHERE content_type = 'post' AND site_id = ${site.tenant.site.siteId}`;
    expect(await pull()).toMatchObject({ status: 'success', totals: { created: rows.length - 3 } });
    await expectInStep();
  });
});

describe('a taxonomy with more terms than a page', () => {
  it('is read completely, although core knows no offset for it', async () => {
    await start(0);
    const { terms } = site.wordpress.state;
    for (let n = 0; n < 250; n += 1)
      terms.push({ id: 1_000 + n, taxonomy: 'category', slug: `more-${n}`, name: `More ${n}` });
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    const where = { siteId: site.tenant.site.siteId, taxonomy: 'category' };
    expect(await server.db.siteTerm.count({ where })).toBe(
      terms.filter(({ taxonomy }) => taxonomy === 'category').length,
    );
  });

  it('that gives fewer terms than it counts ends the run as partial, and deletes no term here', async () => {
    await start(0);
    await pull();
    const before = await server.db.siteTerm.count({ where: { siteId: site.tenant.site.siteId } });
    site.wordpress.setFault('items_left_out');
    expect(await pull()).toMatchObject({
      status: 'partial',
      error: expect.stringMatching(/Terms of category: read \d+ of \d+/),
    });
    expect(await server.db.siteTerm.count({ where: { siteId: site.tenant.site.siteId } })).toBe(before);
  });
});

describe('a site that allows only small pages', () => {
  it('refuses a large page once, as its limit is remembered', async () => {
    await start(20);
    site.wordpress.setFault('page_limit_lowered');
    await pull();
    const large = () =>
      site.wordpress.state.requests.filter(({ target }) => /[?&]per_page=(100|50|25|12|6)(&|$)/.test(target));
    const { length } = large();
    expect(length).toBeGreaterThan(0);
    await pull();
    expect(large()).toHaveLength(length);
  });
});

describe.each<FaultName>(['lists_shortened', 'page_limit_lowered'])('a push to a site with %s', (fault) => {
  it('finds every term that the site has, and makes none twice', async () => {
    await start(0);
    const { terms } = site.wordpress.state;
    const slugs = Array.from({ length: 12 }, (_, n) => `tag-${n}`);
    for (const [n, slug] of slugs.entries())
      terms.push({ id: 2_000 + n, taxonomy: 'post_tag', slug, name: `There ${n}` });
    const count = terms.length;
    site.wordpress.setFault(fault);
    const id = await site.write({
      title: 'With many tags',
      status: 'ready',
      terms: slugs.map((slug, n) => ({ taxonomy: 'post_tag', slug, name: `Here ${n}` })),
    });
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success', error: null });
    expect(terms).toHaveLength(count);
    const { terms: tagged } = await site.content(id);
    // WordPress adds its default category.
    expect(tagged).toHaveLength(slugs.length + 1);
  });
});
