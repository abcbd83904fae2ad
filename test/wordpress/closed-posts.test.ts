/** A real WordPress with posts that a page builder shows, that a person edits, and whose type is switched off. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTenant } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedTenant, syncedTenant, type Way } from '../support/syncedSite.ts';
import { installConnector } from './support/connector.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

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

const posts = { direction: 'both', content_types: ['post'] };

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let wordpress: Wordpress;
  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version });
    wordpress.setMuPlugin('small-builder', true);
    wordpress.setMuPlugin('switched-type', true);
    await wordpress.php(
      `update_option( 'switched_type', '1' );
      foreach ( get_posts( array( 'numberposts' => -1, 'post_status' => 'any' ) ) as $post ) { wp_delete_post( $post->ID, true ); }
      return true;`,
    );
  });
  afterAll(() => wordpress.stop());

  const makePost = async (title: string, type = 'post') =>
    Number(
      await wordpress.php(
        `return wp_insert_post( array( 'post_title' => '${title}', 'post_content' => 'Text', 'post_status' => 'publish', 'post_type' => '${type}' ) );`,
      ),
    );
  const stored = async (id: number) =>
    (await wordpress.query(`SELECT post_title, post_content FROM wp_posts WHERE ID = ${id}`))[0];
  const retitle = (id: number, title: string) =>
    wordpress.php(`return wp_update_post( array( 'ID' => ${id}, 'post_title' => '${title}' ) );`);
  const setMeta = (id: number, key: string, value: string) =>
    wordpress.php(`update_post_meta( ${id}, '${key}', '${value}' ); return true;`);

  // The connector is installed after the tests without it.
  describe.each<Way>(['password', 'connector'])('by %s', (way) => {
    let site: SyncedTenant;
    beforeAll(async () => {
      const tenant = await buildTenant(server, wordpress.url);
      site = syncedTenant(server, tenant);
      if (way === 'connector') {
        const admin = await installConnector(wordpress);
        await admin.pressSettings('Save', {
          server_url: 'https://sitebridge.example.com/',
          site_id: String(tenant.site.siteId),
          api_key: tenant.site.key,
          user_id: String(wordpress.users.editor),
        });
        return;
      }
      const password = await wordpress.php(
        `return WP_Application_Passwords::create_new_application_password( ${wordpress.users.editor}, array( 'name' => 'test' ) )[0];`,
      );
      await server
        .as(tenant.owner)
        .patch(site.path(), {
          credentials_json: { username: 'editor', application_password: String(password) },
        })
        .expect(200);
    });
    const contentOf = async (id: number) => {
      const [content] = await site.contents({ externalId: String(id) });
      if (content === undefined) throw new Error(`There is no content of post ${id}.`);
      return content;
    };

    test('the body of a post with a builder is read only, and the rest is written', async () => {
      const [known, sudden] = [await makePost('Known'), await makePost('Sudden')];
      await site.sync(posts);
      await setMeta(known, '_elementor_edit_mode', 'builder');
      await retitle(known, 'Built');
      expect(await site.sync(posts)).toMatchObject({
        status: 'success',
        totals: { conflicts: 0, failed: 0 },
      });
      const content = await contentOf(known);
      expect(content).toMatchObject({ title: 'Built', builtWith: 'elementor' });
      const refused = await server
        .as(site.tenant.owner)
        .patch(`/api/v1/content/${content.id}`, { body: 'New' })
        .expect(422);
      expect(refused.body).toMatchObject({ code: 'built_with_elementor' });
      await site.edit(content.id, { title: 'From here' });

      await site.edit((await contentOf(sudden)).id, { title: 'From here too', body: 'New' });
      await setMeta(sudden, '_elementor_edit_mode', 'builder');
      const run = await site.sync(posts);
      expect(run).toMatchObject({ status: 'partial', totals: { pushed: 2, conflicts: 0, failed: 1 } });
      expect(run.error).toContain('Elementor shows its own layout');
      expect(await stored(known)).toEqual({ post_title: 'From here', post_content: 'Text' });
      expect(await stored(sudden)).toEqual({ post_title: 'From here too', post_content: 'Text' });
      expect(await contentOf(sudden)).toMatchObject({ builtWith: 'elementor', syncState: 'in_sync' });

      await setMeta(known, '_elementor_edit_mode', '');
      await retitle(known, 'Not built any more');
      await site.sync(posts);
      expect((await contentOf(known)).builtWith).toBeNull();
      await site.edit(content.id, { body: 'Shown' });
      expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { pushed: 1 } });
      expect(await stored(known)).toMatchObject({ post_content: 'Shown' });
    });

    test('a push to a post that another user edits waits, if the plugin tells it', async () => {
      const id = await makePost('Open');
      await site.sync(posts);
      const content = await contentOf(id);
      await site.edit(content.id, { title: 'From here' });
      await wordpress.php(
        `require_once ABSPATH . 'wp-admin/includes/post.php'; wp_set_current_user( 1 ); return wp_set_post_lock( ${id} );`,
      );
      if (way === 'connector') {
        const run = await site.sync(posts);
        expect(run).toMatchObject({ status: 'partial', totals: { pushed: 0, failed: 1 } });
        expect(run.error).toContain('is editing the item on the site');
        expect(await stored(id)).toMatchObject({ post_title: 'Open' });
        const waitsSince = new Date(Date.now() - 24 * 3_600_000);
        await server.db.content.update({ where: { id: content.id }, data: { waitsSince } });
      }
      expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { pushed: 1 } });
      expect(await stored(id)).toMatchObject({ post_title: 'From here' });
    });

    test('a type whose plugin is switched off keeps its contents, and is taken up again', async () => {
      const [one, two] = [await makePost('One', 'ticket'), await makePost('Two', 'ticket')];
      const switchType = (on: string) => wordpress.php(`return update_option( 'switched_type', '${on}' );`);
      await site.sync({ direction: 'metadata' });
      expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
      const content = await contentOf(one);
      const where = { siteId: site.tenant.site.siteId, contentType: 'ticket' };
      const reading = await server.db.typeSync.findFirstOrThrow({ where });
      await switchType('');
      const off = await site.sync({ direction: 'both' });
      expect(off).toMatchObject({ status: 'partial', totals: { deleted: 0, conflicts: 0 } });
      expect(off.error).toContain('The site does not have the type ticket any more');
      expect(await site.contents({ contentType: 'ticket', syncState: 'in_sync' })).toHaveLength(2);
      const status = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
      expect(status.body.problems).toContainEqual(expect.objectContaining({ code: 'type_gone' }));
      await site.edit(content.id, { title: 'Edited here' });
      expect(await site.sync({ direction: 'both' })).toMatchObject({
        status: 'partial',
        totals: { pushed: 0 },
      });

      await switchType('1');
      await retitle(two, 'Edited there');
      const on = await site.sync({ direction: 'both' });
      expect(on).toMatchObject({ status: 'success', totals: { pushed: 1, deleted: 0, conflicts: 0 } });
      expect(await stored(one)).toMatchObject({ post_title: 'Edited here' });
      expect(await contentOf(two)).toMatchObject({ title: 'Edited there', syncState: 'in_sync' });
      const after = await server.db.typeSync.findFirstOrThrow({ where });
      expect(after.fullyReadAt).toEqual(reading.fullyReadAt);
      await wordpress.php(`wp_delete_post( ${one}, true ); wp_delete_post( ${two}, true ); return true;`);
    });
  });

  test('a post without marks of a builder has the hash that the plugin made before 0.6.0', async () => {
    const id = await makePost('Hashed', 'page');
    await setMeta(id, '_thumbnail_id', '5');
    const hash = (parts: string) => `CAST(CONV(LEFT(MD5(CONCAT_WS(' ', ${parts})), 16), 16, 10) AS UNSIGNED)`;
    const texts = ['title', 'content', 'excerpt', 'name', 'status'].map((name) => `MD5(p.post_${name})`);
    const post = `'p', p.ID, ${texts.join(', ')}, p.post_author, p.post_date, p.post_date_gmt, p.post_modified, p.post_modified_gmt, p.post_parent`;
    const meta = "'m', p.ID, m.meta_id, COALESCE(MD5(m.meta_value), '')";
    const [before] = await wordpress.query(
      `SELECT LOWER(LPAD(HEX(${hash(post)} ^ ${hash(meta)}), 16, '0')) AS hash
      FROM wp_posts p JOIN wp_postmeta m ON m.post_id = p.ID AND m.meta_key = '_thumbnail_id' WHERE p.ID = ${id}`,
    );
    const now = await wordpress.php(
      `foreach ( array( 'fields', 'query', 'builder', 'hash' ) as $part ) {
        require_once WP_PLUGIN_DIR . "/sitebridge-connector/includes/items/class-sitebridge-item-$part.php";
      }
      $fields = new Sitebridge_Item_Fields( new Sitebridge_Structure( new Sitebridge_Settings() ) );
      return ( new Sitebridge_Item_Hash( $fields ) )->of( 'page', array( ${id} ) )[ ${id} ];`,
    );
    expect(now).toBe(before?.hash);
  });

  test('the plugin leaves no notice in the log', () => {
    expect(wordpress.phpLog()).not.toContain('sitebridge-connector');
  });
});
