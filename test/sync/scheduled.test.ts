/** Posts that their site publishes later by itself, which leaves their dates of modification. */
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

const ways: Way[] = ['connector', 'password'];

describe.each(ways)('a scheduled post by %s', (way) => {
  it('is published here in the run after its site has published it', async () => {
    site = await startSyncedSite(server, way);
    const [post, other] = site.wordpress.state.posts.filter(
      ({ type, status }) => type === 'post' && status === 'publish',
    );
    if (!post || !other) throw new Error('The site has no two published posts.');
    for (const each of [post, other]) each.status = 'future';
    await site.sync({ direction: 'from_external' });
    const [content] = await site.contents({ externalId: String(post.id), contentType: 'post' });
    expect(content).toMatchObject({ status: 'draft', externalStatus: 'future' });

    post.status = 'publish';
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({
      status: 'success',
      totals: { updated: 1 },
    });
    expect(await site.content(content?.id ?? 0)).toMatchObject({
      status: 'published',
      externalStatus: 'publish',
    });
    const [waiting] = await site.contents({ externalId: String(other.id), contentType: 'post' });
    expect(waiting).toMatchObject({ status: 'draft', externalStatus: 'future' });
  });
});
