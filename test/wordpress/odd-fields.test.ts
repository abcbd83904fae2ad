/** A real WordPress whose plugin gives fields of every post another type in core REST. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTenant } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedTenant, syncedTenant } from '../support/syncedSite.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const POSTS = 302;
const noChange = { created: 0, updated: 0, deleted: 0, conflicts: 0, failed: 0 };

let mariadb: Mariadb;
let server: TestServer;
beforeAll(async () => {
  mariadb = await startMariadb();
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
  await mariadb.stop();
});

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let wordpress: Wordpress;
  let site: SyncedTenant;
  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version });
    await wordpress.php(
      `foreach ( get_posts( array( 'numberposts' => -1, 'post_status' => 'any' ) ) as $post ) { wp_delete_post( $post->ID, true ); }
      for ( $n = 1; $n <= ${POSTS}; $n++ ) { wp_insert_post( array( 'post_title' => "Post $n", 'post_content' => "Text $n", 'post_excerpt' => "Short $n", 'post_status' => 'publish' ) ); }
      return true;`,
    );
    wordpress.setMuPlugin('odd-fields', true);
    const tenant = await buildTenant(server, wordpress.url);
    site = syncedTenant(server, tenant);
    const password = await wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${wordpress.users.editor}, array( 'name' => 'test-' . uniqid() ) )[0];`,
    );
    await server
      .as(tenant.owner)
      .patch(site.path(), {
        credentials_json: { username: 'editor', application_password: String(password) },
      })
      .expect(200);
  });
  afterAll(() => wordpress.stop());

  const posts = { direction: 'from_external', content_types: ['post'] };
  const numberOf = (title: string) => Number(title.replace('Post ', ''));

  test('every post is taken, with a note for each field', async () => {
    const run = await site.sync(posts);
    expect(run).toMatchObject({ status: 'success', totals: { created: POSTS, failed: 0 } });
    const contents = await site.contents();
    expect(contents).toHaveLength(POSTS);
    expect(contents.every(({ title, body }) => title === '' && body.includes('Text'))).toBe(true);
    const events = await server.as(site.tenant.owner).get(site.path('/events?success=false')).expect(200);
    const notes = events.body.results.filter(({ action }: { action: string }) => action === 'fields_unread');
    expect(notes.map(({ details }: { details: { field: string } }) => details.field).sort()).toEqual([
      'excerpt',
      'metadata.author',
      'metadata.date_gmt',
      'metadata.featured_media',
      'modifiedAt',
      'title',
    ]);
    expect(notes[0].details).toMatchObject({ items: POSTS });
    expect(await site.sync({ ...posts, full: true })).toMatchObject({ totals: noChange });
  });

  test('an edit here is sent without the fields that were never read', async () => {
    const [content] = await site.contents();
    await site.edit(content?.id ?? 0, { body: 'Edited here' });
    const run = await site.sync({ direction: 'both', content_types: ['post'] });
    expect(run).toMatchObject({ status: 'success', totals: { pushed: 1, conflicts: 0, failed: 0 } });
    const [post] = await wordpress.query(
      `SELECT post_title, post_excerpt, post_content FROM wp_posts WHERE ID = ${content?.externalId}`,
    );
    expect(post).toMatchObject({ post_content: 'Edited here' });
    expect(numberOf(String(post?.post_title))).toBeGreaterThan(0);
    expect(post?.post_excerpt).toBe(`Short ${numberOf(String(post?.post_title))}`);
  });

  test('the fields are taken as soon as they can be read', async () => {
    wordpress.setMuPlugin('odd-fields', false);
    const run = await site.sync({ ...posts, full: true });
    expect(run).toMatchObject({ status: 'success', totals: { updated: POSTS, conflicts: 0 } });
    const contents = await site.contents();
    expect(contents.every(({ title }) => numberOf(title) > 0)).toBe(true);
    expect(contents.filter(({ unreadFields }) => unreadFields.length > 0)).toEqual([]);
  });
});
