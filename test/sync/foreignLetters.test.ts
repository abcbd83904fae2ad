/** WordPress writes slugs in its own letters: of posts and of terms. */
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

const weather = '%d0%bf%d0%be%d0%b3%d0%be%d0%b4%d0%b0';
const ways: Way[] = ['connector', 'password'];

describe.each(ways)('by %s', (way) => {
  it('WordPress makes the slugs of titles, and they stay', async () => {
    site = await startSyncedSite(server, way);
    const titles = ['Største «nyheder» på Ærø', 'Привет, мир', '?!'];
    const ids: number[] = [];
    for (const title of titles) ids.push(await site.write({ title, body: '<p>x</p>', status: 'ready' }));
    await site.sync({ direction: 'both' });
    const contents = await Promise.all(ids.map((id) => site.content(id)));
    const posts = contents.map(({ externalId }) =>
      site.wordpress.state.posts.find(({ id }) => String(id) === externalId),
    );
    expect(posts.map((post) => post?.slug)).toEqual([
      'storste-nyheder-pa-aero',
      '%d0%bf%d1%80%d0%b8%d0%b2%d0%b5%d1%82-%d0%bc%d0%b8%d1%80',
      `${posts[2]?.id}-2`,
    ]);
    expect(contents.map(({ slug }) => slug)).toEqual(posts.map((post) => post?.slug));
    await expectNothingToWrite();
  });

  it('terms are known by their slugs as WordPress writes them', async () => {
    site = await startSyncedSite(server, way);
    const { editor, state } = site.wordpress;
    const before = [
      editor.createTerm('category', { name: 'Weather', slug: 'погода' }),
      editor.createTerm('category', { name: 'Offers', slug: 'offer' }),
      editor.createTerm('post_tag', { name: 'Weather', slug: 'погода' }),
    ].map(({ id }) => id);
    const term = (taxonomy: string, slug: string, name: string) => ({ taxonomy, slug, name });
    const count = state.terms.length;
    const id = await site.write({
      title: 'A',
      body: '<p>x</p>',
      status: 'ready',
      terms: [
        term('category', 'Погода', 'Today'),
        term('category', 'Offer', 'Today'),
        term('category', 'Offer/Новая Погода', 'New'),
        term('post_tag', 'ПОГОДА', 'Today'),
      ],
    });
    await site.sync({ direction: 'both' });
    expect(state.terms.slice(count)).toMatchObject([{ taxonomy: 'category', parent: before[1] }]);
    const content = await site.content(id);
    const post = state.posts.find((each) => String(each.id) === content.externalId);
    expect(post?.terms).toEqual(expect.arrayContaining(before));
    const slugs = (content.terms as { slug: string }[]).map(({ slug }) => slug);
    expect(slugs.sort()).toEqual([`%d0%bd%d0%be%d0%b2%d0%b0%d1%8f-${weather}`, weather, weather, 'offer']);
    await expectNothingToWrite();
  });
});

/** Both sides are in sync, and further runs write nothing to the site. */
async function expectNothingToWrite(): Promise<void> {
  const { state } = site.wordpress;
  state.requests.length = 0;
  expect(await site.sync({ direction: 'both', full: true })).toMatchObject({ status: 'success' });
  expect(await site.contents({ syncState: { not: 'in_sync' } })).toEqual([]);
  expect(state.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
}
