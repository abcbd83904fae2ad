/** Items that a person edits on the site just now: a push waits, so that their next save does not overwrite it. */
import { expect, it } from '@jest/globals';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

const posts = { direction: 'both', content_types: ['post'] };
const anna = { id: 77, login: 'Anna', role: 'editor', applicationPassword: null } as const;
const hourMs = 3_600_000;

const postOf = (id: number) => site.wordpress.state.posts.find((post) => post.id === id);
const contentOf = async (id: number) => (await site.contents({ externalId: String(id) }))[0];
const firstPost = () => site.wordpress.state.posts.find(({ type }) => type === 'post')?.id ?? 0;

/** A content that was edited here, while Anna has its post open on the site. Returns the ids of both. */
async function lockedContent(): Promise<{ id: number; contentId: number }> {
  site = await startSyncedSite(server, 'connector');
  site.wordpress.state.users.push({ ...anna });
  await site.sync(posts);
  const id = firstPost();
  const contentId = (await contentOf(id))?.id ?? 0;
  await site.edit(contentId, { title: 'From here' });
  site.wordpress.editor.open(id, anna);
  return { id, contentId };
}

it('the push waits, names the person, and is made when the editor is closed', async () => {
  const { id, contentId } = await lockedContent();
  const before = postOf(id)?.title;
  const run = await site.sync(posts);
  expect(run).toMatchObject({ status: 'partial', totals: { pushed: 0, conflicts: 0, failed: 1 } });
  expect(run.error).toContain('Anna is editing the item on the site');
  expect(postOf(id)?.title).toBe(before);
  const waiting = await site.content(contentId);
  expect(waiting).toMatchObject({ title: 'From here', syncState: 'local_changes' });
  expect(waiting.waitsSince).not.toBeNull();
  const events = await server.as(site.tenant.owner).get(site.path('/events?limit=50')).expect(200);
  expect(
    events.body.results.find(({ action }: { action: string }) => action === 'being_edited'),
  ).toMatchObject({
    success: false,
    content_id: contentId,
    external_id: String(id),
    details: { by: 'Anna', waits_since: waiting.waitsSince?.toISOString() },
  });

  // The wait goes on from where it began.
  await site.sync(posts);
  expect((await site.content(contentId)).waitsSince).toEqual(waiting.waitsSince);

  site.wordpress.editor.close(id);
  expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { pushed: 1, failed: 0 } });
  expect(postOf(id)?.title).toBe('From here');
  expect(await site.content(contentId)).toMatchObject({ syncState: 'in_sync', waitsSince: null });
});

it('other contents of the same batch are pushed', async () => {
  const { id } = await lockedContent();
  const [other] = await site.contents({ externalId: { not: String(id) }, contentType: 'post' });
  await site.edit(other?.id ?? 0, { title: 'Free' });
  expect(await site.sync(posts)).toMatchObject({ status: 'partial', totals: { pushed: 1, failed: 1 } });
  expect(postOf(Number(other?.externalId))?.title).toBe('Free');
});

it('a lock that is not renewed for 150 seconds does not count', async () => {
  const { id } = await lockedContent();
  site.wordpress.clock.offsetMs -= 160_000;
  site.wordpress.editor.open(id, anna);
  site.wordpress.clock.offsetMs += 160_000;
  expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { pushed: 1 } });
});

it('a lock of the user that our requests act as counts, as their own editor would overwrite the push', async () => {
  const { id } = await lockedContent();
  const before = postOf(id)?.title;
  const own = site.wordpress.state.users.find(
    ({ id: each }) => each === site.wordpress.state.connector?.userId,
  );
  site.wordpress.editor.open(id, own);
  expect(await site.sync(posts)).toMatchObject({ status: 'partial', totals: { pushed: 0, failed: 1 } });
  expect(postOf(id)?.title).toBe(before);
});

it('after a day the push waits no longer', async () => {
  const { id, contentId } = await lockedContent();
  await site.sync(posts);
  const waited = async (ms: number) => {
    const waitsSince = new Date(Date.now() - ms);
    await server.db.content.update({ where: { id: contentId }, data: { waitsSince } });
    site.wordpress.editor.open(id, anna);
    return site.sync(posts);
  };
  expect(await waited(23 * hourMs)).toMatchObject({ status: 'partial', totals: { pushed: 0 } });
  expect(await waited(24 * hourMs)).toMatchObject({ status: 'success', totals: { pushed: 1 } });
  expect(postOf(id)?.title).toBe('From here');
  expect((await site.content(contentId)).waitsSince).toBeNull();
});

it('a save of the person is a conflict, and ends the wait if it is taken', async () => {
  const { id, contentId } = await lockedContent();
  await site.sync(posts);
  site.wordpress.editor.edit(id, { title: 'From Anna' });
  expect(await site.sync(posts)).toMatchObject({ totals: { conflicts: 1 } });
  await server
    .as(site.tenant.owner)
    .post(`/api/v1/content/${contentId}/resolve-conflict`, { keep: 'remote' })
    .expect(200);
  expect(await site.content(contentId)).toMatchObject({
    title: 'From Anna',
    syncState: 'in_sync',
    waitsSince: null,
  });
});
