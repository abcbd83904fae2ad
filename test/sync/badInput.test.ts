/**
 * Bad responses of a site: each leads to a clear error, and the run goes on with the other items if there are
 * any.
 */
import { describe, expect, it } from '@jest/globals';
import type { DisturbanceName } from '../../src/simulation/wordpress/disturbances.ts';
import { expectProblem } from '../support/problems.ts';
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
const lists = ({ target }: { target: string }) => /posts\?|items\?type=post.*limit=500/.test(target);

async function failures() {
  const answer = await owner().get(site.path('/events?success=false&limit=200')).expect(200);
  return answer.body.results;
}

describe.each<Way>(['connector', 'password'])('by %s', (way) => {
  it.each<[DisturbanceName, RegExp]>([['item_without_id', /post without id: /]])(
    '%s is reported, and the other items are stored',
    async (fault, told) => {
      site = await startSyncedSite(server, way);
      await site.sync({ direction: 'metadata' });
      site.wordpress.disturb({ fault, times: 1, when: lists });
      const run = await site.sync({ direction: 'from_external' });
      expect(run).toMatchObject({ status: 'partial', error: expect.stringMatching(told) });
      expect(run.totals).toMatchObject({ created: 9, failed: 1 });
      expect(await failures()).toContainEqual(
        expect.objectContaining({ event_type: 'content', action: 'pull_failed' }),
      );
      const status = await owner().get(site.path('/debug-status')).expect(200);
      expect(status.body.problems).toContainEqual(expect.objectContaining({ code: 'sync_partial' }));
      site.wordpress.calm();
      for (const { id, type } of site.wordpress.state.posts)
        if (type === 'post') site.wordpress.editor.edit(id, {});
      expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
      expect(await site.contents()).toHaveLength(10);
    },
  );

  it('a text with bad bytes spares the item', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    site.wordpress.disturb({ fault: 'item_bad_text', times: 1, when: lists });
    const run = await site.sync({ direction: 'from_external' });
    expect(run).toMatchObject({ status: 'success', totals: { created: 10, failed: 0 } });
    expect(await site.contents({ title: '' })).toMatchObject([{ unreadFields: ['title'] }]);
    site.wordpress.calm();
    await site.sync({ direction: 'from_external', full: true });
    expect(await site.contents({ title: '' })).toEqual([]);
  });

  it('a date in the year 0000 is no date', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    site.wordpress.disturb({ fault: 'item_year_0000', times: 1, when: lists });
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
    const undated = await site.contents({ externalModifiedAt: null });
    expect(undated).toHaveLength(1);
    expect(undated[0]?.metadata).not.toHaveProperty('date_gmt');
  });

  it('a title of 1 MiB is too long, and the rest of the item is stored', async () => {
    site = await startSyncedSite(server, way);
    const { id } = site.wordpress.editor.create('post', { title: 'x'.repeat(1_048_576), status: 'publish' });
    const run = await site.sync({ direction: 'from_external' });
    expect(run).toMatchObject({ status: 'success', totals: { created: 11, failed: 0 } });
    const told = {
      action: 'fields_unread',
      external_id: String(id),
      error_message: expect.stringMatching(/title/),
    };
    expect(await failures()).toMatchObject([told]);
  });

  it('a term that is its own parent does not stop a run', async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'metadata' });
    site.wordpress.disturb({ fault: 'term_loop', when: ({ target }) => /categories/.test(target) });
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
    const terms = await server.db.siteTerm.findMany({
      where: { siteId: site.tenant.site.siteId, taxonomy: 'category' },
    });
    expect(terms.map(({ slug }) => slug).sort()).toEqual(['news', 'uncategorized']);
  });

  it.each<DisturbanceName>(['html', 'truncated', 'endless'])(
    'a site that always answers %s fails the run with a reason, and no content is lost',
    async (fault) => {
      site = await startSyncedSite(server, way);
      await site.sync({ direction: 'from_external' });
      const before = await site.contents();
      site.wordpress.editor.edit(1, { title: 'Not to be seen yet' });
      site.wordpress.disturb({ fault });
      const run = await site.sync({ direction: 'from_external' });
      expect(run).toMatchObject({ status: 'failed', error: expect.stringMatching(/^The site|^[A-Z].*\.$/) });
      expect(await failures()).toContainEqual(
        expect.objectContaining({ event_type: 'sync', action: 'failed', error_message: run.error }),
      );
      expect(await site.contents()).toEqual(before);
      site.wordpress.calm();
      await owner().post(site.path('/test-connection')).expect(200);
      expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
      expect((await site.contents({ externalId: '1' }))[0]?.title).toBe('Not to be seen yet');
    },
    300_000,
  );
});

