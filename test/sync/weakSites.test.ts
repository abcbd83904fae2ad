/** Runs of sites that cannot make large pages or batches, and of sites with posts on which a plugin dies. */
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

const MARK = '[dies-here]';
const WAYS: Way[] = ['connector', 'password'];
const pull = (more: object = {}) => site.sync({ direction: 'from_external', ...more });

/** A connected site with its structure and `count` posts more than the usual ones. */
async function start(way: Way, count: number, fields: object = {}): Promise<string[]> {
  site = await startSyncedSite(server, way);
  await pull({ direction: 'metadata' });
  const { editor } = site.wordpress;
  return Array.from({ length: count }, (_, n) =>
    String(editor.create('post', { title: `Extra ${n}`, status: 'publish', ...fields }).id),
  );
}

async function problem(code: string) {
  const { body } = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
  return body.problems.find((each: { code: string }) => each.code === code);
}

async function linksChangedAt(): Promise<Date | null> {
  const { integrationId: id } = site.tenant;
  return (await server.db.siteIntegration.findUniqueOrThrow({ where: { id } })).linksChangedAt;
}

describe.each(WAYS)('by %s', (way) => {
  it('a site that makes small pages alone is read wholly, and its size is kept for the next run', async () => {
    await start(way, 40);
    site.wordpress.weaken({ by: 'gateway_timeout', mostItems: 7 });
    expect(await pull()).toMatchObject({ status: 'success', error: null });
    const live = site.wordpress.state.posts.filter(({ status }) => !['trash', 'auto-draft'].includes(status));
    expect(await site.contents()).toHaveLength(live.length);
    const { integrationId } = site.tenant;
    const [kept] = await server.db.partSize.findMany({
      where: { integrationId, list: { startsWith: 'items' } },
      orderBy: { size: 'desc' },
    });
    expect(kept?.size).toBeLessThanOrEqual(7);
    site.wordpress.state.requests.length = 0;
    expect(await pull({ full: true, content_types: ['post'] })).toMatchObject({ status: 'success' });
    const integration = await server.db.siteIntegration.findUniqueOrThrow({ where: { id: integrationId } });
    expect(integration).toMatchObject({ pausedUntil: null, pauses: 0 });
  }, 60_000);

  it('a post on which a plugin dies fails by name, is tried again, and comes when it is mended', async () => {
    const ids = await start(way, 30);
    const poisoned = Number(ids[12]);
    const post = site.wordpress.state.posts.find(({ id }) => id === poisoned);
    if (post === undefined) throw new Error('The post is missing.');
    post.content = `Text ${MARK}`;
    site.wordpress.weaken({ by: 'critical_error', mostItems: null, diesOn: MARK });
    const first = await pull();
    expect(first).toMatchObject({ status: 'partial', totals: { failed: 1 } });
    expect(first.error).toContain(`post ${poisoned}: The site fails when it is asked for this item alone`);
    const [missing] = await site.contents({ externalId: String(poisoned) });
    expect(missing).toBeUndefined();
    expect(await problem('items_failing')).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining(`post ${poisoned}`),
    });
    expect(await pull()).toMatchObject({ status: 'partial', totals: { failed: 1, created: 0 } });
    site.wordpress.weaken(null);
    expect(await pull()).toMatchObject({ status: 'success', totals: { created: 1, failed: 0 } });
    expect(await problem('items_failing')).toBeUndefined();
  }, 60_000);

  it.each(['a host that gives few links', 'a post on which a plugin dies'])(
    'changed links are read on a site with %s',
    async (weakness) => {
      const ids = await start(way, 30);
      const poisoned = ids[12] ?? '';
      const post = site.wordpress.state.posts.find(({ id }) => id === Number(poisoned));
      if (post !== undefined) post.content = `Text ${MARK}`;
      expect(await pull()).toMatchObject({ status: 'success' });
      const { connector } = site.wordpress.state;
      if (connector !== null) connector.version = '0.6.0';
      const isFew = weakness.startsWith('a host');
      site.wordpress.weaken(
        isFew
          ? { by: 'gateway_timeout', mostItems: 7 }
          : { by: 'critical_error', mostItems: null, diesOn: MARK },
      );
      site.wordpress.editor.setPermalinks('/archives/%post_id%');
      await pull();
      const others = (await site.contents()).filter(({ externalId }) => isFew || externalId !== poisoned);
      for (const { externalId, externalUrl } of others)
        expect(externalUrl).toBe(site.wordpress.permalink(Number(externalId)));
      expect(await linksChangedAt()).toBeNull();
    },
    60_000,
  );

  it('contents are written in batches as small as the site needs, each once', async () => {
    await start(way, 0);
    expect(await pull()).toMatchObject({ status: 'success' });
    const before = site.wordpress.state.posts.length;
    for (let n = 0; n < 30; n += 1)
      await site.write({ title: `Written ${n}`, body: 'Text', status: 'ready' });
    site.wordpress.weaken({ by: 'cut', mostItems: 4 });
    expect(await site.sync({ direction: 'to_external' })).toMatchObject({
      status: 'success',
      error: null,
      totals: { pushed: 30 },
    });
    const titles = site.wordpress.state.posts.slice(before).map(({ title }) => title);
    expect(titles).toHaveLength(30);
    expect(new Set(titles).size).toBe(30);
  }, 120_000);

  it('a content over which the site dies fails by name, and the others are written', async () => {
    await start(way, 0);
    expect(await pull()).toMatchObject({ status: 'success' });
    for (let n = 0; n < 10; n += 1)
      await site.write({ title: `Written ${n}`, body: n === 4 ? MARK : 'Text', status: 'ready' });
    site.wordpress.weaken({ by: 'critical_error', mostItems: null, diesOn: MARK });
    const run = await site.sync({ direction: 'to_external' });
    expect(run).toMatchObject({ status: 'partial', totals: { pushed: 9, failed: 1 } });
    expect(run.error).toContain('The site fails when this content is written');
    site.wordpress.weaken(null);
    expect(await site.sync({ direction: 'to_external' })).toMatchObject({
      status: 'success',
      totals: { pushed: 1, failed: 0 },
    });
  }, 120_000);
});

