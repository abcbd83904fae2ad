import { describe, expect, it } from '@jest/globals';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
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

function post(externalId: string | null): SimulatedPost {
  const found = site.wordpress.state.posts.find(({ id }) => String(id) === externalId);
  if (!found) throw new Error(`The site has no post ${externalId}.`);
  return found;
}

function titled(title: string): SimulatedPost[] {
  return site.wordpress.state.posts.filter((each) => each.title === title);
}

/** The terms of a post, as `taxonomy:slug`. */
function termsOf({ terms = [] }: SimulatedPost): string[] {
  return terms
    .map((id) => site.wordpress.state.terms.find((term) => term.id === id))
    .map((term) => `${term?.taxonomy}:${term?.slug}`)
    .sort();
}

async function actions(contentId: number): Promise<string[]> {
  const events = await server.db.syncEvent.findMany({ where: { contentId }, orderBy: { id: 'asc' } });
  return events.map((event) => event.action);
}

/** Whether a request writes contents, in any of the ways to send them. */
const writes = ({ method, target }: { method: string; target: string }) =>
  method !== 'GET' && /batch|items|posts/.test(target);

const ways: Way[] = ['connector', 'password'];

describe.each(ways)('a push by %s', (way) => {
  it('creates the contents that are ready, with their terms and parent terms', async () => {
    site = await startSyncedSite(server, way);
    const id = await site.write({
      title: 'Ready "quoted" \\ 🎉',
      body: '<!-- wp:paragraph -->\n<p>Body</p>\n<!-- /wp:paragraph -->',
      excerpt: 'Short',
      slug: 'my-slug',
      status: 'ready',
      terms: [
        { taxonomy: 'category', slug: 'news', name: 'News' },
        { taxonomy: 'category', slug: 'world/europe', name: 'Europe' },
        { taxonomy: 'post_tag', slug: 'brand-new', name: 'Brand new' },
      ],
    });
    const run = await site.sync({ direction: 'to_external' });
    expect(run).toMatchObject({ status: 'success', totals: { pushed: 1, created: 1, failed: 0 } });
    const content = await site.content(id);
    expect(content).toMatchObject({ status: 'published', syncState: 'in_sync', externalStatus: 'publish' });
    expect(post(content.externalId)).toMatchObject({
      title: 'Ready "quoted" \\ 🎉',
      content: '<!-- wp:paragraph -->\n<p>Body</p>\n<!-- /wp:paragraph -->',
      excerpt: 'Short',
      slug: 'my-slug',
      status: 'publish',
    });
    expect(termsOf(post(content.externalId))).toEqual([
      'category:europe',
      'category:news',
      'post_tag:brand-new',
    ]);
    const europe = site.wordpress.state.terms.find((term) => term.slug === 'europe');
    const world = site.wordpress.state.terms.find((term) => term.slug === 'world');
    expect(europe?.parent).toBe(world?.id);
    expect(await actions(id)).toEqual(['created', 'pushed']);
  });

  it('sends as few requests for the terms of many contents as for one', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    const push = async (first: number, count: number) => {
      for (let each = first; each < first + count; each += 1) {
        const [category, tag] = [`category-${each}`, `tag-${each}`];
        site.wordpress.editor.createTerm('category', { name: category });
        site.wordpress.editor.createTerm('post_tag', { name: tag });
        const terms = [
          { taxonomy: 'category', slug: category, name: category },
          { taxonomy: 'post_tag', slug: tag, name: tag },
        ];
        await site.write({ title: `Many ${each}`, status: 'ready', terms });
      }
      const { requests } = site.wordpress.state;
      requests.length = 0;
      expect(await site.sync({ direction: 'to_external' })).toMatchObject({ totals: { created: count } });
      return requests.length;
    };
    // Before its first write a run requests the items that it knows already, however many contents it writes.
    await push(0, 3);
    const forOne = await push(3, 1);
    expect(await push(4, 20)).toBeLessThanOrEqual(forOne);
  });

  it('edits a pulled post and keeps a status of the site that is finer than ours', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    const [pending] = await site.contents({ externalStatus: 'pending' });
    await site.edit(pending?.id ?? 0, { title: 'Still pending' });
    await site.sync({ direction: 'to_external' });
    expect(post(pending?.externalId ?? '')).toMatchObject({ title: 'Still pending', status: 'pending' });
    await site.edit(pending?.id ?? 0, { status: 'ready' });
    await site.sync({ direction: 'to_external' });
    expect(post(pending?.externalId ?? '')).toMatchObject({ status: 'publish' });
    await site.edit(pending?.id ?? 0, { status: 'archived' });
    await site.sync({ direction: 'to_external' });
    expect(post(pending?.externalId ?? '')).toMatchObject({ status: 'draft' });
    await site.sync({ direction: 'from_external', full: true });
    expect(await site.content(pending?.id ?? 0)).toMatchObject({ status: 'archived', syncState: 'in_sync' });
  });

  it.each(['error_after', 'dropped_after', 'truncated', 'error_before', 'too_many_requests'] as const)(
    'ends with one post for each content when the site answers with %s',
    async (fault) => {
      site = await startSyncedSite(server, way);
      await site.sync({ direction: 'metadata' });
      const ids: number[] = [];
      for (let each = 0; each < 30; each += 1)
        ids.push(await site.write({ title: `Lost ${each}`, body: `<p>${each}</p>`, status: 'ready' }));
      site.wordpress.disturb({ fault, times: 1, when: writes });
      const run = await site.sync({ direction: 'to_external' });
      expect(run).toMatchObject({ status: 'success', error: null });
      for (let each = 0; each < 30; each += 1) expect(titled(`Lost ${each}`)).toHaveLength(1);
      for (const id of ids)
        expect(await site.content(id)).toMatchObject({ syncState: 'in_sync', createBegunAt: null });
    },
  );

  it.each([
    ['local', 'Ours'],
    ['remote', 'Theirs'],
    ['newest', 'Theirs'],
  ])('resolves a conflict by the rule %s', async (conflict, title) => {
    site = await startSyncedSite(server, way, { sync_settings: { conflict } });
    await site.sync({ direction: 'from_external' });
    const [content] = await site.contents({ externalId: '1' });
    const id = content?.id ?? 0;
    await site.edit(id, { title: 'Ours' });
    // WordPress dates edits to the second. Two seconds later, the site's edit is the newer one.
    site.wordpress.clock.offsetMs = 2_000;
    site.wordpress.editor.edit(1, { title: 'Theirs' });
    const run = await site.sync({ direction: 'both' });
    expect(run.totals).toMatchObject({ conflicts: 1 });
    expect(post('1').title).toBe(title);
    expect(await site.content(id)).toMatchObject({ title, syncState: 'in_sync' });
  });

  it('writes the other contents when the site refuses one, and retries that one later', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    const good = await site.write({ title: 'Good', status: 'ready' });
    const bad = await site.write({
      title: 'Bad',
      status: 'ready',
      metadata: { featured_media: 999_999 },
    });
    const run = await site.sync({ direction: 'to_external' });
    expect(run).toMatchObject({ status: 'partial', error: expect.stringContaining(`content ${bad}`) });
    expect(await site.content(good)).toMatchObject({ syncState: 'in_sync' });
    expect((await actions(bad)).at(-1)).not.toBe('pushed');
    expect(titled('Bad').length).toBeLessThanOrEqual(1);
  });
});
