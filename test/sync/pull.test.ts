import { describe, expect, it } from '@jest/globals';
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

/** The site's contents and the stored contents, in the same form, for comparison. */
function onSite() {
  const { posts, terms } = site.wordpress.state;
  return posts
    .filter((post) => !['trash', 'auto-draft'].includes(post.status))
    .map((post) => ({
      id: String(post.id),
      type: post.type,
      title: post.title,
      slug: post.slug,
      body: post.content,
      status: post.status,
      terms: (post.terms ?? [])
        .map((id) => terms.find((term) => term.id === id))
        .map((term) => `${term?.taxonomy}:${term?.slug}`)
        .sort(),
    }))
    .sort((one, other) => Number(one.id) - Number(other.id));
}

async function stored() {
  const contents = await site.contents({ syncState: { not: 'deleted_remote' } });
  return contents
    .map((content) => ({
      id: content.externalId ?? '',
      type: content.contentType,
      title: content.title,
      slug: content.slug,
      body: content.body,
      status: content.externalStatus,
      terms: (content.terms as { taxonomy: string; slug: string }[])
        .map((term) => `${term.taxonomy}:${term.slug}`)
        .sort(),
    }))
    .sort((one, other) => Number(one.id) - Number(other.id));
}

function requests(): number {
  return site.wordpress.state.requests.length;
}

const ways: Way[] = ['connector', 'password'];

