/** A site is restored from a backup, rebuilt or damaged, so that its ids belong to other posts. */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { enterKey } from '../support/builders.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';

const ways: Way[] = ['connector', 'password'];
let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

async function start(way: Way): Promise<void> {
  site = await startSyncedSite(server, way);
  await site.sync({ direction: 'both' });
}

function post(id: number): SimulatedPost | undefined {
  return site.wordpress.state.posts.find((each) => each.id === id);
}

/** A content whose post was lost in a restore of the site. Returns it with the post that now has the id. */
async function takenId(edit: boolean): Promise<{ id: number; postId: number }> {
  const restore = site.wordpress.backup();
  const id = await site.write({ title: 'Ours', body: '<p>ours</p>', status: 'ready' });
  await site.sync({ direction: 'both' });
  const postId = Number((await site.content(id)).externalId);
  if (edit) await site.edit(id, { title: 'Ours, edited' });
  restore();
  // The new post has a later date than the content's post, which would otherwise be in the same second.
  site.wordpress.clock.offsetMs += 60_000;
  const theirs = { title: 'Theirs', content: '<p>theirs</p>', status: 'publish' };
  expect(site.wordpress.editor.create('post', theirs).id).toBe(postId);
  return { id, postId };
}

describe.each(ways)('a restored site, by %s', (way) => {
  it.each(['both', 'from_external'])(
    'assigns a content’s id to another post, with direction %s',
    async (direction) => {
      await start(way);
      const { id, postId } = await takenId(false);
      await site.sync({ direction });
      await site.sync({ direction: 'both', full: true });
      expect(await site.content(id)).toMatchObject({
        title: 'Ours',
        body: '<p>ours</p>',
        externalId: null,
        syncState: 'deleted_remote',
      });
      expect(await site.contents({ externalId: String(postId) })).toMatchObject([
        { title: 'Theirs', body: '<p>theirs</p>', syncState: 'in_sync' },
      ]);
      expect(post(postId)).toMatchObject({ title: 'Theirs', content: '<p>theirs</p>' });
      const events = await server.db.syncEvent.findMany({ where: { contentId: id, action: 'pulled' } });
      expect(events).toContainEqual(
        expect.objectContaining({ details: expect.objectContaining({ code: 'another_birth' }) }),
      );
    },
  );

  it.each(['to_external', 'both'])(
    'keeps both texts when the content was edited, with direction %s',
    async (direction) => {
      await start(way);
      const { id, postId } = await takenId(true);
      await site.sync({ direction });
      await site.sync({ direction: 'both', full: true });
      expect(post(postId)).toMatchObject({ title: 'Theirs', content: '<p>theirs</p>' });
      const content = await site.content(id);
      expect(content).toMatchObject({ title: 'Ours, edited', body: '<p>ours</p>' });
      expect(['conflict', 'deleted_remote']).toContain(content.syncState);
    },
  );

  it.each([false, true])(
    'assigns a content’s id to the next created post (the content was edited: %p)',
    async (edit) => {
      await start(way);
      const restore = site.wordpress.backup();
      const gone = await site.write({ title: 'Gone', body: '<p>gone</p>', status: 'ready' });
      await site.sync({ direction: 'both' });
      const { externalId } = await site.content(gone);
      if (edit) await site.edit(gone, { body: '<p>gone, edited</p>' });
      restore();
      site.wordpress.clock.offsetMs += 60_000;
      const next = await site.write({ title: 'Next', body: '<p>next</p>', status: 'ready' });
      expect(await site.sync({ direction: 'to_external' })).toMatchObject({
        totals: { pushed: 1, failed: 0 },
      });
      expect(await site.content(next)).toMatchObject({ externalId, syncState: 'in_sync' });
      expect(await site.content(gone)).toMatchObject({
        title: 'Gone',
        body: edit ? '<p>gone, edited</p>' : '<p>gone</p>',
        externalId: null,
        syncState: 'deleted_remote',
      });
      await site.sync({ direction: 'both', full: true });
      expect(site.wordpress.state.posts.filter(({ title }) => title === 'Next')).toMatchObject([
        { id: Number(externalId), content: '<p>next</p>' },
      ]);
    },
  );

  it('shows an older state of the same posts, which counts as an edit', async () => {
    await start(way);
    const [content] = await site.contents({ contentType: 'post', status: 'published' });
    const restore = site.wordpress.backup();
    await site.edit(content?.id ?? 0, { title: 'Edited since' });
    await site.sync({ direction: 'both' });
    restore();
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({ status: 'success' });
    expect(await site.content(content?.id ?? 0)).toMatchObject({
      title: content?.title,
      externalId: content?.externalId,
      syncState: 'in_sync',
    });
  });
});

