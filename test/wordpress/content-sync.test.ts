/**
 * The contents of a real WordPress and of the server stay in sync although processes die. WordPress's own
 * database is the reference.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../src/simulation/wordpress/seededRandom.ts';
import { eventually } from '../support/eventually.ts';
import type { SyncedTenant, Way } from '../support/syncedSite.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import type { HoldPoint, SeenRequest } from './support/site-proxy.ts';
import { runEnded, SyncedWordpress } from './support/synced-wordpress.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import type { WordpressVersion } from './support/wordpress-files.ts';

/** Set SYNC_SEED to repeat the random moments of an earlier run. */
const SEED = Number(process.env.SYNC_SEED ?? Math.floor(Math.random() * 1_000_000_000));
const KILLS = 5;
const PUSHED = 200;
/** Twelve batches. A killed worker completes at most two of them. */
const PUSHED_WITH_KILLS = 300;
const WAYS: Way[] = ['connector', 'password'];

const random = seededRandom(SEED);
let mariadb: Mariadb;
beforeAll(async () => {
  process.stdout.write(`SYNC_SEED=${SEED}\n`);
  mariadb = await startMariadb();
});
afterAll(async () => {
  await mariadb.stop();
});

/**
 * Since 7.1 WordPress writes a backslash in the attributes of a block differently, on saving and in
 * responses.
 */
const difficult = (version: WordpressVersion) =>
  `<!-- wp:code {"a":"\\u003c${version === '7.1' ? '\\u005c' : '\\\\'}n"} -->` +
  String.raw`<pre class="wp-block-code"><code>C:\new\\ "q" 'a' &amp; %s</code></pre><!-- /wp:code --> 🌉` +
  '\n\n<!-- wp:paragraph -->\n<p>Ünï</p>\n<!-- /wp:paragraph -->';

/** Existing terms, new terms, and a new term below another. */
const TERMS = {
  post: [
    { taxonomy: 'category', slug: 'news', name: 'News' },
    { taxonomy: 'category', slug: 'world/europe', name: 'Europe' },
    { taxonomy: 'post_tag', slug: 'brand-new', name: 'Brand & new' },
  ],
  book: [{ taxonomy: 'genre', slug: 'poetry/haiku', name: 'Haiku' }],
};

/** A content as a user writes it. */
function written(version: WordpressVersion, title: string, n: number) {
  const content_type = n % 2 === 0 ? 'post' : 'book';
  return {
    content_type,
    title: String.raw`${title} ${n}: "q" \ 🎉`,
    body: `${difficult(version)} ${n}`,
    excerpt: n % 3 === 0 ? String.raw`Short \ "${n}"` : '',
    slug: n % 2 === 0 ? '' : `${title.toLowerCase().replaceAll(' ', '-')}-${n}`,
    status: 'ready',
    terms: TERMS[content_type],
    metadata: { subtitle: String.raw`Sub \ ${n}`, rating: n, words: ['a', 'b'] },
  };
}

/** The requests that read contents, and the requests that write them. */
const reads = ({ method, target }: SeenRequest) =>
  method === 'GET' && /sitebridge\/v1\/items\?.*after_id|wp\/v2\/(posts|books)\?.*offset=/.test(target);
