/** A real WordPress on a host with little memory, and one with a plugin that dies on some posts. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Way } from '../support/syncedSite.ts';
import type { Mariadb } from './support/mariadb.ts';
import type { Door } from './support/site-proxy.ts';
import { withMariadb } from './support/stage.ts';
import { SyncedWordpress } from './support/synced-wordpress.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';

const WAYS: Way[] = ['connector', 'password'];
const MARK = '[dies-here]';
/** Posts of 300 KB. Ten of them fit into the memory, sixty do not. */
const LARGE_POSTS = 60;

/** The most contents that the host gives in one answer. */
const MOST = 12;

function hasTooMany(body: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return false;
  }
  const list: unknown = Array.isArray(value) ? value : Object(value).items;
  return Array.isArray(list) && list.filter((each) => 'title' in Object(each)).length > MOST;
}

/** How a host ends the answers that are too large for it. */
const doors: Record<string, Door> = {
  'gateway timeout': {
    instead: (body) =>
      hasTooMany(body) ? { status: 504, body: '<title>504 Gateway Time-out</title>' } : null,
  },
  'cut connection': { instead: (body) => (hasTooMany(body) ? 'cut' : null) },
  'answer that breaks off': { body: (body) => (hasTooMany(body) ? body.slice(0, body.length / 2) : body) },
};

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let all: SyncedWordpress;
  beforeAll(async () => {
    all = await SyncedWordpress.start(mariadb, { version });
    await all.startWorker();
  });
  afterAll(async () => {
    await all.stop();
  });

  test.each(WAYS)(
    'by %s, posts on which a plugin dies fail by name, and come when they are mended',
    async (way) => {
      const site = await all.connect(way);
      const ids: unknown = await all.wordpress.php(
        `$ids = array();
      for ( $n = 0; $n < 3; $n++ ) {
        $ids[] = wp_insert_post( array( 'post_title' => "Marked {$n}", 'post_status' => 'publish', 'post_content' => '${MARK}' ) );
      }
      return $ids;`,
      );
      const marked = Array.isArray(ids) ? ids.map(String) : [];
      expect(marked).toHaveLength(3);
      all.wordpress.setMuPlugin('dies-on-mark', true);
      try {
        const first = await site.sync({ direction: 'from_external' });
        expect(first).toMatchObject({ status: 'partial', totals: { failed: 3 } });
        for (const id of marked) expect(first.error).toContain(`post ${id}: The site fails`);
        expect(await site.contents({ externalId: { in: marked } })).toEqual([]);
        await all.wordpress.php(
          `foreach ( array( ${marked.join(', ')} ) as $id ) {
          wp_update_post( array( 'ID' => $id, 'post_content' => 'Mended' ) );
        }
        return true;`,
        );
        expect(await site.sync({ direction: 'from_external' })).toMatchObject({
          status: 'success',
          error: null,
          totals: { created: 3 },
        });
        await all.expectEqual(site);
      } finally {
        all.wordpress.setMuPlugin('dies-on-mark', false);
      }
    },
  );

  test.each(WAYS)(
    'by %s, a host that gives up over large answers is read wholly, however it ends them',
    async (way) => {
      const site = await all.connect(way);
      try {
        for (const [ending, door] of Object.entries(doors)) {
          all.proxy.setDoor(door);
          const run = await site.sync({ direction: 'from_external', full: true });
          expect({ ending, ...run }).toMatchObject({ ending, status: 'success', error: null });
          await all.expectEqual(site);
        }
      } finally {
        all.proxy.setDoor(null);
      }
      const integration = await all.server.db.siteIntegration.findUniqueOrThrow({
        where: { id: site.tenant.integrationId },
      });
      expect(integration).toMatchObject({ pausedUntil: null, pauses: 0 });
    },
  );

  test('over core REST, a host without memory for a page of large posts is read wholly', async () => {
    const site = await all.connect('password');
    await all.wordpress.php(
      `for ( $n = 0; $n < ${LARGE_POSTS}; $n++ ) {
        wp_insert_post( array( 'post_title' => "Large {$n}", 'post_status' => 'publish', 'post_content' => str_repeat( 'Large text. ', 50000 ) ) );
      }
      return true;`,
    );
    all.wordpress.setMuPlugin('low-memory', true);
    try {
      expect(await site.sync({ direction: 'from_external' })).toMatchObject({
        status: 'success',
        error: null,
      });
      await all.expectEqual(site);
      const sizes = await all.server.db.partSize.findMany({
        where: { integrationId: site.tenant.integrationId, list: { startsWith: 'items' } },
      });
      expect(sizes.length).toBeGreaterThan(0);
    } finally {
      all.wordpress.setMuPlugin('low-memory', false);
    }
  });
});