describe.each(ways)('another site behind the address, by %s', (way) => {
  let other: SimulatedWordpress;

  /** Points the integration to a new WordPress. */
  async function move(): Promise<void> {
    await start(way);
    await site.write({ title: 'Waits', status: 'ready' });
    other = await startSimulatedWordpress({ siteId: 1, ...(way === 'password' ? { connector: null } : {}) });
    for (const each of other.state.posts)
      Object.assign(each, {
        title: `New ${each.id}`,
        slug: `new-${each.id}`,
        content: `<p>New ${each.id}</p>`,
        modified_gmt: '2026-05-01T00:00:00',
      });
    if (way === 'connector') enterKey(other, site.tenant.site);
    const { owner } = site.tenant;
    await server
      .as(owner)
      .patch(site.path(), { config_json: { site_url: other.url } })
      .expect(200);
  }
  afterEach(() => other.stop());

  it('stops the run before any change', async () => {
    await move();
    const before = await site.contents();
    for (const direction of ['both', 'to_external', 'from_external'])
      expect(await site.sync({ direction, full: true })).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/another site.*"moved": true/),
        totals: { pushed: 0, created: 0, updated: 0, deleted: 0 },
      });
    expect(await site.contents()).toEqual(before);
    expect(other.state.posts.every(({ title }) => title.startsWith('New'))).toBe(true);
  });

  it('syncs after a user has confirmed that the site moved', async () => {
    await move();
    const before = await site.contents({ externalId: { not: null } });
    expect(await site.sync({ direction: 'both', moved: true })).toMatchObject({ status: 'success' });
    for (const { id, title, body } of before)
      expect(await site.content(id)).toMatchObject({ title, body, syncState: 'deleted_remote' });
    const there = other.state.posts.filter(({ status }) => !['auto-draft', 'trash'].includes(status));
    expect(await site.contents({ syncState: 'in_sync' })).toHaveLength(there.length);
    expect(there.map(({ title }) => title)).toContain('Waits');
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({
      status: 'success',
      totals: { created: 0, updated: 0, deleted: 0, conflicts: 0 },
    });
  });
});

describe('by connector', () => {
  it('an emptied link table on the site loses no content', async () => {
    await start('connector');
    const id = await site.write({ title: 'Linked', body: '<p>linked</p>', status: 'ready' });
    await site.sync({ direction: 'both' });
    for (const each of site.wordpress.state.posts) delete each.contentKeys;
    await site.sync({ direction: 'both', full: true });
    const { externalId } = await site.content(id);
    await site.edit(id, { title: 'Linked again' });
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({ status: 'success' });
    expect(await site.content(id)).toMatchObject({ title: 'Linked again', externalId, syncState: 'in_sync' });
    expect(post(Number(externalId))).toMatchObject({ title: 'Linked again', content: '<p>linked</p>' });
    expect(await site.contents({ externalId })).toHaveLength(1);
  });

  it('a post that was copied with its key becomes a new content', async () => {
    await start('connector');
    const id = await site.write({ title: 'Original', body: '<p>original</p>', status: 'ready' });
    await site.sync({ direction: 'both' });
    const { externalId, key } = await site.content(id);
    const original = post(Number(externalId));
    const copy = site.wordpress.editor.create('post', { title: 'Copy', content: '<p>copy</p>' });
    copy.contentKeys = { ...original?.contentKeys };
    await site.sync({ direction: 'both', full: true });
    const [copied] = await site.contents({ externalId: String(copy.id) });
    expect(copied).toMatchObject({ title: 'Copy', syncState: 'in_sync' });
    expect(copied?.key).not.toBe(key);
    await site.edit(id, { title: 'Original, edited' });
    await site.sync({ direction: 'both', full: true });
    expect(post(Number(externalId))).toMatchObject({ title: 'Original, edited' });
    expect(post(copy.id)).toMatchObject({ title: 'Copy', content: '<p>copy</p>' });
    expect(await site.content(id)).toMatchObject({ externalId, syncState: 'in_sync' });
  });
});
