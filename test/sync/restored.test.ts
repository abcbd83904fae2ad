/** A database is lost, restored from a backup or copied, while the site keeps its present state. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRestoredDatabase } from '../../src/adminServices.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { eventually } from '../support/eventually.ts';
import { RestorableServers } from '../support/restorableServer.ts';
import type { TestServer } from '../support/server.ts';
import {
  connectSite,
  type SyncedSite,
  type SyncedTenant,
  startSyncedSite,
  syncedTenant,
  type Way,
} from '../support/syncedSite.ts';

const servers = new RestorableServers();
const ways: Way[] = ['connector', 'password'];
let server: TestServer;
let site: SyncedSite;

afterEach(async () => {
  await servers.stopAll();
  await site.wordpress.stop();
});

async function start(way: Way): Promise<void> {
  server = await servers.start();
  site = await startSyncedSite(server, way);
  await site.sync({ direction: 'both' });
}

/** Restores a backup. Returns the tenant on the restored server. */
async function restore(backup: Parameters<RestorableServers['replace']>[1]): Promise<SyncedTenant> {
  server = await servers.replace(server, backup);
  return syncedTenant(server, site.tenant);
}

async function backUp() {
  const taken = await servers.backUp(server);
  server = taken.server;
  site = { wordpress: site.wordpress, ...syncedTenant(server, site.tenant) };
  return taken.backup;
}

const titled = (title: string): SimulatedPost[] =>
  site.wordpress.state.posts.filter((post) => post.title === title);
const ready = (title: string) => ({ title, body: `<p>${title}</p>`, status: 'ready' });

async function actions(contentId: number): Promise<string[]> {
  const events = await server.db.syncEvent.findMany({ where: { contentId }, orderBy: { id: 'asc' } });
  return events.map(({ action }) => action);
}

async function problems(tenant: SyncedTenant, on = server): Promise<string[]> {
  const { body } = await on.as(tenant.tenant.owner).get(tenant.path('/debug-status')).expect(200);
  return body.problems.map(({ code }: { code: string }) => code);
}

/** Waits for the full pull that the server starts by itself. */
async function readAgain(tenant: SyncedTenant, on = server): Promise<void> {
  await eventually(async () => {
    const { integrationId } = tenant.tenant;
    const [last] = await on.db.syncRun.findMany({
      where: { integrationId },
      orderBy: { id: 'desc' },
      take: 1,
    });
    expect(last).toMatchObject({ direction: 'from_external', full: true, status: 'success' });
  });
}

describe.each(ways)('a new server at the same address, by %s', (way) => {
  it.each(['both', 'to_external'])(
    'overwrites no post of the previous server, syncing %s',
    async (direction) => {
      await start(way);
      for (const title of ['Alpha', 'Gamma', 'Delta']) await site.write(ready(title));
      await site.sync({ direction: 'to_external' });
      const before = site.wordpress.state.posts.map(({ id, title, content }) => ({ id, title, content }));

      server = await servers.replace(server);
      const anew = await connectSite(server, site.wordpress, way);
      for (const title of ['Beta0', 'Beta1', 'Beta2']) await anew.write(ready(title));
      const run = await anew.sync({ direction });
      expect(run).toMatchObject({ status: 'success', totals: { pushed: 3, conflicts: 0 } });
      expect(site.wordpress.state.posts).toMatchObject([
        ...before,
        { title: 'Beta0' },
        { title: 'Beta1' },
        { title: 'Beta2' },
      ]);
      await anew.sync({ direction: 'both', full: true });
      expect((await anew.contents({ contentType: 'post' })).map(({ title }) => title)).toEqual(
        expect.arrayContaining(['Alpha', 'Gamma', 'Delta', 'Beta0', 'Beta1', 'Beta2']),
      );
      expect(await anew.contents({ syncState: { not: 'in_sync' } })).toEqual([]);
    },
  );
});