const writes = ({ method }: SeenRequest) => method !== 'GET';

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let all: SyncedWordpress;
  beforeAll(async () => {
    all = await SyncedWordpress.start(mariadb, { version });
    await all.startWorker();
  });
  afterAll(async () => {
    await all.stop();
  });

  const startRun = async (site: SyncedTenant, body: object): Promise<number> =>
    (
      await all.server
        .as(site.tenant.owner)
        .post(site.path('/sync'), body)
        .set('Prefer', 'respond-async')
        .expect(202)
    ).body.id;
  const resolve = (site: SyncedTenant, id: number, keep: 'local' | 'remote') =>
    all.server.as(site.tenant.owner).post(`/api/v1/content/${id}/resolve-conflict`, { keep }).expect(200);

  /**
   * Starts a run, kills its worker several times at random moments, then lets a last worker finish the run. A
   * worker is killed after at most `upTo` of the counted requests. Otherwise the killed workers might finish
   * the run.
   */
  async function finishDespiteKills(
    site: SyncedTenant,
    body: object,
    { counts, upTo }: Pick<HoldPoint, 'counts'> & { upTo: number },
  ) {
    const moments = ['before', 'no answer', 'answer'] as const;
    let id = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const at = moments[Math.floor(random() * moments.length)] ?? 'before';
      all.proxy.hold({ nth: 1 + Math.floor(random() * upTo), at, counts });
      if (kill === 0) id = await startRun(site, body);
      else await all.startWorker();
      await eventually(() => expect([kill, at, all.proxy.isHeld()]).toEqual([kill, at, true]), 120_000);
      // A random moment while the worker processes the response.
      await delay(random() * 60);
      await all.killWorker();
      expect((await all.server.db.syncRun.findUniqueOrThrow({ where: { id } })).status).toBe('syncing');
      all.proxy.release();
    }
    await all.startWorker();
    const run = await runEnded(all.server, site, id);
    expect(run).toMatchObject({ status: 'success', error: null });
    return run;
  }

  describe.each(WAYS)('by %s', (way) => {
    let site: SyncedTenant;
    beforeAll(async () => {
      site = await all.connect(way);
    });

    test('2,000 contents of two types are stored exactly as they are', async () => {
      const run = await site.sync({ direction: 'from_external' });
      expect(run).toMatchObject({ status: 'success', error: null });
      const count = await all.expectEqual(site);
      expect(count).toBeGreaterThan(1_950);
      expect(run.totals).toMatchObject({ pulled: count, created: count, failed: 0 });
    });

    test('100 edits, 20 deletions and 10 new posts are found by reading few contents', async () => {
      await all.changeMany();
      const before = all.proxy.items();
      const run = await site.sync({ direction: 'from_external' });
      const read = all.proxy.items() - before;
      expect(run).toMatchObject({ status: 'success', error: null });
      expect(run.totals).toMatchObject({ created: 10, updated: 100, deleted: 20, conflicts: 0 });
      expect(read).toBeGreaterThanOrEqual(110);
      // Over core REST each run also compares the next five pages of contents.
      const compared = way === 'connector' ? 0 : 500;
      expect(read - compared).toBeLessThan(300);
      await all.expectEqual(site);
      const gone = await site.contents({ syncState: 'deleted_remote' });
      expect(gone.filter(({ externalStatus }) => externalStatus === 'trash')).toHaveLength(10);
      expect(gone.filter(({ externalStatus }) => externalStatus === 'deleted')).toHaveLength(10);
    });

    test(`${PUSHED} contents are pushed, edited and pushed again: ${PUSHED} posts`, async () => {
      const title = `Pushed by ${way}`;
      const ids: number[] = [];
      for (let n = 0; n < PUSHED; n += 1) ids.push(await site.write(written(version, title, n)));
      const first = await site.sync({ direction: 'to_external' });
      expect(first).toMatchObject({ status: 'success', error: null });
      expect(first.totals).toMatchObject({ pushed: PUSHED, created: PUSHED });
      await all.expectEqual(site);
      for (const [n, id] of ids.entries()) {
        await site.edit(id, {
          title: String.raw`${title}, again ${n} \ 🎈`,
          body: `${n} ${difficult(version)}`,
        });
      }
      const second = await site.sync({ direction: 'to_external' });
      expect(second).toMatchObject({ status: 'success', error: null });
      expect(second.totals).toMatchObject({ pushed: PUSHED, created: 0 });
      const titles = await all.titled(title);
      expect([...titles.keys()].every((each) => each.includes('again'))).toBe(true);
      expect([...titles.values()]).toEqual(Array(PUSHED).fill(1));
      await all.expectEqual(site);
    });

    test('a content whose type and terms have another namespace is pushed there', async () => {
      await site.write({
        content_type: 'film',
        title: `Film by ${way}`,
        status: 'ready',
        terms: [{ taxonomy: 'mood', slug: `mood-${way}`, name: 'A mood' }],
      });
      const run = await site.sync({ direction: 'to_external' });
      expect(run).toMatchObject({ status: 'success', error: null, totals: { created: 1 } });
      await all.expectEqual(site);
    });

    test('an edit on both sides is a conflict, and neither text is overwritten until a user decides', async () => {
      const contents = await site.contents({ contentType: 'post', externalStatus: 'publish' });
      const chosen = contents.slice(0, 2);
      for (const { id, externalId } of chosen) {
        await site.edit(id, { title: `Ours ${id}` });
        await all.save(externalId, `Theirs ${id}`);
      }
      const [local = 0, remote = 0] = chosen.map(({ id }) => id);
      for (const direction of ['both', 'to_external']) {
        expect(await site.sync({ direction })).toMatchObject({ status: 'success', totals: { pushed: 0 } });
        for (const id of [local, remote]) {
          expect(await site.content(id)).toMatchObject({ title: `Ours ${id}`, syncState: 'conflict' });
          expect(await all.titled(`Theirs ${id}`)).toEqual(new Map([[`Theirs ${id}`, 1]]));
        }
      }
      await resolve(site, local, 'local');
      await resolve(site, remote, 'remote');
      expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success', error: null });
      expect(await site.content(local)).toMatchObject({ title: `Ours ${local}` });
      expect(await site.content(remote)).toMatchObject({ title: `Theirs ${remote}` });
      await all.expectEqual(site);
    });
  });

  test.each(WAYS)(
    `workers are killed ${KILLS} times during a pull and during a push by %s: each content exists once`,
    async (way) => {
      const fresh = await all.connect(way);
      const pulled = await finishDespiteKills(
        fresh,
        { direction: 'from_external' },
        { counts: reads, upTo: 1 },
      );
      const count = await all.expectEqual(fresh);
      expect(pulled.totals).toMatchObject({ pulled: count, created: count, failed: 0 });
      const { accountId, siteId } = fresh.tenant.site;
      expect(await all.server.db.syncEvent.count({ where: { siteId, action: 'pulled' } })).toBe(count);

      const title = `Killed by ${way}`;
      await all.server.db.content.createMany({
        data: Array.from({ length: PUSHED_WITH_KILLS }, (_, n) => {
          const { content_type: contentType, ...fields } = written(version, title, n);
          return { accountId, siteId, ...fields, contentType, status: 'ready' as const };
        }),
      });
      const pushed = await finishDespiteKills(
        fresh,
        { direction: 'to_external' },
        { counts: writes, upTo: 2 },
      );
      expect(pushed.totals).toMatchObject({ failed: 0, conflicts: 0 });
      const titles = await all.titled(title);
      expect([...titles.values()]).toEqual(Array(PUSHED_WITH_KILLS).fill(1));
      expect(await all.expectEqual(fresh)).toBe(count + PUSHED_WITH_KILLS);
    },
    600_000,
  );

  test('neither side logged a fault', () => {
    expect(all.wordpress.phpLog()).not.toMatch(/sitebridge/i);
    expect(all.logged()).not.toContain('fault of ours');
  });
});