describe.each(ways)('a pull by %s', (way) => {
  it('stores every item in every status, and its terms', async () => {
    site = await startSyncedSite(server, way);
    const run = await site.sync({ direction: 'from_external' });
    expect(run).toMatchObject({ status: 'success', error: null });
    expect(run.totals).toMatchObject({ pulled: 10, created: 10, failed: 0 });
    expect(run.progress).toEqual({ done: 10, expected: 10 });
    expect(await stored()).toEqual(onSite());
    const terms = await server.db.siteTerm.findMany({ where: { siteId: site.tenant.site.siteId } });
    expect(terms.map((term) => `${term.taxonomy}:${term.slug}`).sort()).toEqual([
      'category:news',
      'category:uncategorized',
      'genre:poetry',
      'post_tag:green',
    ]);
    const types = await server.as(site.tenant.owner).get(site.path('/content-types')).expect(200);
    expect(types.body.content_types.post_types.post).toMatchObject({ synced_count: 6 });
    expect(types.body.content_types.taxonomies.category).toMatchObject({ synced_count: 2 });
    const status = await server.as(site.tenant.owner).get(site.path('/sync-status')).expect(200);
    expect(status.body).toMatchObject({
      sync_status: 'success',
      content: { total: 10, in_sync: 10 },
      last_run: { id: run.id },
    });
  });

  it('reads types and terms in other namespaces, and every status of a plugin', async () => {
    site = await startSyncedSite(server, way);
    const { editor, state } = site.wordpress;
    const own = { rest_namespace: 'cinema/v1', hierarchical: false };
    state.postTypes.film = { ...own, name: 'Films', rest_base: 'films', related: ['mood'] };
    state.taxonomies.mood = { ...own, name: 'Moods', rest_base: 'moods', related: ['film'] };
    state.hiddenStatuses.push('shelved');
    const film = editor.create('film', { title: 'A film', status: 'publish' });
    const shelved = editor.create('film', { title: 'On the shelf', status: 'shelved' });
    const written = await site.write({
      content_type: 'film',
      title: 'A film of ours',
      status: 'ready',
      terms: [{ taxonomy: 'mood', slug: 'quiet', name: 'Quiet' }],
    });
    for (const full of [false, true]) {
      const run = await site.sync({ direction: 'both', full });
      expect(run).toMatchObject({ status: 'success', error: null });
      expect(await stored()).toEqual(onSite());
    }
    expect(await site.content(written)).toMatchObject({ terms: [{ slug: 'quiet' }], syncState: 'in_sync' });
    editor.edit(shelved.id, { title: 'Still on the shelf' });
    editor.delete(film.id);
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({
      status: 'success',
      totals: { created: 0, updated: 1, deleted: 1 },
    });
    expect(await stored()).toEqual(onSite());
    const { body } = await server.as(site.tenant.owner).get(site.path('/content-types')).expect(200);
    expect(body.content_types.post_types.film).toMatchObject({ count: 2, synced_count: 2 });
  });

  it('sends few requests when no item has changed, and changes nothing', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    const before = requests();
    const run = await site.sync({ direction: 'from_external' });
    expect(run.status).toBe('success');
    expect(run.totals).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 });
    // Requests for three types, three taxonomies, and the site's own data. Without the plugin, a slice of each type is
    // compared too.
    expect(requests() - before).toBeLessThanOrEqual(way === 'connector' ? 13 : 13 + 3);
  });

  it('finds edited, new, trashed and deleted items', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    const { editor } = site.wordpress;
    editor.edit(1, { title: 'Edited "there" \\ 🎉', content: '<p>new</p>' });
    editor.trash(2);
    editor.delete(3);
    editor.create('post', { title: 'Brand new', status: 'publish', content: '<p>x</p>' });
    editor.create('page', { title: 'Backdated', status: 'draft', dateGmt: '2019-01-01T00:00:00' });
    const run = await site.sync({ direction: 'from_external' });
    expect(run).toMatchObject({ status: 'success' });
    expect(run.totals).toMatchObject({ created: 2, updated: 1, deleted: 2 });
    expect(await stored()).toEqual(onSite());
    const gone = await site.contents({ syncState: 'deleted_remote' });
    expect(gone.map((content) => [content.externalId, content.externalStatus])).toEqual([
      ['2', 'trash'],
      ['3', 'deleted'],
    ]);
    const events = await server
      .as(site.tenant.owner)
      .get(site.path('/events?event_type=content&limit=5'))
      .expect(200);
    expect(
      events.body.results.map((event: { details: { outcome: string } }) => event.details.outcome).sort(),
    ).toEqual(['created', 'created', 'deleted_remote', 'deleted_remote', 'updated']);
  });

  it('recognises an undated draft that was completely rewritten', async () => {
    site = await startSyncedSite(server, way);
    const { editor, clock } = site.wordpress;
    const { id } = editor.create('post', { title: 'Draft', content: '<p>one</p>', status: 'draft' });
    await site.sync({ direction: 'from_external' });
    // Saving gives the draft a new date.
    clock.offsetMs += 60_000;
    editor.edit(id, { title: 'Rewritten', content: '<p>two</p>' });
    const run = await site.sync({ direction: 'from_external' });
    expect(run.totals).toMatchObject({ updated: 1, created: 0, deleted: 0, conflicts: 0 });
    expect(await stored()).toEqual(onSite());
  });

  it('stores items that were restored from the trash', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    site.wordpress.editor.trash(1);
    await site.sync({ direction: 'from_external' });
    site.wordpress.editor.untrash(1);
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
    expect(await stored()).toEqual(onSite());
    expect(await site.contents({ syncState: 'deleted_remote' })).toEqual([]);
  });

  it('reads only the chosen types', async () => {
    site = await startSyncedSite(server, way);
    const run = await site.sync({ direction: 'from_external', content_types: ['page'] });
    expect(run.totals.created).toBe(2);
    const answer = await server
      .as(site.tenant.owner)
      .post(site.path('/sync'), { direction: 'from_external', content_types: ['page', 'nope'] })
      .expect(400);
    expect(answer.body.errors).toEqual([
      expect.objectContaining({ field: 'content_types.1', code: 'unknown_type' }),
    ]);
  });

  it('leaves out types that are switched off, and reads the newest items of a limited type', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    await server
      .as(site.tenant.owner)
      .patch(site.path(), {
        config_json: {
          content_types: { post_types: { page: { enabled: false }, post: { fetch_limit: 2 } } },
        },
      })
      .expect(200);
    await site.sync({ direction: 'from_external' });
    await site.sync({ direction: 'from_external' });
    const contents = await stored();
    expect(contents.map(({ id }) => id)).toEqual(['5', '6', '11', '12']);
  });

  it('stops when the site has lost nearly all items', async () => {
    site = await startSyncedSite(server, way);
    const { editor, state } = site.wordpress;
    for (let each = 0; each < 40; each += 1)
      editor.create('post', { title: `More ${each}`, status: 'publish' });
    await site.sync({ direction: 'from_external' });
    for (const post of [...state.posts]) if (post.type === 'post' && post.id > 20) editor.delete(post.id);
    const run = await site.sync({ direction: 'from_external' });
    expect(run).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/At least 33 of 46 known items/),
    });
    expect(await site.contents({ syncState: 'deleted_remote' })).toEqual([]);
  });
});