describe.each(ways)('a restored backup of the database, by %s', (way) => {
  it('keeps the post of a lost content when a new content gets the same number', async () => {
    await start(way);
    const backup = await backUp();
    const lost = await site.write(ready('After the backup'));
    await site.sync({ direction: 'both' });

    const restored = await restore(backup);
    const id = await restored.write(ready('Quite another'));
    expect(id).toBe(lost);
    const first = await restored.sync({ direction: 'both' });
    if (way === 'connector') {
      expect(first).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/a backup was restored/),
      });
      expect(titled('Quite another')).toEqual([]);
      await readAgain(restored);
      await restored.sync({ direction: 'both' });
    }
    expect([titled('After the backup'), titled('Quite another')]).toMatchObject([
      [{ content: '<p>After the backup</p>' }],
      [{ content: '<p>Quite another</p>' }],
    ]);
    expect(await restored.content(id)).toMatchObject({ title: 'Quite another', syncState: 'in_sync' });
    expect(await restored.contents({ title: 'After the backup' })).toMatchObject([{ syncState: 'in_sync' }]);
    expect(await problems(restored)).not.toContain('database_restored');
  });

  it.each([
    ['to_external', false],
    ['both', false],
    ['both', true],
  ])(
    'creates no second post for a content that was waiting, syncing %s (marked as restored: %p)',
    async (direction, told) => {
      await start(way);
      const id = await site.write(ready('Waits'));
      const backup = await backUp();
      await site.sync({ direction: 'to_external' });

      const restored = await restore(backup);
      expect(await restored.content(id)).toMatchObject({ externalId: null, status: 'ready' });
      if (told) await createRestoredDatabase(server.config, server.core).markAll();
      await restored.sync({ direction });
      if (way === 'connector') await readAgain(restored);
      await restored.sync({ direction: 'both', full: true });
      const [post] = titled('Waits');
      expect(site.wordpress.state.posts.filter(({ slug }) => slug.startsWith('waits'))).toHaveLength(1);
      expect(await restored.contents({ title: 'Waits' })).toMatchObject([
        { id, externalId: String(post?.id), syncState: 'in_sync' },
      ]);
      if (way === 'password') expect(await actions(id)).toContain('already_there');
    },
  );

  it.each(['to_external', 'both'])(
    'reports a conflict when the post was edited on the site, syncing %s',
    async (direction) => {
      await start(way);
      const id = await site.write(ready('Waits'));
      const backup = await backUp();
      await site.sync({ direction: 'to_external' });
      site.wordpress.clock.offsetMs += 60_000;
      site.wordpress.editor.edit(titled('Waits')[0]?.id ?? 0, { content: '<p>Edited there</p>' });

      const restored = await restore(backup);
      await restored.sync({ direction });
      if (way === 'connector') await readAgain(restored);
      await restored.sync({ direction: 'both', full: true });
      expect(titled('Waits')).toMatchObject([{ content: '<p>Edited there</p>' }]);
      expect(await restored.contents({ title: 'Waits' })).toMatchObject([{ id }]);
      if (way === 'connector')
        // The site's text is newer than the backup, and the content was not edited on the server.
        expect(await restored.content(id)).toMatchObject({
          syncState: 'in_sync',
          body: '<p>Edited there</p>',
        });
      else expect(await actions(id)).toContain('conflict');
    },
  );

  it('takes the site’s later edits, and reports a conflict with an edit made after the restore', async () => {
    await start(way);
    const [taken, edited] = [await site.write(ready('One')), await site.write(ready('Two'))];
    await site.sync({ direction: 'both' });
    const backup = await backUp();
    await site.edit(taken, { title: 'One, edited after the backup' });
    await site.edit(edited, { title: 'Two, edited after the backup' });
    await site.sync({ direction: 'both' });

    const restored = await restore(backup);
    await restored.edit(edited, { title: 'Two, edited since the restore' });
    await restored.sync({ direction: 'both' });
    if (way === 'connector') await readAgain(restored);
    await restored.sync({ direction: 'both' });
    expect(await restored.content(taken)).toMatchObject({
      title: 'One, edited after the backup',
      syncState: 'in_sync',
    });
    expect(await restored.content(edited)).toMatchObject({
      title: 'Two, edited since the restore',
      syncState: 'conflict',
    });
    expect(titled('Two, edited after the backup')).toHaveLength(1);
  });
});

