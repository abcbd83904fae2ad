/** Posts that not everyone can read: private posts, and posts with a password. */
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

/** A published post of the site, by `change` closed to others, and its content here. */
async function closed(way: Way, change: { status?: string; password?: string }) {
  site = await startSyncedSite(server, way);
  const post = site.wordpress.state.posts.find(({ type, status }) => type === 'post' && status === 'publish');
  if (!post) throw new Error('The site has no published post.');
  Object.assign(post, change);
  expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
  const [content] = await site.contents({ contentType: 'post', externalId: String(post.id) });
  if (!content) throw new Error('The post was not read.');
  return { post, id: content.id };
}

const ways: Way[] = ['connector', 'password'];
const kinds = [
  ['private', { status: 'private' }],
  ['password', { password: 'sesame' }],
] as const;

describe.each(ways)('a closed post by %s', (way) => {
  it.each(kinds)('is not published here: %s', async (visibility, change) => {
    const { id } = await closed(way, change);
    const owner = server.as(site.tenant.owner);
    const { body } = await owner.get(`/api/v1/content/${id}`).expect(200);
    expect(body).toMatchObject({ status: 'private', visibility, sync_state: 'in_sync' });
    const published = await owner.get(`/api/v1/content?site_id=${site.tenant.site.siteId}&status=published`);
    expect(published.body.results.map((each: { id: number }) => each.id)).not.toContain(id);
    expect(JSON.stringify(await site.contents())).not.toContain('sesame');
  });

  it.each(kinds)('stays closed when it is edited here: %s', async (visibility, change) => {
    const { id, post } = await closed(way, change);
    for (const fields of [{ title: 'Edited' }, { title: 'Ready', status: 'ready' }]) {
      await site.edit(id, fields);
      expect(await site.sync({ direction: 'both' })).toMatchObject({ totals: { pushed: 1 } });
      expect(post).toMatchObject({ title: fields.title, status: 'publish', ...change });
      expect(await site.content(id)).toMatchObject({ status: 'private', visibility, syncState: 'in_sync' });
    }
  });

  it.each(kinds)(
    'is published here once anyone can read it, and closed again after: %s',
    async (visibility, change) => {
      const { id, post } = await closed(way, change);
      site.wordpress.editor.edit(post.id, { status: 'publish', password: '' });
      await site.sync({ direction: 'from_external' });
      expect(await site.content(id)).toMatchObject({ status: 'published', visibility: 'public' });
      site.wordpress.editor.edit(post.id, change);
      await site.sync({ direction: 'from_external' });
      expect(await site.content(id)).toMatchObject({ status: 'private', visibility });
    },
  );

  it.each(kinds)('closes a content with an edit here: %s', async (visibility, change) => {
    const { id, post } = await closed(way, {});
    expect(await site.content(id)).toMatchObject({ status: 'published', visibility: 'public' });
    await site.edit(id, { title: 'Edited here' });
    site.wordpress.editor.edit(post.id, change);
    await site.sync({ direction: 'from_external' });
    expect(await site.content(id)).toMatchObject({ status: 'private', visibility, title: 'Edited here' });
    await site.sync({ direction: 'to_external' });
    expect(post).toMatchObject({ title: 'Edited here', status: 'publish', ...change });
  });
});
