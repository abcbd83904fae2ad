import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contentKey, operationId } from '../support/identity.ts';
import { addContentTypes, ContentRoutes, readWritten } from './support/content-routes.ts';
import type { Mariadb } from './support/mariadb.ts';
import { accept, type ConnectedSite, connectToRecorder, KEY, messages, SITE_ID } from './support/outbox.ts';
import type { RecordingServer } from './support/recording-server.ts';
import { withRecorder } from './support/stage.ts';
import { END_OF_PHP, versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

/** Texts that slashes, filters or encodings could damage. */
const DIFFICULT = {
  title: String.raw`C:\new\\ "q" 'a' %s 🌉 \u003c`,
  content:
    String.raw`<!-- wp:html {"a":"\u003cb\u003e\\n"} --><iframe src="https://example.com/a?b=1&c=2"></iframe><script>let a = "\\"; // '</script><!-- /wp:html -->` +
    '\n\n<!-- wp:paragraph -->\n<p>Ünï 🌉 \\ </p>\n<!-- /wp:paragraph -->',
  excerpt: String.raw`\'"\\`,
};

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});

describe.each(versionsUnderTest())('writing contents on %s', (version) => {
  let wordpress: Wordpress;
  let site: ConnectedSite;
  let routes: ContentRoutes;
  let last = 100;
  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version });
    addContentTypes(wordpress);
    site = await connectToRecorder(wordpress, server);
    routes = new ContentRoutes(wordpress, { siteId: SITE_ID, key: KEY });
  });
  afterAll(async () => {
    await wordpress.stop();
  });

  /** The number of a content that no test has written yet. */
  const fresh = () => ++last;
  /** The user that the plugin makes for requests. */
  const requestUser = async () =>
    Number((await wordpress.query("SELECT ID FROM wp_users WHERE user_login = 'sitebridge'"))[0]?.ID);
  const posts = async (title: string) =>
    (
      await wordpress.query(
        `SELECT ID FROM wp_posts WHERE post_title = '${title}' AND post_type <> 'revision'`,
      )
    ).length;
  const links = (contentId: number) =>
    wordpress.query(`SELECT post_id FROM wp_sitebridge_links WHERE content_key = '${contentKey(contentId)}'`);
  const codes = (notes: { code: string }[]) => notes.map(({ code }) => code).sort();

  test('a create and an update store every byte as it was sent', async () => {
    const id = fresh();
    const made = await routes.write(id, { id: null, slug: 'schön & neu', status: 'publish', ...DIFFICULT });
    expect(made).toMatchObject({ created: true, notes: [] });
    expect(made.item).toMatchObject({
      ...DIFFICULT,
      status: 'publish',
      slug: 'schon-neu',
      content_key: contentKey(id),
      author: await requestUser(),
    });
    expect(await routes.one('post', made.item.id)).toEqual(made.item);
    const [row] = await wordpress.query(
      `SELECT post_title, post_content, post_excerpt, guid FROM wp_posts WHERE ID = ${made.item.id}`,
    );
    expect(row).toMatchObject({
      post_title: DIFFICULT.title,
      post_content: DIFFICULT.content,
      post_excerpt: DIFFICULT.excerpt,
      guid: expect.stringMatching(new RegExp(`^urn:sitebridge:[0-9a-f]{16}:${contentKey(id)}$`)),
    });
    const { hash } = made.item;
    const again = await routes.write(id, { id: made.item.id, expected_hash: hash, title: 'B\\', op_id: 'b' });
    expect(again).toMatchObject({ created: false, notes: [] });
    expect(again.item).toMatchObject({
      id: made.item.id,
      title: 'B\\',
      content: DIFFICULT.content,
      slug: 'schon-neu',
    });
    expect(again.item.hash).not.toBe(hash);
    // An empty slug asks for no change, so the slug stays.
    const plain = await routes.write(id, { slug: '', title: 'C', op_id: 'c' });
    expect(plain.item.slug).toBe('schon-neu');
  });

  test('ten writes at once create one post, and a repeated write changes nothing', async () => {
    const id = fresh();
    const body = { type: 'post', id: null, title: 'At once', content: 'x', status: 'publish' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => routes.put(id, { ...body, op_id: n < 5 ? 'same' : `op-${n}` })),
    );
    const done = answers.flatMap(({ status, json }) => (status === 409 ? [] : [readWritten(json)]));
    expect(done.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(done.map(({ item }) => item.id)).size).toBe(1);
    // The other writes would have created a second post, or overwritten the first.
    const refused = answers.filter(({ status }) => status === 409).map(({ json }) => json);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    for (const refusal of refused)
      expect(refusal).toMatchObject({
        code: 'sitebridge_already_there',
        data: { item: { id: done[0]?.item.id, title: 'At once' } },
      });
    expect(await posts('At once')).toBe(1);
    const { item: made } = done[0] ?? readWritten(null);
    const first = await routes.write(id, {
      ...body,
      id: made.id,
      expected_hash: made.hash,
      op_id: 'last-one',
    });
    const revisions = () =>
      wordpress.query(`SELECT COUNT(*) AS n FROM wp_posts WHERE post_parent = ${first.item.id}`);
    const before = await revisions();
    // The response to this write was lost. Sent again with the old hash, it counts as done and is no
    // conflict.
    const write = {
      ...body,
      id: first.item.id,
      expected_hash: first.item.hash,
      title: 'Lost',
      op_id: 'lost',
    };
    const second = await routes.write(id, write);
    expect((await routes.write(id, write)).item).toEqual(second.item);
    expect(await posts('Lost')).toBe(1);
    expect(Number((await revisions())[0]?.n) - Number(before[0]?.n)).toBeLessThanOrEqual(2);
  });

  test('a conflict writes nothing and returns the present state', async () => {
    const id = fresh();
    const { item } = await routes.write(id, { title: 'Base', content: 'x', status: 'publish' });
    await wordpress.php(`return wp_set_object_terms( ${item.id}, 'by-hand', 'post_tag' );`);
    const now = await routes.one('post', item.id);
    expect(now.hash).not.toBe(item.hash);
    const stale = { id: item.id, expected_hash: item.hash, title: 'Not written' };
    expect(await routes.conflict(id, stale)).toEqual(now);
    expect(await routes.one('post', item.id)).toEqual(now);
    await wordpress.php(`return (bool) wp_trash_post( ${item.id} );`);
    const trashed = await routes.one('post', item.id);
    expect(await routes.conflict(id, { ...stale, expected_hash: trashed.hash })).toMatchObject({
      status: 'trash',
    });
    // A create neither restores the trashed post nor creates a second one.
    expect(await routes.conflict(id, { id: null, title: 'Back', op_id: 'back' })).toEqual(
      await routes.one('post', item.id),
    );
    await wordpress.php(`return (bool) wp_delete_post( ${item.id}, true );`);
    expect(await links(id)).toEqual([]);
    expect(await routes.conflict(id, stale)).toBeNull();
    expect(await routes.conflict(id, { id: null, expected_hash: item.hash })).toBeNull();
    expect(await links(id)).toEqual([]);
    expect(await posts('Not written')).toBe(0);
  });

  test('PHP that ends in the middle of a write leaves no double post and no lock', async () => {
    const [server] = await wordpress.query('SELECT DISTINCT server FROM wp_sitebridge_links');
    const claim = (id: number) =>
      wordpress.query(
        `INSERT INTO wp_sitebridge_links (server, content_key) VALUES ('${server?.server}', '${contentKey(id)}')`,
      );
    // PHP ends after the claim and before the post is created.
    const early = fresh();
    await claim(early);
    const made = await routes.write(early, { title: 'Early', status: 'publish' });
    expect(made.created).toBe(true);
    expect(await links(early)).toEqual([{ post_id: made.item.id }]);
    // PHP ends after the post is created and before that is recorded.
    const late = fresh();
    await claim(late);
    const half = await wordpress.php(
      `return wp_insert_post( array( 'post_title' => 'Half', 'post_status' => 'draft', 'guid' => 'urn:sitebridge:${server?.server}:${contentKey(late)}' ) );`,
    );
    const found = await routes.conflict(late, { title: 'Whole', status: 'publish' });
    expect(found).toMatchObject({ id: half, title: 'Half', content_key: contentKey(late) });
    const whole = await routes.write(late, {
      id: half,
      expected_hash: found?.hash,
      title: 'Whole',
      status: 'publish',
    });
    expect(whole).toMatchObject({
      created: false,
      item: { id: half, status: 'publish', content_key: contentKey(late) },
    });
    expect([await posts('Half'), await posts('Whole')]).toEqual([0, 1]);
    expect(await links(late)).toEqual([{ post_id: half }]);
    // PHP ends while it holds the lock. The database frees the lock with the connection.
    const killed = fresh();
    const file = join(wordpress.root, 'wp-content/mu-plugins/killed.php');
    writeFileSync(
      file,
      `<?php add_action( 'rest_insert_post', static function ( $post ) {
        if ( 'Killed' === $post->post_title ) { unlink( __FILE__ ); ${END_OF_PHP} }
      }, 0 );`,
    );
    await expect(routes.put(killed, { type: 'post', title: 'Killed', status: 'publish' })).rejects.toThrow();
    expect(await posts('Killed')).toBe(1);
    expect(await links(killed)).toEqual([{ post_id: null }]);
    const left = await routes.conflict(killed, { title: 'Killed', status: 'publish', terms: [] });
    expect(left).toMatchObject({ title: 'Killed', content_key: contentKey(killed) });
    expect(await posts('Killed')).toBe(1);
  });

  test('an existing post becomes the content’s post, and no content takes another’s post', async () => {
    const id = await site.makePost({ title: 'Theirs' });
    const [one, other] = [fresh(), fresh()];
    const { hash } = await routes.one('post', id);
    const adopted = await routes.write(one, { id, expected_hash: hash, title: 'Ours' });
    expect(adopted).toMatchObject({
      created: false,
      item: { id, content_key: contentKey(one), title: 'Ours' },
    });
    const now = { id, expected_hash: adopted.item.hash, title: 'Other' };
    expect(await routes.put(other, { type: 'post', ...now })).toMatchObject({
      status: 409,
      json: {
        code: 'sitebridge_link_mismatch',
        data: { post_id: id, key: contentKey(one), other_post_id: null, item: adopted.item },
      },
    });
    const elsewhere = await site.makePost({ title: 'Elsewhere' });
    const { hash: theirs } = await routes.one('post', elsewhere);
    expect(
      await routes.put(one, { type: 'post', id: elsewhere, expected_hash: theirs, title: 'Ours' }),
    ).toMatchObject({
      status: 409,
      json: { code: 'sitebridge_link_mismatch', data: { key: null, other_post_id: id } },
    });
    expect([await posts('Other'), await posts('Elsewhere'), await posts('Ours')]).toEqual([0, 1, 1]);
    expect(await links(one)).toEqual([{ post_id: id }]);
    expect(await links(other)).toEqual([]);
    expect(await routes.put(one, { type: 'post', id, title: 'x' })).toMatchObject({
      status: 400,
      json: { code: 'sitebridge_expected_hash_missing' },
    });
  });

  test('terms are found, created on their path, replaced and cleared; an unknown taxonomy is noted', async () => {
    const id = fresh();
    const term = (taxonomy: string, slug: string, name: string) => ({ taxonomy, slug, name });
    const of = async (terms: object[], op_id: string) => {
      const done = await routes.write(id, { type: 'book', title: 'Termed', terms, op_id, status: 'publish' });
      const set = done.item.terms.map(({ taxonomy, slug, name }) => `${taxonomy} ${slug} ${name}`);
      return { set: set.sort(), notes: codes(done.notes) };
    };
    const before = await wordpress.query('SELECT COUNT(*) AS n FROM wp_term_taxonomy');
    expect(
      await of([term('genre', 'poetry', 'No matter'), term('genre', 'prose/novel/crime', 'Krimi & Co')], '1'),
    ).toEqual({ set: ['genre crime Krimi & Co', 'genre poetry Poetry'], notes: [] });
    const tree = await wordpress.query(
      `SELECT t.slug, p.slug AS parent FROM wp_term_taxonomy x JOIN wp_terms t USING (term_id) LEFT JOIN wp_terms p ON p.term_id = x.parent WHERE t.slug IN ('prose', 'novel', 'crime') ORDER BY t.term_id`,
    );
    expect(tree).toEqual([
      { slug: 'prose', parent: null },
      { slug: 'novel', parent: 'prose' },
      { slug: 'crime', parent: 'novel' },
    ]);
    // Below another parent the slug is taken, so the term gets another slug. Later it is found by name.
    for (const op of ['2', '3']) {
      const { set } = await of([term('genre', 'poetry/crime', 'Krimi')], op);
      expect(set).toEqual([expect.stringMatching(/^genre crime-\S+ Krimi$/)]);
    }
    expect(
      await of(
        [term('mood', 'dark/deep', 'Deep \\ "q"'), term('nonsense', 'x', 'X'), term('nonsense', 'y', 'Y')],
        '4',
      ),
    ).toEqual({ set: ['mood deep Deep \\ "q"'], notes: ['unknown_taxonomy'] });
    expect(await of([], '5')).toEqual({ set: [], notes: [] });
    const after = await wordpress.query('SELECT COUNT(*) AS n FROM wp_term_taxonomy');
    expect(Number(after[0]?.n) - Number(before[0]?.n)).toBe(5);
  });

  test('refused meta and a refused featured image are noted, and the other fields are saved', async () => {
    const id = fresh();
    const picture = await wordpress.php(
      `return wp_insert_attachment( array( 'post_title' => 'P', 'post_mime_type' => 'image/png' ), 'p.png' );`,
    );
    const meta = { colour: 'a\\"b', position: 5, words: ['x', 'y\\'], box: { a: 1 }, ratio: 0.5 };
    const made = await routes.write(id, {
      title: 'Meta',
      status: 'publish',
      featured_media: picture,
      meta: { ...meta, inner: 'x', nonsense: 1, guarded: 'no' },
    });
    expect(made.item).toMatchObject({ featured_media: picture, meta: { ...meta, guarded: '' } });
    expect(codes(made.notes)).toEqual(['meta_refused', 'unknown_meta', 'unknown_meta']);
    const post = await wordpress.query(`SELECT ID FROM wp_posts WHERE post_type = 'page' LIMIT 1`);
    const next = await routes.write(id, {
      meta: { position: 'no number', colour: null },
      featured_media: post[0]?.ID,
      op_id: 'next',
    });
    expect(codes(next.notes)).toEqual(['featured_media_refused', 'meta_refused']);
    expect(next.item).toMatchObject({ featured_media: picture, meta: { ...meta, colour: 'none' } });
    expect((await routes.write(id, { featured_media: 0, op_id: 'z' })).item.featured_media).toBe(0);
  });

  test('a draft without a date stays undated; dates, author and parent are stored', async () => {
    const id = fresh();
    const floating = (post: number) =>
      wordpress.query(`SELECT post_date_gmt AS date FROM wp_posts WHERE ID = ${post}`);
    const { item } = await routes.write(id, { title: 'Floats', slug: 'floats', status: 'draft' });
    await routes.write(id, { title: 'Floats on', op_id: '2', date_gmt: item.date_gmt });
    expect(await floating(item.id)).toEqual([{ date: '0000-00-00 00:00:00' }]);
    const dated = await routes.write(id, {
      op_id: '3',
      date_gmt: '2020-01-02T03:04:05Z',
      author: wordpress.users.author,
    });
    expect(dated.item).toMatchObject({
      date_gmt: '2020-01-02T03:04:05',
      author: wordpress.users.author,
      slug: 'floats',
    });
    const top = await routes.write(fresh(), { type: 'book', title: 'Top', status: 'publish' });
    const child = await routes.write(fresh(), {
      type: 'book',
      title: 'Child',
      slug: 'child',
      status: 'publish',
      parent: top.item.id,
    });
    expect(child.item).toMatchObject({
      parent: top.item.id,
      link: `${wordpress.url}/book/top/child/`,
    });
  });

  test('a batch of 25 has an outcome for each write', async () => {
    const ids = Array.from({ length: 25 }, fresh);
    const answer = await routes.batch(
      ids.map((contentId, n) => ({
        contentId,
        body: {
          type: n === 3 ? 'nonsense' : 'post',
          op_id: `batch-${n}`,
          title: `Batch ${n}`,
          status: 'publish',
          ...(n === 4 ? { id: 999_999, expected_hash: '0'.repeat(16) } : {}),
        },
      })),
    );
    expect(answer.status).toBe(207);
    const responses = (answer.json as { responses: { status: number; body: unknown }[] }).responses;
    expect(responses.map(({ status }) => status)).toEqual(
      ids.map((_, n) => (n === 3 ? 404 : n === 4 ? 409 : 201)),
    );
    expect(responses[4]?.body).toMatchObject({ code: 'sitebridge_conflict', data: { item: null } });
    expect(readWritten(responses[24]?.body).item).toMatchObject({
      title: 'Batch 24',
      content_key: contentKey(ids[24] ?? 0),
    });
  });

  test('webhooks about a write have its operation and content, each write of a batch its own', async () => {
    // The message of the killed request is completed after two minutes. Clear the outbox before.
    await site.clear();
    server.answerWith(accept);
    const [one, two] = [fresh(), fresh()];
    const body = (op_id: string) => ({
      type: 'post',
      op_id,
      title: op_id,
      status: 'publish',
      meta: { colour: 'red' },
      terms: [{ taxonomy: 'post_tag', slug: 'told', name: 'Told' }],
    });
    await routes.batch([
      { contentId: one, body: body('op-one') },
      { contentId: two, body: body('op-two') },
    ]);
    await site.settled();
    const told = messages(server);
    const seen = told.map(({ topic, body }) => `${topic} ${body.content_key} ${body.op_id}`).sort();
    expect(seen).toEqual(
      [one, two]
        .flatMap((id) =>
          ['metadata', 'status'].map((topic) => [
            topic,
            contentKey(id),
            operationId(id === one ? 'op-one' : 'op-two'),
          ]),
        )
        .map((parts) => parts.join(' '))
        .sort(),
    );
    // A metadata message has the same values as the item.
    for (const { body } of told.filter(({ topic }) => topic === 'metadata')) {
      const item = await routes.one('post', Number(body.external_id));
      const { title, slug, excerpt, terms, meta, content_key, modified_gmt } = item;
      expect(body).toMatchObject({ title, slug, excerpt, terms, meta, content_key });
      expect(Object.keys(Object(body.meta)).sort()).toEqual(Object.keys(meta).sort());
      expect(body.modified_gmt).toBe(`${modified_gmt}Z`);
    }
    server.answerWith(accept);
    await wordpress.php(
      `return (bool) wp_update_post( array( 'ID' => ${(await links(one))[0]?.post_id}, 'post_title' => 'By hand' ) );`,
    );
    await site.settled();
    expect(messages(server).map(({ body }) => [body.content_key, body.content_id, body.op_id])).toEqual([
      [contentKey(one), undefined, undefined],
    ]);
  });

  test('malformed and forbidden requests are refused, and nothing is written', async () => {
    const id = fresh();
    const bad: Record<string, unknown>[] = [
      { title: 7 },
      { status: 'nonsense' },
      { status: 'trash' },
      { expected_hash: 'XYZ' },
      { op_id: 'a b' },
      { terms: [{ taxonomy: 'category' }] },
      { date_gmt: 'yesterday' },
      { id: 0 },
    ];
    for (const body of bad) {
      const answer = await routes.put(id, { type: 'post', title: 'Bad', ...body });
      expect([body, answer.status, answer.json]).toEqual([
        body,
        400,
        expect.objectContaining({ code: 'rest_invalid_param' }),
      ]);
    }
    expect((await routes.put(id, { type: 'nonsense' })).status).toBe(404);
    expect((await routes.put(id, { type: 'locked', title: 'x' })).status).toBe(403);
    const { item } = await routes.write(fresh(), { title: 'Of the admin', status: 'publish' });
    await site.admin.pressSettings('Save', { user_id: String(wordpress.users.author) });
    const others = await routes.put(id, {
      type: 'post',
      id: item.id,
      expected_hash: item.hash,
      title: 'x',
    });
    expect(others).toMatchObject({ status: 403, json: { code: 'rest_cannot_edit' } });
    const foreign = await routes.put(id, { type: 'post', title: 'x', author: 1 });
    expect(foreign).toMatchObject({ status: 403, json: { code: 'rest_cannot_edit_others' } });
    expect(await links(id)).toEqual([]);
    // Markup that an author may not write is filtered, as in the editor. A term they may not create is noted.
    const filtered = await routes.write(id, {
      ...DIFFICULT,
      status: 'draft',
      terms: [{ taxonomy: 'category', slug: 'new-one', name: 'New' }],
    });
    expect(filtered.item.content).not.toContain('<script>');
    expect(filtered.item.content).toContain('Ünï 🌉 \\');
    expect(codes(filtered.notes)).toEqual(['term_refused']);
    await wordpress.php(`get_role( 'author' )->remove_cap( 'publish_posts' ); return true;`);
    const publish = await routes.put(id, {
      type: 'post',
      id: filtered.item.id,
      expected_hash: filtered.item.hash,
      status: 'publish',
      op_id: 'p',
    });
    expect(publish).toMatchObject({ status: 403, json: { code: 'rest_cannot_publish' } });
    await site.admin.pressSettings('Save', { user_id: '1', plugin_connection_enabled: null });
    const off = await routes.put(id, { type: 'post', title: 'Off' });
    expect(off).toMatchObject({ status: 403, json: { code: 'sitebridge_connection_disabled' } });
    await site.admin.pressSettings('Save', { plugin_connection_enabled: '1' });
    expect(await posts('Bad')).toBe(0);
  });

  test('the last writes of up to ten servers are remembered, also with writes at once', async () => {
    const servers = Array.from({ length: 10 }, () => {
      const headers = { 'X-Sitebridge-Server': randomUUID() };
      return new ContentRoutes(wordpress, { siteId: SITE_ID, key: KEY, headers });
    });
    const write = (n: number) => servers[n]?.write(fresh(), { id: null, title: 'Server', op_id: `op-${n}` });
    const remembered = () =>
      Promise.all(servers.map(async (server) => (await server.page('type=post')).last_operation));
    const all: (string | null)[] = servers.map((_, n) => operationId(`op-${n}`));
    await wordpress.query('TRUNCATE wp_sitebridge_operations');
    await Promise.all(servers.map((_, n) => write(n)));
    expect(await remembered()).toEqual(all);
    // A further server replaces the one with the oldest write.
    await wordpress.query(
      `UPDATE wp_sitebridge_operations SET noted_at = noted_at - 60 WHERE operation = '${all[3]}'`,
    );
    await routes.write(fresh(), { id: null, title: 'Server' });
    expect(await remembered()).toEqual(all.with(3, null));
  });

  test('the table is created on demand, also after it was lost, and removed with the plugin', async () => {
    const id = fresh();
    await wordpress.query('DROP TABLE wp_sitebridge_links');
    const { item } = await routes.write(id, { title: 'Table', status: 'publish' });
    expect(item.content_key).toBe(contentKey(id));
    // As after an update from a version without the table: the guids of the posts name their contents.
    await wordpress.query('DROP TABLE wp_sitebridge_links');
    await wordpress.php(`return delete_option( 'sitebridge_connector_links_version' );`);
    expect(await routes.one('post', item.id)).toEqual(item);
    expect(await routes.conflict(id, { title: 'Twice' })).toEqual(item);
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
    await site.admin.deactivatePlugin('sitebridge-connector/sitebridge-connector.php');
    await site.admin.deletePlugin('sitebridge-connector/sitebridge-connector.php');
    expect(await wordpress.query("SHOW TABLES LIKE '%sitebridge%'")).toEqual([]);
    expect(
      await wordpress.query("SELECT option_name FROM wp_options WHERE option_name LIKE '%sitebridge%'"),
    ).toEqual([]);
  });
});