describe('by connector', () => {
  it('a reused number gives a content no other content’s post', async () => {
    await start('connector');
    const [theirs] = await site.contents({ contentType: 'post', status: 'published' });
    const post = site.wordpress.state.posts.find(({ id }) => String(id) === theirs?.externalId);
    const waiting = await site.write(ready('Waits'));
    // The create began before contents had keys. The post's link by number comes from an older database.
    if (post) post.contentId = waiting;
    const sent = { title: 'Waits', slug: '', body: '<p>Waits</p>', excerpt: '' };
    await server.db.content.update({
      where: { id: waiting },
      data: { platform: 'wordpress', createBegunAt: new Date(), createSentAs: [sent] },
    });
    const before = { ...post };
    expect(await site.sync({ direction: 'to_external' })).toMatchObject({ status: 'partial' });
    expect(post).toEqual(before);
    expect(await site.content(theirs?.id ?? 0)).toMatchObject({ syncState: 'in_sync' });
    expect(await site.content(waiting)).toMatchObject({
      title: 'Waits',
      syncState: 'conflict',
      linkMismatch: { external_id: theirs?.externalId, content_id: theirs?.id },
    });
    // Resolved for `local`, the content gets a post of its own.
    const path = `/api/v1/content/${waiting}/resolve-conflict`;
    await server.as(site.tenant.owner).post(path, { keep: 'local' }).expect(200);
    expect(await site.sync({ direction: 'to_external' })).toMatchObject({ status: 'success' });
    expect(titled('Waits')).toHaveLength(1);
    expect(post).toEqual(before);
  });

  it('a restored database is reported until all posts are read, and nothing is pushed before', async () => {
    await start('connector');
    const backup = await backUp();
    await site.write(ready('After the backup'));
    await site.sync({ direction: 'both' });

    const restored = await restore(backup);
    await restored.write(ready('Since the restore'));
    // The site delays the automatic pull, so that the problem can be seen meanwhile.
    const lists = ({ target }: { target: string }) => /items\?/.test(target);
    site.wordpress.disturb({ fault: 'latency', ms: 1_000, when: lists, times: 1 });
    const run = await restored.sync({ direction: 'to_external' });
    expect(run).toMatchObject({ status: 'failed', totals: { pushed: 0 } });
    expect(await problems(restored)).toContain('database_restored');
    expect(titled('Since the restore')).toEqual([]);
    await readAgain(restored);
    expect(await problems(restored)).not.toContain('database_restored');
    const told = await server.db.syncEvent.findMany({ where: { action: 'database_restored' } });
    expect(told).toMatchObject([{ success: false, eventType: 'sync', errorMessage: expect.any(String) }]);
    expect(await restored.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
    expect(titled('Since the restore')).toHaveLength(1);
  });

  it('a waiting content gets its post, though another content still has the post’s id', async () => {
    await start('connector');
    const restoreSite = site.wordpress.backup();
    const gone = await site.write(ready('Gone'));
    await site.sync({ direction: 'both' });
    const { externalId } = await site.content(gone);
    const waiting = await site.write(ready('Waits'));
    const backup = await backUp();
    restoreSite();
    site.wordpress.clock.offsetMs += 60_000;
    await site.sync({ direction: 'both' });
    expect(await site.content(waiting)).toMatchObject({ externalId });

    const restored = await restore(backup);
    await restored.sync({ direction: 'both' });
    await readAgain(restored);
    await restored.sync({ direction: 'both' });
    expect(await restored.contents({ title: 'Waits' })).toMatchObject([
      { id: waiting, externalId, syncState: 'in_sync', linkMismatch: null },
    ]);
    expect(await restored.content(gone)).toMatchObject({ externalId: null, syncState: 'deleted_remote' });
    expect(titled('Waits')).toMatchObject([{ id: Number(externalId), content: '<p>Waits</p>' }]);
  });

  it('an operation of a copy is reported on the copy and on the original', async () => {
    await start('connector');
    const backup = await backUp();
    const original = site;
    const other = await servers.start(backup);
    const copy = syncedTenant(other, site.tenant);
    await original.write(ready('Of the original'));
    expect(await original.sync({ direction: 'both' })).toMatchObject({ status: 'success' });

    await copy.write(ready('Of the copy'));
    expect(await copy.sync({ direction: 'both' })).toMatchObject({ status: 'failed' });
    await readAgain(copy, other);
    expect(await copy.sync({ direction: 'both' })).toMatchObject({ status: 'success' });

    expect(await original.sync({ direction: 'both' })).toMatchObject({ status: 'failed' });
    expect(await server.db.syncEvent.count({ where: { action: 'database_restored' } })).toBe(1);
    expect(await other.db.syncEvent.count({ where: { action: 'database_restored' } })).toBe(1);
    await readAgain(original);
    expect([titled('Of the original'), titled('Of the copy')]).toMatchObject([
      [{ content: '<p>Of the original</p>' }],
      [{ content: '<p>Of the copy</p>' }],
    ]);
  });
});
