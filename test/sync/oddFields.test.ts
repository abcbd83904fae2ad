/**
 * Fields of items that cannot be read: the rest of the item is taken, the field stays as it is here, and a note
 * tells of it.
 */
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

async function notes() {
  const answer = await server
    .as(site.tenant.owner)
    .get(site.path('/events?success=false&limit=200'))
    .expect(200);
  return answer.body.results.filter(({ action }: { action: string }) => action === 'fields_unread');
}

const noChange = { created: 0, updated: 0, deleted: 0, conflicts: 0, failed: 0 };
const UNREAD = ['metadata.author', 'title', 'excerpt', 'metadata.featured_media'];

describe.each<Way>(['connector', 'password'])('by %s', (way) => {
  /** The first post of each answer has odd fields. */
  const beginToSpoil = () =>
    site.wordpress.disturb({ fault: 'item_odd_fields', when: ({ target }) => /posts|items/.test(target) });
  const firstPost = () => site.wordpress.state.posts.find(({ type }) => type === 'post')?.id ?? 0;
  const contentOf = async (id: number) => (await site.contents({ externalId: String(id) }))[0];

  it('a new item is taken with defaults, and a note names item and field', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    beginToSpoil();
    const run = await site.sync({ direction: 'from_external', content_types: ['post'] });
    expect(run).toMatchObject({ status: 'success', totals: { created: 6, failed: 0 } });
    const id = firstPost();
    const content = await contentOf(id);
    expect(content).toMatchObject({ title: '', excerpt: '', syncState: 'in_sync' });
    expect(content?.body).not.toBe('');
    expect(content?.unreadFields.sort()).toEqual([...UNREAD].sort());
    const told = await notes();
    expect(told).toHaveLength(4);
    expect(told).toContainEqual(
      expect.objectContaining({
        external_id: String(id),
        error_message: `The featured_media is not a whole number. It stays as it is here. Item ${id}.`,
        details: expect.objectContaining({ field: 'metadata.featured_media', items: 1 }),
      }),
    );
    const again = await site.sync({ direction: 'from_external', content_types: ['post'], full: true });
    expect(again).toMatchObject({ status: 'success', totals: noChange });

    site.wordpress.calm();
    await site.sync({ direction: 'from_external', content_types: ['post'], full: true });
    expect(await contentOf(id)).toMatchObject({ title: expect.stringMatching(/./), unreadFields: [] });
  });

  it('a known item keeps its fields, and an edit here is sent without them', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external', content_types: ['post'] });
    const id = firstPost();
    const before = await contentOf(id);
    beginToSpoil();
    const run = await site.sync({ direction: 'from_external', content_types: ['post'], full: true });
    expect(run).toMatchObject({ status: 'success', totals: noChange });
    expect(await contentOf(id)).toMatchObject({
      title: before?.title,
      excerpt: before?.excerpt,
      metadata: before?.metadata ?? {},
    });
    await site.edit(before?.id ?? 0, { body: 'Edited here' });
    const { requests } = site.wordpress.state;
    requests.length = 0;
    const pushed = await site.sync({ direction: 'both', content_types: ['post'] });
    expect(pushed).toMatchObject({ status: 'success', totals: { pushed: 1, conflicts: 0, failed: 0 } });
    const post = site.wordpress.state.posts.find((each) => each.id === id);
    expect(post).toMatchObject({ content: 'Edited here', title: before?.title });
    expect(await contentOf(id)).toMatchObject({ title: before?.title, syncState: 'in_sync' });
  });

  it('a field that was never read is not sent as an empty value, and an edit of it is sent', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    beginToSpoil();
    await site.sync({ direction: 'from_external', content_types: ['post'] });
    const id = firstPost();
    const title = () => site.wordpress.state.posts.find((each) => each.id === id)?.title;
    const before = title();
    const { id: contentId = 0 } = (await contentOf(id)) ?? {};
    await site.edit(contentId, { body: 'Edited here' });
    const first = await site.sync({ direction: 'to_external', content_types: ['post'] });
    expect(first).toMatchObject({ status: 'success', totals: { pushed: 1, conflicts: 0 } });
    expect(title()).toBe(before);
    await site.edit(contentId, { title: 'A title from here' });
    const second = await site.sync({ direction: 'both', content_types: ['post'] });
    expect(second).toMatchObject({ status: 'success', totals: { pushed: 1, conflicts: 0 } });
    expect(title()).toBe('A title from here');
  });

  it('a field that heals between the edit and the push is taken, not overwritten', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    beginToSpoil();
    await site.sync({ direction: 'from_external', content_types: ['post'] });
    const id = firstPost();
    const before = site.wordpress.state.posts.find((each) => each.id === id)?.title;
    const { id: contentId = 0 } = (await contentOf(id)) ?? {};
    await site.edit(contentId, { body: 'Edited here' });
    site.wordpress.calm();
    const run = await site.sync({ direction: 'to_external', content_types: ['post'] });
    expect(run).toMatchObject({ status: 'success', totals: { pushed: 1, conflicts: 0 } });
    expect(site.wordpress.state.posts.find((each) => each.id === id)).toMatchObject({
      title: before,
      content: 'Edited here',
    });
    await site.sync({ direction: 'from_external', content_types: ['post'], full: true });
    expect(await contentOf(id)).toMatchObject({ title: before, body: 'Edited here', unreadFields: [] });
  });
});

