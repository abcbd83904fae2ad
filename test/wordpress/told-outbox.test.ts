/** The messages of the plugin about terms and the site itself: few, in order, and no burden for an older server. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { siteWebhook, termsWebhook } from '../../src/platforms/wordpress/webhooks/bodies.ts';
import { eventually } from '../support/eventually.ts';
import type { Mariadb } from './support/mariadb.ts';
import {
  accept,
  type ConnectedSite,
  connectToRecorder,
  idOf,
  messages,
  type SentMessage,
} from './support/outbox.ts';
import type { RecordingServer } from './support/recording-server.ts';
import { withRecorder } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});
const UTC = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let wordpress: Wordpress;
  let site: ConnectedSite;
  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version });
    site = await connectToRecorder(wordpress, server);
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  beforeEach(async () => {
    await site.clear();
    server.answerWith(accept);
  });

  const php = (code: string) => wordpress.php(code);
  const toldOf = async (change: () => Promise<unknown>): Promise<SentMessage[]> => {
    await site.settled();
    server.answerWith(accept);
    await change();
    await site.settled();
    const told = messages(server);
    for (const { topic, body } of told) {
      if (topic === 'terms') termsWebhook.parse(body);
      if (topic === 'site') siteWebhook.parse(body);
    }
    return told;
  };
  const bodies = (told: SentMessage[]) => told.map(({ topic, body }) => ({ topic, ...body }));
  const makeCategory = async (name: string, more: object = {}) =>
    idOf(await site.rest('POST', '/wp/v2/categories', { name, ...more }));

  test('a term of a tree is told when it is made, each term once for each request', async () => {
    const told = await toldOf(() =>
      php(`$a = wp_insert_term( 'Salt & pepper', 'category' );
        $b = wp_insert_term( 'Below', 'category', array( 'parent' => $a['term_id'] ) );
        wp_update_term( $a['term_id'], 'category', array( 'slug' => 'spice' ) );
        wp_insert_term( 'a tag', 'post_tag' );
        return $b;`),
    );
    const [spice, below] = bodies(told);
    expect(told).toHaveLength(2);
    expect(spice).toEqual({
      topic: 'terms',
      taxonomy: 'category',
      external_id: expect.any(String),
      slug: 'spice',
      name: 'Salt & pepper',
      at: UTC,
    });
    expect(below).toMatchObject({ slug: 'below', parent_external_id: Object(spice).external_id });
  });

  test('a change of slug, name or parent is told with the slug of before, any other change is not', async () => {
    const [parent, term] = [await makeCategory('Parent'), await makeCategory('Term')];
    const change = (fields: string) => php(`wp_update_term( ${term}, 'category', ${fields} ); return true;`);
    expect(bodies(await toldOf(() => change("array( 'description' => 'Only here' )")))).toEqual([]);
    expect(bodies(await toldOf(() => change("array( 'name' => 'Named' )")))).toMatchObject([
      { topic: 'terms', slug: 'term', name: 'Named', was: { slug: 'term' } },
    ]);
    expect(bodies(await toldOf(() => change(`array( 'parent' => ${parent} )`)))).toMatchObject([
      { parent_external_id: String(parent), was: { slug: 'term' } },
    ]);
    const twice = await toldOf(() =>
      php(`wp_update_term( ${term}, 'category', array( 'slug' => 'one' ) );
        wp_update_term( ${term}, 'category', array( 'slug' => 'two' ) ); return true;`),
    );
    expect(bodies(twice)).toMatchObject([{ slug: 'two', was: { slug: 'term' } }]);
    const gone = await toldOf(() =>
      php(`wp_update_term( ${term}, 'category', array( 'slug' => 'three' ) );
        return wp_delete_term( ${term}, 'category' );`),
    );
    expect(bodies(gone)).toMatchObject([{ slug: 'three', deleted: true, was: { slug: 'two' } }]);
    // Menus and other taxonomies that the server does not know.
    expect(await toldOf(() => php("wp_insert_term( 'Menu', 'nav_menu' ); return true;"))).toEqual([]);
  });

  test('the deletion of a term of many posts is one message, and names the term that they got instead', async () => {
    const term = await makeCategory('Doomed');
    await toldOf(() =>
      php(`for ( $i = 0; $i < 150; ++$i ) { wp_insert_post( array( 'post_title' => 'Many', 'post_status' => 'publish', 'post_category' => array( ${term} ) ) ); }
        return true;`),
    );
    const told = bodies(await toldOf(() => php(`return wp_delete_term( ${term}, 'category' );`)));
    expect(told).toEqual([
      {
        topic: 'terms',
        taxonomy: 'category',
        external_id: String(term),
        slug: 'doomed',
        name: 'Doomed',
        deleted: true,
        instead: { slug: 'uncategorized', name: 'Uncategorized' },
        at: UTC,
      },
    ]);
  });

  test('posts that a deletion gives another term than the default have messages of their own', async () => {
    const [term, other] = [await makeCategory('Gone'), await makeCategory('Taken')];
    const post = await site.makePost({ categories: [term] });
    const told = await toldOf(() =>
      php(`return wp_delete_term( ${term}, 'category', array( 'default' => ${other} ) );`),
    );
    expect(
      bodies(told)
        .map(({ topic }) => topic)
        .sort(),
    ).toEqual(['metadata', 'terms']);
    expect(bodies(told)).toContainEqual(
      expect.objectContaining({
        external_id: String(post),
        terms: [expect.objectContaining({ slug: 'taken' })],
      }),
    );
  });

  test('a picture of many posts that is deleted is one message, of some posts one for each', async () => {
    const picture = () =>
      php(
        "return wp_insert_attachment( array( 'post_title' => 'p', 'post_mime_type' => 'image/png', 'post_status' => 'inherit' ), 'p.png' );",
      );
    const use = async (count: number) => {
      const id = await picture();
      await toldOf(() =>
        php(`for ( $i = 0; $i < ${count}; ++$i ) { $post = wp_insert_post( array( 'post_title' => 'P', 'post_status' => 'publish' ) ); update_post_meta( $post, '_thumbnail_id', ${id} ); }
          return true;`),
      );
      return id;
    };
    const few = await use(2);
    const told = bodies(await toldOf(() => php(`return (bool) wp_delete_attachment( ${few}, true );`)));
    expect(told).toMatchObject([
      { topic: 'metadata', meta: { featured_media: 0 } },
      { topic: 'metadata', meta: { featured_media: 0 } },
    ]);
    const many = await use(101);
    const one = bodies(await toldOf(() => php(`return (bool) wp_delete_attachment( ${many}, true );`)));
    expect(one).toMatchObject([{ topic: 'site', posts_changed: true }]);
  });

  test('several settings of the site and a user whose posts go to another are one message', async () => {
    const told = await toldOf(() =>
      php(`require_once ABSPATH . 'wp-admin/includes/user.php';
        update_option( 'blogname', 'Here &amp; there' );
        update_option( 'gmt_offset', 2 );
        $user = wp_insert_user( array( 'user_login' => 'leaving', 'user_pass' => 'x', 'role' => 'author' ) );
        $post = wp_insert_post( array( 'post_title' => 'x', 'post_author' => $user ) );
        wp_delete_user( $user, 1 );
        return true;`),
    );
    const [of] = bodies(told).filter(({ topic }) => topic === 'site');
    expect(bodies(told).filter(({ topic }) => topic === 'site')).toHaveLength(1);
    expect(of).toEqual({
      topic: 'site',
      home: wordpress.url,
      site_url: wordpress.url,
      name: 'Here & there',
      permalink_structure: '/%postname%/',
      time_zone: '+02:00',
      posts_changed: true,
      at: UTC,
    });
  });

  test('an older server that does not know the messages gets them once, and all others as before', async () => {
    const old = { status: 404, body: { status: 404, code: 'not_found', detail: 'There is no such route.' } };
    const term = await makeCategory('Old');
    await site.settled();
    server.answerWith((request) => (/\/(terms|site)$/.test(request.target) ? old : accept(request)));
    await php(`wp_update_term( ${term}, 'category', array( 'slug' => 'older' ) ); update_option( 'blogname', 'Old' );
      return wp_insert_post( array( 'post_title' => 'Beside', 'post_status' => 'publish' ) );`);
    await site.settled();
    const topics = messages(server).map(({ topic }) => topic);
    expect(topics.sort()).toEqual(['metadata', 'site', 'status', 'terms']);
    // The answer of a proxy says nothing about the server.
    server.answerWith((request) =>
      /\/terms$/.test(request.target) ? { status: 404, body: '<h1>Not Found</h1>' } : accept(request),
    );
    await php(`wp_update_term( ${term}, 'category', array( 'slug' => 'oldest' ) );
      return wp_insert_post( array( 'post_title' => 'Beside', 'post_status' => 'publish' ) );`);
    await eventually(async () => {
      await site.cron();
      expect(await wordpress.query('SELECT topic, state FROM wp_sitebridge_outbox')).toEqual([
        expect.objectContaining({ topic: 'terms', state: 'waiting' }),
      ]);
      expect(messages(server).map(({ topic }) => topic)).toContain('terms');
    }, 30_000);
    server.answerWith(accept);
    await site.hurry();
    await site.settled();
    expect(bodies(messages(server))).toMatchObject([
      { topic: 'terms', slug: 'oldest', was: { slug: 'older' } },
    ]);
  });

  test('a request that dies in the middle loses no message', async () => {
    const [renamed, deleted, left] = [
      await makeCategory('Renamed'),
      await makeCategory('Deleted'),
      await makeCategory('Left'),
    ];
    await site.settled();
    server.answerWith(accept);
    await php(`remove_all_actions( 'shutdown' );
      wp_update_term( ${renamed}, 'category', array( 'slug' => 'new' ) );
      wp_delete_term( ${deleted}, 'category' );
      do_action( 'pre_delete_term', ${left}, 'category' );
      return true;`);
    expect(messages(server)).toEqual([]);
    await wordpress.query('UPDATE wp_sitebridge_outbox SET created_at = created_at - 1000');
    await site.hurry();
    await site.settled();
    expect(bodies(messages(server))).toMatchObject([
      { topic: 'terms', slug: 'new', was: { slug: 'renamed' } },
      { topic: 'terms', slug: 'deleted', deleted: true },
      { topic: 'site', posts_changed: true },
    ]);
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});
