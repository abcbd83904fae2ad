import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { AdminSession } from './support/admin-session.ts';
import { installConnector } from './support/connector.ts';
import { addContentTypes, ContentRoutes, type Item } from './support/content-routes.ts';
import type { Mariadb } from './support/mariadb.ts';
import { jsonFetch } from './support/signed-request.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const KEY = `sbk_${'Cc2-_'.repeat(9).slice(0, 43)}`;
const SITE_ID = 12;
const IN_CONTENT = "post_status NOT IN ('trash', 'auto-draft', 'inherit')";
const DIFFICULT =
  String.raw`<!-- wp:code {"a":"\u003c\\n"} --><pre>C:\new\\ "q" 'a' &amp; %s \0</pre><!-- /wp:code --> 🌉 ` +
  '\n\n<!-- wp:paragraph -->\n<p>Ünï</p>\n<!-- /wp:paragraph -->';

/** A post with `context=edit` in core's REST API. */
const core = z.object({
  id: z.int(),
  type: z.string(),
  status: z.string(),
  slug: z.string(),
  link: z.string(),
  title: z.object({ raw: z.string() }),
  content: z.object({ raw: z.string(), protected: z.boolean() }),
  excerpt: z.object({ raw: z.string() }).default({ raw: '' }),
  author: z.int().optional(),
  date_gmt: z.string().nullable(),
  modified_gmt: z.string().nullable(),
  parent: z.int().default(0),
  featured_media: z.int().default(0),
  // PHP encodes an empty map as [].
  meta: z.union([z.record(z.string(), z.json()), z.array(z.never()).transform(() => ({}))]).default({}),
  _embedded: z
    .object({
      'wp:term': z.array(z.array(z.object({ taxonomy: z.string(), slug: z.string(), name: z.string() }))),
    })
    .optional(),
});

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('reading contents on %s', (version) => {
  let wordpress: Wordpress;
  let admin: AdminSession;
  let routes: ContentRoutes;
  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version });
    addContentTypes(wordpress);
    admin = await installConnector(wordpress);
    await admin.pressSettings('Save', {
      server_url: 'https://sitebridge.example.com/',
      site_id: String(SITE_ID),
      api_key: KEY,
      user_id: String(wordpress.users.editor),
    });
    routes = new ContentRoutes(wordpress, { siteId: SITE_ID, key: KEY });
  });
  afterAll(async () => {
    await wordpress.stop();
  });

  const ids = async (type: string, where = IN_CONTENT): Promise<number[]> =>
    (
      await wordpress.query(`SELECT ID FROM wp_posts WHERE post_type = '${type}' AND ${where} ORDER BY ID`)
    ).map((row) => Number(row.ID));
  const make = async (fields: string): Promise<number> =>
    Number(await wordpress.php(`return wp_insert_post( wp_slash( array( ${fields} ) ), true );`));
  /** Expects that each item equals the post in core's REST API. */
  const equalsCore = async (base: string, items: Item[]): Promise<void> => {
    const answer = await routes.get(
      `/wp/v2/${base}`,
      `context=edit&_embed=wp:term&status=any&per_page=100&include=${items.map(({ id }) => id).join(',')}`,
    );
    const shown = new Map(
      z
        .array(core)
        .parse(answer.json)
        .map((post) => [post.id, post]),
    );
    for (const item of items) sameAsCore(item, shown.get(item.id));
  };
  const sameAsCore = (item: Item, shown: z.output<typeof core> | undefined): void => {
    const { title, content, excerpt, _embedded, ...rest } = core.parse(shown);
    const terms = (_embedded?.['wp:term'] ?? []).flat();
    expect({ ...item, terms: sorted(item.terms) }).toEqual({
      ...rest,
      author: rest.author ?? item.author,
      title: title.raw,
      content: content.raw,
      excerpt: excerpt.raw,
      protected: content.protected,
      terms: sorted(
        terms.map(({ taxonomy, slug, name }) => ({ taxonomy, slug, name: name.replaceAll('&amp;', '&') })),
      ),
      built_with: null,
      content_key: null,
      content_id: null,
      hash: item.hash,
    });
  };

  test('pages contain every status in the order of ids, without a gap or a double', async () => {
    for (const status of ['future', 'pending', 'shelved']) {
      await make(
        `'post_title' => '${status}', 'post_status' => '${status}', 'post_date' => '2099-01-01 00:00:00'`,
      );
    }
    const expected = await ids('post');
    const read = await routes.all('post', 3);
    expect(read.map((item) => item.id)).toEqual(expected);
    expect(new Set(read.map((item) => item.status))).toEqual(
      new Set(['publish', 'draft', 'private', 'pending', 'future', 'shelved']),
    );
    const first = await routes.page('type=post&limit=3');
    expect(first).toMatchObject({ total: expected.length, next_after_id: expected[2], forbidden: [] });
    expect((await routes.page(`type=post&limit=500`)).next_after_id).toBeNull();
    expect(await routes.page(`type=post&after_id=${expected.at(-1)}`)).toMatchObject({
      items: [],
      next_after_id: null,
    });
    expect(await routes.page('type=film')).toEqual({
      items: [],
      forbidden: [],
      last_operation: null,
      links: expect.stringMatching(/^[0-9a-f]{16}$/),
      next_after_id: null,
      total: 0,
    });
  });

  test('a limit gives only the newest items, also in pages', async () => {
    const expected = (await ids('post')).slice(-4);
    const first = await routes.page('type=post&newest=4&limit=3');
    expect(first).toMatchObject({ total: 4, next_after_id: expected[2] });
    const second = await routes.page(`type=post&newest=4&limit=3&after_id=${first.next_after_id}`);
    expect([...first.items, ...second.items].map((item) => item.id)).toEqual(expected);
    expect(second.next_after_id).toBeNull();
    expect((await routes.page('type=post&newest=9999')).total).toBe((await ids('post')).length);
  });

  test('items by id can be present, in the trash, gone or forbidden', async () => {
    const page = await make(`'post_title' => 'Privacy', 'post_type' => 'page', 'post_status' => 'publish'`);
    const trashed = await make(
      `'post_title' => 'T', 'post_type' => 'page', 'post_status' => 'publish', 'post_content' => 't'`,
    );
    const revision = await wordpress.php(
      `wp_trash_post( ${trashed} ); return wp_save_post_revision( ${page} );`,
    );
    const [auto] = await ids('post', "post_status = 'auto-draft'");
    const [post] = await ids('post');
    const gone = [999_999, Number(revision), Number(post)];
    const read = await routes.some('page', [trashed, page, ...gone, page]);
    expect(read.items.map((item) => [item.id, item.status])).toEqual([
      [trashed, 'trash'],
      [page, 'publish'],
    ]);
    expect(read).toMatchObject({ gone, forbidden: [] });
    expect((await routes.some('post', [Number(auto)])).gone).toEqual([auto]);
    // An editor may not edit the privacy policy page.
    await wordpress.php(`return update_option( 'wp_page_for_privacy_policy', ${page} );`);
    expect(await routes.some('page', [page])).toEqual({
      items: [],
      gone: [],
      forbidden: [page],
      last_operation: null,
      links: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    const all = await routes.page('type=page&limit=500');
    expect(all.forbidden).toEqual([page]);
    expect(all.items.map((item) => item.id)).not.toContain(page);
    await wordpress.php(`return update_option( 'wp_page_for_privacy_policy', 0 );`);
  });

  test("every field equals core's REST API", async () => {
    await wordpress.php(`
      wp_set_current_user( 1 );
      $picture = wp_insert_attachment( array( 'post_title' => 'P', 'post_mime_type' => 'image/png' ), 'p.png' );
      $books   = array();
      $fields  = array( 'post_type' => 'book', 'post_title' => 'Vol. "1" \\\\ & <em>x</em> 🌉', 'post_content' => base64_decode( '${Buffer.from(DIFFICULT).toString('base64')}' ), 'post_excerpt' => 'a\\\\b', 'post_status' => 'publish' );
      foreach ( array( 0, 1, 2 ) as $depth ) {
        $books[] = wp_insert_post( wp_slash( $fields + array( 'post_parent' => $depth > 0 ? $books[ $depth - 1 ] : 0 ) ) );
      }
      wp_set_object_terms( $books[1], array( 'Sonnets', 'R & D' ), 'genre' );
      wp_set_object_terms( $books[1], array( 'dark', '日本' ), 'mood' );
      set_post_thumbnail( $books[1], $picture );
      foreach ( array( 'colour' => 'r\\\\"ed', 'rank' => '7', 'ratio' => '1.5', 'box' => array( 'a' => 3 ), 'inner' => 'x', 'guarded' => 'g' ) as $key => $value ) {
        add_post_meta( $books[1], $key, wp_slash( $value ) );
      }
      add_post_meta( $books[1], 'words', 'b' );
      add_post_meta( $books[1], 'words', 'a' );
      add_post_meta( $books[2], 'rank', 'no number' );
      wp_insert_post( array( 'post_type' => 'film', 'post_title' => 'Film', 'post_status' => 'draft' ) );
      $post = wp_insert_post( array( 'post_title' => 'Tagged', 'post_status' => 'publish', 'tags_input' => 'one,two' ) );
      wp_set_object_terms( $post, 'unseen', 'hidden_mark' );
      wp_insert_post( array( 'post_title' => 'floating', 'post_status' => 'draft', 'post_name' => 'floating' ) );
      return true;`);
    const zero = await make(`'post_title' => 'Zero', 'post_status' => 'draft'`);
    const old = await make(`'post_title' => 'Old', 'post_status' => 'draft'`);
    await wordpress.query(
      `UPDATE wp_posts SET post_date = '0000-00-00', post_date_gmt = '0000-00-00', post_modified = '0000-00-00', post_modified_gmt = '0000-00-00' WHERE ID = ${zero}`,
    );
    await wordpress.query(
      `UPDATE wp_posts SET post_modified = '2026-01-15 12:00:00', post_modified_gmt = '0000-00-00' WHERE ID = ${old}`,
    );
    await wordpress.php(`return update_option( 'timezone_string', 'Europe/Berlin' );`);
    for (const structure of ['/%category%/%author%/%postname%/', '/%postname%/']) {
      await wordpress.php(
        `global $wp_rewrite; $wp_rewrite->set_permalink_structure( '${structure}' ); flush_rewrite_rules( false ); return true;`,
      );
      for (const [type, base] of [
        ['post', 'posts'],
        ['page', 'pages'],
        ['book', 'books'],
        ['film', 'films'],
      ] as const) {
        const items = await routes.all(type, 500);
        expect(items.length).toBeGreaterThan(0);
        await equalsCore(base, items);
      }
    }
    const [one] = (await routes.all('book', 500)).filter((item) => item.featured_media > 0);
    expect(one).toMatchObject({
      content: DIFFICULT,
      meta: { colour: 'r\\"ed', position: 7, ratio: 1.5, words: ['b', 'a'], box: { a: 3 } },
    });
    expect(one?.terms).toContainEqual({ taxonomy: 'genre', slug: 'r-d', name: 'R & D' });
    expect(one?.link).toContain(wordpress.url);
  });

  test('a page takes few queries, however many items it has', async () => {
    const counted = (limit: number) =>
      wordpress.php(`rest_get_server();
        wp_set_current_user( 1 );
        $fields = new Sitebridge_Item_Fields( new Sitebridge_Structure( new Sitebridge_Settings() ) );
        $reader = new Sitebridge_Item_Reader( $fields, new Sitebridge_Item_Hash( $fields ) );
        $before = $GLOBALS['wpdb']->num_queries;
        $page   = $reader->page( 'post', 0, ${limit}, null );
        return array( count( $page['items'] ), $GLOBALS['wpdb']->num_queries - $before );`);
    const few = z.tuple([z.int(), z.int()]).parse(await counted(2));
    const many = z.tuple([z.int(), z.int()]).parse(await counted(500));
    expect(many[0]).toBeGreaterThan(few[0] + 5);
    expect(many[1]).toBeLessThanOrEqual(few[1]);
    expect(many[1]).toBeLessThan(12);
  });

  test('the inventory has the hashes of the items, and the XOR of each range', async () => {
    const size = 7;
    const items = await routes.all('post', 4);
    const expected = new Map<number, { count: number; xor: bigint }>();
    for (const { id, hash } of items) {
      const before = expected.get(Math.floor(id / size)) ?? { count: 0, xor: 0n };
      expected.set(Math.floor(id / size), {
        count: before.count + 1,
        xor: before.xor ^ BigInt(`0x${hash}`),
      });
    }
    const { ranges, total } = await routes.inventory(`type=post&size=${size}`);
    expect(total).toBe(items.length);
    expect(ranges).toEqual(
      [...expected].map(([n, { count, xor }]) => [n, count, xor.toString(16).padStart(16, '0')]),
    );
    const wanted = ranges.slice(0, 3).map(([n]) => n);
    const inside = await routes.inRanges(`type=post&size=${size}&in=${wanted.join(',')}`);
    expect(inside).toEqual({
      last_operation: null,
      links: expect.stringMatching(/^[0-9a-f]{16}$/),
      size,
      items: items
        .filter(({ id }) => wanted.includes(Math.floor(id / size)))
        .map(({ id, hash }) => [id, hash]),
    });
    expect(await routes.inventory('type=film')).toMatchObject({ size: 1000, total: 1 });
  });

  test('every kind of edit changes the hash, and nothing else does', async () => {
    const id = await make(`'post_title' => 'Hashed', 'post_status' => 'publish', 'post_type' => 'book'`);
    const seen = new Set([(await routes.one('book', id)).hash]);
    const edits = [
      `$GLOBALS['wpdb']->update( 'wp_posts', array( 'post_content' => 'x' ), array( 'ID' => ${id} ) )`,
      `wp_update_post( array( 'ID' => ${id}, 'post_title' => 'H' ) )`,
      `wp_update_post( array( 'ID' => ${id}, 'post_status' => 'draft' ) )`,
      `wp_set_object_terms( ${id}, array( 'Haiku' ), 'genre' )`,
      `wp_set_object_terms( ${id}, array( 'Haiku', 'Poetry' ), 'genre' )`,
      `wp_update_term( get_term_by( 'slug', 'haiku', 'genre' )->term_id, 'genre', array( 'name' => 'Haikus' ) )`,
      `add_post_meta( ${id}, 'colour', 'red' )`,
      `update_post_meta( ${id}, 'colour', 'blue' )`,
      `add_post_meta( ${id}, 'words', 'a' )`,
      `add_post_meta( ${id}, 'words', 'a' )`,
      `update_post_meta( ${id}, '_thumbnail_id', wp_insert_attachment( array( 'post_mime_type' => 'image/png' ), 'q.png' ) )`,
      `add_post_meta( ${id}, '_elementor_edit_mode', 'builder' )`,
      `update_post_meta( ${id}, '_elementor_edit_mode', '' )`,
      `add_post_meta( ${id}, '_breakdance_data', '{}' )`,
    ];
    for (const edit of edits) {
      await wordpress.php(`${edit}; return true;`);
      const { hash } = await routes.one('book', id);
      expect([edit, seen.has(hash)]).toEqual([edit, false]);
      seen.add(hash);
    }
    const before = await routes.one('book', id);
    await wordpress.php(`update_post_meta( ${id}, 'inner', 'x' ); update_post_meta( ${id}, '_edit_lock', '1:1' );
      wp_set_object_terms( ${id}, 'unseen', 'hidden_mark' ); return true;`);
    expect(await routes.one('book', id)).toEqual(before);
  });

  test('10,000 posts are read in pages', async () => {
    await wordpress.query(`INSERT INTO wp_posts (post_author, post_date, post_date_gmt, post_modified, post_modified_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, post_content_filtered, post_type)
      SELECT 1, '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01', REPEAT(MD5(seq), 90), CONCAT('Film ', seq), '', 'publish', CONCAT('film-', seq), '', '', '', 'post' FROM seq_1_to_10000`);
    await wordpress.query(
      `INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) SELECT p.ID, x.term_taxonomy_id FROM wp_posts p JOIN wp_term_taxonomy x ON x.taxonomy IN ('category', 'post_tag') AND (p.ID + x.term_taxonomy_id) % 2 = 0 WHERE p.post_name LIKE 'film-%'`,
    );
    await wordpress.query(
      `INSERT INTO wp_postmeta (post_id, meta_key, meta_value) SELECT ID, k, ID FROM wp_posts JOIN (SELECT 'colour' AS k UNION SELECT 'rank' UNION SELECT 'inner') keys_ WHERE post_name LIKE 'film-%'`,
    );
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const start = performance.now();
      const done = await work();
      process.stdout.write(`${version}, 10,000 posts: ${what} ${Math.round(performance.now() - start)} ms\n`);
      return done;
    };
    await routes.page('type=film');
    const { ranges, total } = await timed('inventory', () => routes.inventory('type=post'));
    await timed('ping', () => routes.get('/sitebridge/v1/ping'));
    const page = await timed('500 items', () => routes.page('type=post&limit=500&after_id=5000'));
    expect(page.items).toHaveLength(500);
    const items = await timed('all items', () => routes.all('post', 500));
    expect(items).toHaveLength(total);
    const xor = (values: string[]) => values.reduce((sum, value) => sum ^ BigInt(`0x${value}`), 0n);
    expect(xor(ranges.map(([, , hash]) => hash))).toBe(xor(items.map(({ hash }) => hash)));
  });

  test('a page of large contents ends early, and the next page continues after it', async () => {
    await wordpress.query(
      `INSERT INTO wp_posts (post_author, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, post_content_filtered, post_type)
       SELECT 1, REPEAT('x', 5000000), '', '', 'publish', CONCAT('large-', seq), '', '', '', 'film' FROM seq_1_to_3`,
    );
    const expected = await ids('film');
    const first = await routes.page('type=film&limit=500');
    expect(first.items.length).toBeLessThan(expected.length);
    expect(first).toMatchObject({ next_after_id: first.items.at(-1)?.id, total: expected.length });
    expect((await routes.all('film', 500)).map((item) => item.id)).toEqual(expected);
  });

  test('bytes that are not UTF-8 and numbers that JSON cannot represent do no harm', async () => {
    const bad = await make(`'post_title' => 'Bad', 'post_status' => 'publish', 'post_type' => 'book'`);
    const endless = await make(`'post_title' => 'Inf', 'post_status' => 'publish', 'post_type' => 'book'`);
    await wordpress.php(
      `update_post_meta( ${endless}, 'ratio', '1e999' ); return update_post_meta( ${endless}, 'colour', 'red' );`,
    );
    await wordpress.query('ALTER TABLE wp_posts MODIFY post_excerpt longblob NOT NULL');
    await wordpress.query(`UPDATE wp_posts SET post_excerpt = UNHEX('41FF42C3BC') WHERE ID = ${bad}`);
    const items = await routes.all('book', 500);
    expect(items.map((item) => item.id)).toEqual(await ids('book'));
    await equalsCore('books', [await routes.one('book', bad)]);
    expect((await routes.one('book', bad)).excerpt).toMatch(/^A.Bü$/u);
    expect((await routes.one('book', endless)).meta).toMatchObject({ ratio: 0, colour: 'red' });
  });

  test('malformed and forbidden requests are refused', async () => {
    const refusals: [string, number, string][] = [
      ['items?type=nonsense', 404, 'sitebridge_unknown_type'],
      ['items?type=secret_note', 404, 'sitebridge_unknown_type'],
      ['items?type=attachment', 404, 'sitebridge_unknown_type'],
      ['inventory?type=nonsense', 404, 'sitebridge_unknown_type'],
      ['items?type=locked', 403, 'rest_forbidden'],
      ['inventory?type=locked', 403, 'rest_forbidden'],
      ['items', 400, 'rest_missing_callback_param'],
      ['items?type=post&limit=501', 400, 'rest_invalid_param'],
      ['items?type=post&limit=0', 400, 'rest_invalid_param'],
      ['items?type=post&after_id=x', 400, 'rest_invalid_param'],
      ['items?type=post&newest=0', 400, 'rest_invalid_param'],
      [`items?type=post&include=${Array(501).fill(1).join(',')}`, 400, 'rest_invalid_param'],
      ['items?type=post&include=1,x', 400, 'rest_invalid_param'],
      ['inventory?type=post&size=0', 400, 'rest_invalid_param'],
      [`inventory?type=post&in=${Array(21).fill(1).join(',')}`, 400, 'rest_invalid_param'],
    ];
    for (const [address, status, code] of refusals) {
      const [route = '', query] = address.split('?');
      const answer = await routes.get(`/sitebridge/v1/${route}`, query);
      expect([address, answer.status, answer.json]).toEqual([
        address,
        status,
        expect.objectContaining({ code }),
      ]);
    }
    const unsigned = await jsonFetch(`${wordpress.restUrl('/sitebridge/v1/items')}?type=post`);
    expect(unsigned).toMatchObject({ status: 401, json: { code: 'sitebridge_signature_missing' } });
    await admin.pressSettings('Save', { plugin_connection_enabled: null });
    for (const route of ['items', 'inventory']) {
      const off = await routes.get(`/sitebridge/v1/${route}`, 'type=post');
      expect(off).toMatchObject({ status: 403, json: { code: 'sitebridge_connection_disabled' } });
    }
    await admin.pressSettings('Save', { plugin_connection_enabled: '1' });
  });

  test('a database that cannot answer is an error, and not an empty site', async () => {
    await wordpress.query('RENAME TABLE wp_term_relationships TO wp_gone');
    try {
      for (const query of ['type=post', 'type=post&include=1']) {
        const answer = await routes.get('/sitebridge/v1/items', query);
        expect(answer).toMatchObject({ status: 500, json: { code: 'sitebridge_database_failed' } });
      }
    } finally {
      await wordpress.query('RENAME TABLE wp_gone TO wp_term_relationships');
    }
  });

  test('PHP logged nothing about the plugin', () => {
    // The query that failed on purpose is an exception. WordPress logs it with the names of its callers.
    const lines = wordpress.phpLog().split('\n');
    expect(
      lines.filter((line) => /sitebridge/i.test(line) && !/wp_term_relationships' doesn't exist/.test(line)),
    ).toEqual([]);
  });
});

function sorted(terms: Item['terms']): Item['terms'] {
  return [...terms].sort((one, other) =>
    `${one.taxonomy} ${one.slug}` < `${other.taxonomy} ${other.slug}` ? -1 : 1,
  );
}
