/** Contents that were deleted on the server, and what webhooks and the trash of their site say of them. */
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

const owner = () => server.as(site.tenant.owner);

/** A post that was read, and whose content was deleted on the server. */
async function excluded(way: Way): Promise<{ id: number; postId: number }> {
  site = await startSyncedSite(server, way);
  await site.sync({ direction: 'from_external' });
  const [content] = await site.contents({ contentType: 'post', status: 'published' });
  const id = content?.id ?? 0;
  await owner().delete(`/api/v1/content/${id}`).expect(204);
  return { id, postId: Number(content?.externalId) };
}

const ways: Way[] = ['connector', 'password'];

describe.each(ways)('an excluded content by %s', (way) => {
  it('stays away when its post goes to the trash and comes back', async () => {
    const { id, postId } = await excluded(way);
    site.wordpress.editor.trash(postId);
    await site.sync({ direction: 'from_external', full: true });
    expect(await site.content(id)).toMatchObject({ syncState: 'excluded', externalStatus: 'trash' });
    site.wordpress.editor.untrash(postId);
    await site.sync({ direction: 'from_external', full: true });
    expect(await site.content(id)).toMatchObject({ syncState: 'excluded', title: '' });
    expect(await site.contents({ externalId: String(postId) })).toHaveLength(1);
  });

  it('costs no reading of its post in a run without changes', async () => {
    const { postId } = await excluded(way);
    await site.sync({ direction: 'from_external' });
    const before = site.wordpress.state.requests.length;
    await site.sync({ direction: 'from_external' });
    const asked = site.wordpress.state.requests.slice(before).map(({ target }) => target);
    const included = asked.flatMap((target) => /include=([\d,]+)/.exec(target)?.[1]?.split(',') ?? []);
    expect(included).not.toContain(String(postId));
  });
});
