/** Changes in a real WordPress that leave the dates of its posts: the next sync makes both sides equal. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncedTenant, Way } from '../support/syncedSite.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import { SyncedWordpress } from './support/synced-wordpress.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';

const WAYS: Way[] = ['connector', 'password'];

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb.stop());

/** The changes that the first sync finds in every post, by whatever way it reads. */
const inFirstSync = /category|tag|parent|permalink|user|picture/;

/** What WordPress itself says about each post, in the form of `stored`. */
const STATE = `
  $found = array();
  foreach ( get_posts( array( 'post_type' => array( 'post', 'page', 'book', 'film' ), 'post_status' => array_diff( get_post_stati(), array( 'trash', 'auto-draft', 'inherit' ) ), 'numberposts' => -1, 'suppress_filters' => true ) ) as $post ) {
    $terms = array();
    foreach ( array( 'category', 'post_tag', 'genre' ) as $taxonomy ) {
      foreach ( wp_get_object_terms( $post->ID, $taxonomy ) as $term ) { $terms[] = "$taxonomy $term->slug"; }
    }
    sort( $terms );
    $found[] = array( $post->ID, get_permalink( $post ), (int) $post->post_author, (int) get_post_thumbnail_id( $post ), md5( $post->post_content ), implode( ',', $terms ) );
  }
  return $found;`;

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let all: SyncedWordpress;
  beforeAll(async () => {
    all = await SyncedWordpress.start(mariadb, { version });
    await all.startWorker();
  });
  afterAll(() => all.stop());

  describe.each(WAYS)('by %s', (way) => {
    let site: SyncedTenant;
    const php = (code: string) => all.wordpress.php(code);

    beforeAll(async () => {
      site = await all.connect(way);
      await php(`
        $term = wp_insert_term( 'Undated ${way}', 'category', array( 'slug' => 'undated-${way}' ) )['term_id'];
        $gone = wp_insert_term( 'Gone ${way}', 'post_tag', array( 'slug' => 'gone-${way}' ) )['term_id'];
        $user = wp_insert_user( array( 'user_login' => 'author-${way}', 'user_pass' => 'x', 'role' => 'author' ) );
        $picture = wp_insert_attachment( array( 'post_title' => 'Picture', 'post_mime_type' => 'image/png' ), 'picture-${way}.png' );
        foreach ( get_posts( array( 'numberposts' => 8, 'order' => 'ASC' ) ) as $post ) {
          global $wpdb;
          wp_set_post_terms( $post->ID, array( $term ), 'category' );
          wp_set_post_terms( $post->ID, array( $gone ), 'post_tag' );
          update_post_meta( $post->ID, '_thumbnail_id', $picture );
          $wpdb->update( $wpdb->posts, array( 'post_author' => $user ), array( 'ID' => $post->ID ) );
        }
        return true;`);
      expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
      await expectEqual();
    });

    /** Both sides, post by post. */
    async function expectEqual(): Promise<void> {
      const there = (await php(
        // The link of a private post is another for visitors.
        `wp_set_current_user( ${all.wordpress.users.editor} ); ${STATE}`,
      )) as [number, string, number, number, string, string][];
      const contents = await site.contents({ syncState: { not: 'deleted_remote' } });
      const here = contents.map(({ externalId, externalUrl, metadata, body, terms }) => {
        const { author = 0, featured_media = 0 } = metadata as Record<string, number>;
        const named = (terms as { taxonomy: string; slug: string }[])
          .filter(({ taxonomy }) => ['category', 'post_tag', 'genre'].includes(taxonomy))
          .map(({ taxonomy, slug }) => `${taxonomy} ${slug}`)
          .sort();
        const md5 = createHash('md5').update(body).digest('hex');
        return [Number(externalId), externalUrl, author, featured_media, md5, named.join()];
      });
      const byId = (one: unknown[], other: unknown[]) => Number(one[0]) - Number(other[0]);
      expect(here.sort(byId)).toEqual(there.sort(byId));
    }

    const inUse = (slug: string, taxonomy: string) =>
      `get_term_by( 'slug', '${slug}', '${taxonomy}' )->term_id`;
    const changes: [string, string][] = [
      [
        'category renamed, new slug',
        `return wp_update_term( ${inUse(`undated-${way}`, 'category')}, 'category', array( 'name' => 'New ${way}', 'slug' => 'new-${way}' ) );`,
      ],
      ['tag deleted', `return wp_delete_term( ${inUse(`gone-${way}`, 'post_tag')}, 'post_tag' );`],
      [
        "its parent's slug changed",
        `$parent = wp_insert_term( 'Above ${way}', 'category' )['term_id'];
        wp_update_term( ${inUse(`new-${way}`, 'category')}, 'category', array( 'parent' => $parent ) );
        return wp_update_term( $parent, 'category', array( 'slug' => 'world-${way}' ) );`,
      ],
      [
        'user deleted, posts given to another',
        `require_once ABSPATH . 'wp-admin/includes/user.php';
        return wp_delete_user( get_user_by( 'login', 'author-${way}' )->ID, 1 );`,
      ],
      [
        'picture deleted from the library',
        `$found = get_posts( array( 'post_type' => 'attachment', 'post_status' => 'inherit', 'numberposts' => 1 ) );
        return false !== wp_delete_attachment( $found[0]->ID, true );`,
      ],
      [
        'permalink structure changed',
        `global $wp_rewrite; $wp_rewrite->set_permalink_structure( '/${way}/%post_id%/%postname%/' ); flush_rewrite_rules(); return true;`,
      ],
      [
        'search and replace by SQL',
        `global $wpdb; return $wpdb->query( "UPDATE $wpdb->posts SET post_content = CONCAT( post_content, ' replaced' ) WHERE post_type IN ( 'post', 'page', 'book' )" );`,
      ],
    ];

    test.each(changes)('%s', async (name, change) => {
      await php(change);
      // Without the plugin, a sync compares 500 posts at most, in pages of 100 of one type.
      const syncs = way === 'connector' || inFirstSync.test(name) ? 1 : 7;
      for (let sync = 0; sync < syncs; sync += 1) {
        const run = await site.sync({ direction: 'from_external' });
        expect(run).toMatchObject({ status: 'success', totals: { conflicts: 0 } });
      }
      await expectEqual();
      expect(await site.sync({ direction: 'from_external' })).toMatchObject({ totals: { updated: 0 } });
    });

    test('an edit that waits here survives them', async () => {
      const [first] = await site.contents({ contentType: 'post', syncState: 'in_sync' });
      await site.edit(first?.id ?? 0, { title: `Waiting ${way}` });
      await php(
        `return wp_update_term( ${inUse(`new-${way}`, 'category')}, 'category', array( 'slug' => 'last-${way}' ) );`,
      );
      await site.sync({ direction: 'from_external' });
      expect(await site.content(first?.id ?? 0)).toMatchObject({
        title: `Waiting ${way}`,
        syncState: 'local_changes',
      });
      expect(await site.sync({ direction: 'both' })).toMatchObject({ totals: { pushed: 1, conflicts: 0 } });
    });
  });
});