describe('a comparison of a slice', () => {
  /** The date of posts that no reading of the latest changes finds. */
  const OLD = { dateGmt: '2019-01-01T00:00:00' };
  /** The requests for posts by their ids, without the one for the links of two posts. */
  const included = () =>
    site.wordpress.state.requests.filter(
      ({ target }) => target.includes('include=') && !target.includes('_fields=id,link'),
    );

  it('costs a quiet run five requests on a host that gives few posts at once', async () => {
    await start('password', 200, OLD);
    site.wordpress.weaken({ by: 'gateway_timeout', mostItems: 7 });
    expect(await pull()).toMatchObject({ status: 'success' });
    site.wordpress.state.requests.length = 0;
    expect(await pull({ content_types: ['post'] })).toMatchObject({ status: 'success', error: null });
    expect(included().length).toBeGreaterThan(0);
    expect(included().length).toBeLessThanOrEqual(5);
  }, 120_000);

  it('keeps a post that fails alone for a later run', async () => {
    await start('password', 0);
    const { id: poisoned } = site.wordpress.editor.create('post', {
      title: 'Old',
      status: 'publish',
      ...OLD,
    });
    for (let n = 0; n < 9; n += 1)
      site.wordpress.editor.create('post', { title: `Extra ${n}`, status: 'publish' });
    expect(await pull()).toMatchObject({ status: 'success' });
    const post = site.wordpress.state.posts.find(({ id }) => id === poisoned);
    if (post !== undefined) post.content = `Text ${MARK}`;
    site.wordpress.weaken({ by: 'critical_error', mostItems: null, diesOn: MARK });
    expect(await pull({ content_types: ['post'] })).toMatchObject({
      status: 'partial',
      totals: { failed: 1 },
    });
    expect(
      await server.db.failingItem.findMany({ where: { integrationId: site.tenant.integrationId } }),
    ).toMatchObject([{ contentType: 'post', externalId: String(poisoned) }]);
    // The retry and the slice both meet the post, and the run names it once.
    expect(await pull({ content_types: ['post'] })).toMatchObject({
      status: 'partial',
      totals: { failed: 1 },
    });
    site.wordpress.weaken(null);
    expect(await pull({ content_types: ['post'] })).toMatchObject({
      status: 'success',
      totals: { updated: 1 },
    });
    expect(await problem('items_failing')).toBeUndefined();
  }, 60_000);
});

it('a site that is down ends the run, and is paused', async () => {
  await start('password', 30);
  expect(await pull()).toMatchObject({ status: 'success' });
  site.wordpress.setFault('api_reset');
  expect(await pull()).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('The site failed 5 times in a row'),
  });
}, 60_000);