it('a text that the site shortens on saving is reported, and the content keeps its own text', async () => {
  site = await startSyncedSite(server, 'password');
  await site.sync({ direction: 'metadata' });
  const [user] = site.wordpress.state.users;
  if (user) user.role = 'author';
  const body = '<p>Look</p><iframe src="https://example.com"></iframe>';
  const id = await site.write({ title: 'With a frame', body, status: 'ready' });
  const good = await site.write({ title: 'Without', body: '<p>Plain</p>', status: 'ready' });
  const run = await site.sync({ direction: 'to_external' });
  expect(run).toMatchObject({ status: 'partial', totals: { pushed: 2, failed: 1 } });
  expect(run.error).toMatch(new RegExp(`content ${id}: .*changed on saving body`));
  expect(await failures()).toContainEqual(
    expect.objectContaining({ action: 'changed_on_saving', content_id: id, details: expect.anything() }),
  );
  const content = await site.content(id);
  expect(content).toMatchObject({ body, syncState: 'in_sync' });
  const post = site.wordpress.state.posts.find((each) => String(each.id) === content.externalId);
  expect(post?.content).not.toContain('iframe');
  expect(await site.content(good)).toMatchObject({ syncState: 'in_sync' });
  // The item has not changed since, so a pull must not see a change.
  await site.sync({ direction: 'both' });
  expect(await site.content(id)).toMatchObject({ body, syncState: 'in_sync' });
});

it.each(['password', 'connector'] as const)(
  'by %s, a post that the site schedules becomes a draft, and the run reports it',
  async (way) => {
    site = await startSyncedSite(server, way);
    const { clock, editor } = site.wordpress;
    const post = editor.create('post', { title: 'Today', content: '<p>Now</p>', status: 'publish' });
    await site.sync({ direction: 'both' });
    const [{ id } = { id: 0 }] = await site.contents({ externalId: String(post.id) });
    // The post's date is in the future of this clock, so WordPress schedules the post when it is saved.
    clock.offsetMs = -3_600_000;
    await owner().patch(`/api/v1/content/${id}`, { excerpt: 'A new one' }).expect(200);
    const run = await site.sync({ direction: 'to_external' });
    expect(post).toMatchObject({ status: 'future', excerpt: 'A new one' });
    expect(run).toMatchObject({
      status: 'partial',
      totals: { pushed: 1 },
      error: expect.stringContaining("status: on the site it is 'future'"),
    });
    expect(await site.content(id)).toMatchObject({
      status: 'draft',
      externalStatus: 'future',
      syncState: 'in_sync',
    });
    // At its date, the site publishes the post.
    clock.offsetMs = 0;
    site.wordpress.editor.edit(post.id, { status: 'publish' });
    await site.sync({ direction: 'both' });
    expect(await site.content(id)).toMatchObject({ status: 'published', syncState: 'in_sync' });
  },
);

describe('a request for a sync', () => {
  it.each<[object, string]>([
    [{}, 'direction'],
    [{ direction: 'sideways' }, 'direction'],
    [{ direction: 'both', content_types: ['nope'] }, 'content_types.0'],
    [{ direction: 'both', full: 'yes' }, 'full'],
    [{ direction: 'both', force: true }, 'force'],
  ])('with %j is a 400 naming %s, and starts no run', async (body, field) => {
    site = await startSyncedSite(server, 'connector');
    await site.sync({ direction: 'metadata' });
    const answer = await owner().post(site.path('/sync'), body);
    expectProblem(answer, 400);
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ field }));
    expect(await server.db.syncRun.count({ where: { integrationId: site.tenant.integrationId } })).toBe(1);
  });

  it("for another account's content is a 404 that leaves the content unchanged", async () => {
    site = await startSyncedSite(server, 'connector');
    const other = await startSyncedSite(server, 'connector');
    try {
      await other.sync({ direction: 'from_external' });
      const [content] = await other.contents({ externalId: '1' });
      const answer = await owner().post(site.path('/sync-wordpress-content'), { content_id: content?.id });
      expectProblem(answer, 404);
      expect(await other.content(content?.id ?? 0)).toEqual(content);
    } finally {
      await other.wordpress.stop();
    }
  });
});
