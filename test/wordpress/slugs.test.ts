/** A real WordPress makes the slugs of posts and terms in its own letters. No post and no term exists twice. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { SyncedTenant, Way } from '../support/syncedSite.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import type { SeenRequest } from './support/site-proxy.ts';
import { runEnded, SyncedWordpress } from './support/synced-wordpress.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';

const WAYS: Way[] = ['connector', 'password'];

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb.stop());

/** How sites write letters: WordPress by default, in a language, and with a plugin. */
const SITES = [
  { letters: 'default', language: '', plugin: false },
  { letters: 'Danish', language: 'da_DK', plugin: false },
  { letters: 'German', language: 'de_DE', plugin: false },
  { letters: 'transliterated', language: '', plugin: true },
];

const creates = ({ method, target }: SeenRequest) =>
  method === 'POST' && /\/items\/|batch|\/posts\b/.test(target);
const php = (text: string) => `'${text.replaceAll("'", "\\'")}'`;

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let all: SyncedWordpress;
  beforeAll(async () => {
    all = await SyncedWordpress.start(mariadb, { version });
    await all.startWorker();
  });
  afterAll(() => all.stop());

  describe.each(WAYS)('by %s', (way) => {
    let site: SyncedTenant;
    beforeAll(async () => {
      site = await all.connect(way);
    });

    test.each(SITES)('slugs in $letters letters', async ({ letters, language, plugin }) => {
      const { wordpress } = all;
      await wordpress.php(`return update_option( 'WPLANG', '${language}' );`);
      wordpress.setMuPlugin('own-letters', plugin);
      const mark = `${letters} ${way}`;
      const titles = [
        `Største nyheder på Ærø, Größe: ${mark}`,
        `Привет, мир — ${mark}`,
        `${mark} Объект культурного наследия регионального значения`,
        '?!',
      ];
      const terms = [
        { taxonomy: 'category', slug: `Погода ${mark}`, name: 'The weather' },
        { taxonomy: 'category', slug: `Größe ${mark}`, name: 'The size' },
        { taxonomy: 'post_tag', slug: `Offer ${mark}`, name: 'The offer' },
        { taxonomy: 'genre', slug: `Погода ${mark}`, name: 'The weather' },
      ];
      for (const { taxonomy, slug } of terms)
        await wordpress.php(
          `return wp_insert_term( ${php(`Before ${slug}`)}, '${taxonomy}', array( 'slug' => ${php(slug)} ) );`,
        );
      const before = await count('wp_terms');
      const ids: number[] = [];
      for (const [index, title] of titles.entries())
        ids.push(
          await site.write({
            title,
            body: `<p>${mark} ${index}</p>`,
            status: 'ready',
            terms: terms.slice(0, 3),
          }),
        );
      const book = await site.write({
        content_type: 'book',
        title: `Bog ${mark}`,
        status: 'ready',
        terms: terms.slice(3),
      });

      // WordPress carries out the first create, and the worker dies before the answer.
      all.proxy.hold({ nth: 1, counts: creates, at: 'no answer' });
      const run = site.sync({ direction: 'to_external' });
      await eventually(async () => expect(all.proxy.isHeld()).toBe(true), 60_000);
      await all.killWorker();
      all.proxy.release();
      await wordpress.php(
        `foreach ( get_posts( array( 'post_type' => 'any', 'post_status' => 'any', 'numberposts' => -1, 's' => ${php(mark)} ) ) as $post ) {
          if ( str_contains( $post->post_content, ${php(`${mark} 0`)} ) ) { wp_update_post( array( 'ID' => $post->ID, 'post_title' => ${php(`Edited ${mark}`)} ) ); }
        }
        return true;`,
      );
      await all.startWorker();
      await runEnded(all.server, site, (await run).id);
      await site.sync({ direction: 'to_external' });

      for (const [index, title] of titles.entries()) {
        const posts = await wordpress.query(
          `SELECT ID AS id, post_name AS slug FROM wp_posts
          WHERE post_content = '<p>${mark} ${index}</p>' AND post_type = 'post'`,
        );
        expect(posts).toHaveLength(1);
        const made = await wordpress.php(`return sanitize_title( ${php(title)} );`);
        expect(String(posts[0]?.slug)).toMatch(made === '' ? /^\d+(-2)?$/ : slugPattern(String(made)));
        expect(await site.content(ids[index] ?? 0)).toMatchObject({ externalId: String(posts[0]?.id) });
      }
      expect(await site.content(book)).toMatchObject({ syncState: 'in_sync' });
      expect(await count('wp_terms')).toBe(before);
      const last = await site.sync({ direction: 'to_external' });
      expect(last.totals).toMatchObject({ pushed: 0 });
    });
  });

  async function count(table: string): Promise<number> {
    const [row] = await all.wordpress.query(`SELECT COUNT(*) AS count FROM ${table}`);
    return Number(row?.count);
  }
});

/** WordPress's slug, maybe cut for a number. */
function slugPattern(slug: string): RegExp {
  return new RegExp(`^${slug.slice(0, 180)}[%\\w-]*$`);
}