describe.each<Way>(['connector', 'password'])('by %s, a term', (way) => {
  const terms = () =>
    server.db.siteTerm.findMany({
      where: { siteId: site.tenant.site.siteId },
      select: { taxonomy: true, externalId: true, slug: true, name: true, parentId: true },
      orderBy: { id: 'asc' },
    });
  const itemTerms = async () =>
    (await site.contents()).map(({ externalId, terms: held }) => ({ externalId, held }));
  const changes = () =>
    server.db.syncEvent.count({ where: { siteId: site.tenant.site.siteId, action: 'term_changed' } });
  const pull = () => site.sync({ direction: 'from_external', full: true });

  it.each<{ fault: FaultName; field: string; message: string }>([
    { fault: 'term_names_odd', field: 'name', message: 'The name is not a text.' },
    { fault: 'term_slugs_odd', field: 'slug', message: 'The slug is not a text.' },
  ])('with $fault stays as it is, and notes tell of it', async ({ fault, field, message }) => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    const before = { terms: await terms(), held: await itemTerms() };
    site.wordpress.setFault(fault);
    expect(await pull()).toMatchObject({ status: 'success', error: null, totals: noChange });
    expect({ terms: await terms(), held: await itemTerms() }).toEqual(before);
    expect(await changes()).toBe(0);
    const told = await notes();
    expect(told).toContainEqual(
      expect.objectContaining({
        external_id: '1',
        error_message: `${message} It stays as it is here. Terms 1, 2.`,
        details: expect.objectContaining({ taxonomy: 'category', field, items: 2 }),
      }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({
        error_message: expect.stringContaining(`A term of category: the ${field} is not a text.`),
        details: expect.objectContaining({ content_type: 'post', field: 'terms' }),
      }),
    );
    site.wordpress.clearFaults();
    expect(await pull()).toMatchObject({ status: 'success', error: null, totals: noChange });
    expect(await site.contents({ unreadFields: { isEmpty: false } })).toEqual([]);
  });

  it('with an odd name is taken with its slug as its name, and gets its name when the site is mended', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    site.wordpress.setFault('term_names_odd');
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    expect(await terms()).toContainEqual(expect.objectContaining({ slug: 'news', name: 'news' }));
    const [content] = await site.contents({ contentType: 'post' });
    expect(content).toMatchObject({
      unreadFields: ['terms'],
      terms: expect.arrayContaining([{ taxonomy: 'category', slug: 'news', name: 'news' }]),
    });
    site.wordpress.clearFaults();
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    expect(await site.content(content?.id ?? 0)).toMatchObject({
      unreadFields: [],
      syncState: 'in_sync',
      terms: expect.arrayContaining([{ taxonomy: 'category', slug: 'news', name: 'News' }]),
    });
  });

  it('with an odd name that gets another slug has the slug, and keeps its name', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    site.wordpress.setFault('term_names_odd');
    const news = site.wordpress.state.terms.find(({ slug }) => slug === 'news');
    Object.assign(news ?? {}, { slug: 'reports' });
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    expect(await terms()).toContainEqual(expect.objectContaining({ slug: 'reports', name: 'News' }));
    const [content] = await site.contents({ contentType: 'post' });
    expect(content?.terms).toContainEqual({ taxonomy: 'category', slug: 'reports', name: 'News' });
  });

  it.each(['an odd id', 'no id'])('with %s does not count as deleted, and the run says so', async (kind) => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
    const before = { terms: await terms(), held: await itemTerms() };
    if (kind === 'an odd id') site.wordpress.setFault('term_ids_odd');
    else
      site.wordpress.disturb({
        fault: 'item_without_id',
        when: ({ target }) => /categories/.test(target) && !/include/.test(target),
      });
    expect(await pull()).toMatchObject({
      status: 'partial',
      error: expect.stringMatching(/Terms of category: read \d of 2/),
    });
    expect({ terms: await terms(), held: await itemTerms() }).toEqual(before);
    expect(await changes()).toBe(0);
  });
});
