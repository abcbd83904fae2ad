/** A real WordPress whose theme or plugins change every list is read completely. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncedTenant, Way } from '../support/syncedSite.ts';
import type { Mariadb } from './support/mariadb.ts';
import { withMariadb } from './support/stage.ts';
import { SyncedWordpress } from './support/synced-wordpress.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';

const WAYS: Way[] = ['connector', 'password'];
const PLUGINS = ['posts-per-page', 'forced-order', 'low-page-limit', 'no-total'] as const;
/** More than two pages. */
const CATEGORIES = 230;

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let all: SyncedWordpress;
  beforeAll(async () => {
    all = await SyncedWordpress.start(mariadb, { version });
    await all.wordpress.php(
      `for ( $n = 0; $n < ${CATEGORIES}; $n++ ) { wp_insert_term( "More {$n}", 'category' ); } return true;`,
    );
    await all.startWorker();
  });
  afterAll(async () => {
    await all.stop();
  });

  const terms = (site: SyncedTenant) =>
    all.server.db.siteTerm.count({ where: { siteId: site.tenant.site.siteId, taxonomy: 'category' } });

  async function onSite(taxonomy: string): Promise<number> {
    const [row] = await all.wordpress.query(
      `SELECT COUNT(*) AS count FROM wp_term_taxonomy WHERE taxonomy = '${taxonomy}'`,
    );
    return Number(row?.count);
  }

  describe.each(WAYS)('by %s', (way) => {
    test.each(PLUGINS)(
      'with %s, everything is read, and every edit and deletion is found',
      async (plugin) => {
        const site = await all.connect(way);
        all.wordpress.setMuPlugin(plugin, true);
        try {
          expect(await site.sync({ direction: 'from_external' })).toMatchObject({
            status: 'success',
            error: null,
          });
          expect(await all.expectEqual(site)).toBeGreaterThan(1_900);
          expect(await terms(site)).toBe(await onSite('category'));

          await all.changeMany();
          expect(await site.sync({ direction: 'from_external' })).toMatchObject({
            status: 'success',
            error: null,
            totals: { created: 10, updated: 100, deleted: 20 },
          });
          await all.expectEqual(site);
        } finally {
          all.wordpress.setMuPlugin(plugin, false);
        }
        expect(await site.sync({ direction: 'from_external', full: true })).toMatchObject({
          status: 'success',
          error: null,
          totals: { created: 0, updated: 0, deleted: 0 },
        });
      },
    );

    test('a page that the user may not edit is no reason to look for more', async () => {
      const site = await all.connect(way);
      const page = await all.wordpress.php(
        `$id = wp_insert_post( array( 'post_type' => 'page', 'post_title' => 'Privacy', 'post_status' => 'publish' ) );
        update_option( 'wp_page_for_privacy_policy', $id ); return $id;`,
      );
      try {
        expect(await site.sync({ direction: 'from_external' })).toMatchObject({
          status: 'success',
          error: null,
        });
        expect(await site.contents({ externalId: String(page) })).toEqual([]);
        expect(await site.sync({ direction: 'from_external' })).toMatchObject({
          status: 'success',
          error: null,
        });
      } finally {
        await all.wordpress.php(
          `delete_option( 'wp_page_for_privacy_policy' ); return wp_delete_post( ${page}, true ) !== false;`,
        );
      }
    });
  });
});
