/** The routes and rights of signed requests, when the mapped user is an administrator. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AdminSession } from './support/admin-session.ts';
import { installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { type JsonAnswer, signatureHeaders, signedFetch } from './support/signed-request.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const SIGNED = { siteId: 7, key: `sbk_${'Aa0-_'.repeat(9).slice(0, 43)}` };
const CONNECTION = {
  server_url: 'https://sitebridge.example.com',
  site_id: String(SIGNED.siteId),
  api_key: SIGNED.key,
};
const REFUSED = { status: 403, json: { code: 'sitebridge_route_refused' } };
const NEW_ADMIN = { username: 'intruder', email: 'i@example.com', password: 'x', roles: ['administrator'] };

/** Asked on the site while a signed request saves a post. */
const CAPABILITIES = {
  withheld: [
    ...['install_plugins', 'edit_plugins', 'activate_plugins', 'update_plugins', 'delete_plugins'],
    ...['install_themes', 'edit_themes', 'switch_themes', 'edit_theme_options', 'customize', 'edit_files'],
    ...['create_users', 'edit_users', 'promote_users', 'delete_users', 'list_users', 'remove_users'],
    ...['manage_options', 'update_core', 'export', 'import', 'unfiltered_upload', 'manage_network'],
  ],
  kept: [
    ...['unfiltered_html', 'edit_posts', 'edit_others_posts', 'publish_posts', 'edit_pages', 'delete_posts'],
    ...['manage_categories', 'upload_files', 'read_private_posts', 'edit_published_posts'],
  ],
};

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('signed requests to WordPress %s', (version) => {
  let wordpress: Wordpress;
  let admin: AdminSession;

  const send = (method: string, route: string, body?: object): Promise<JsonAnswer> =>
    signedFetch(wordpress.restUrl(route), {
      ...SIGNED,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const inBatch = async (method: string, path: string, body: object = {}) => {
    const { json } = await send('POST', '/batch/v1', { requests: [{ method, path, body }] });
    const { responses } = json as { responses: { status: number; body: unknown }[] };
    return { status: responses[0]?.status, json: responses[0]?.body };
  };
  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version, server: 'fpm' });
    wordpress.setMuPlugin('own-namespace', true);
    admin = await installConnector(wordpress);
    const view = await admin.pressSettings('Save', { ...CONNECTION, user_id: '1' });
    expect(view.inputError).toBeNull();
  });
  afterAll(async () => {
    await wordpress.stop();
  });

  test.each<[string, string, object?]>([
    ['GET', '/'],
    ['GET', '/wp/v2'],
    ['GET', '/wp/v2/settings'],
    ['POST', '/wp/v2/settings', { title: 'Taken over' }],
    ['GET', '/wp/v2/users?context=edit'],
    ['GET', '/wp/v2/users/1'],
    ['POST', '/wp/v2/users', NEW_ADMIN],
    ['POST', '/wp/v2/users/1', { password: 'x' }],
    ['POST', '/wp/v2/users/me', { password: 'x' }],
    ['POST', '/wp/v2/users/me/application-passwords', { name: 'to stay' }],
    ['GET', '/wp/v2/plugins'],
    ['POST', '/wp/v2/plugins', { slug: 'akismet' }],
    ['GET', '/wp/v2/themes'],
    ['POST', '/wp/v2/comments', { post: 1, content: 'x' }],
    ['POST', '/wp/v2/menu-items', { title: 'x' }],
    ['GET', '/wp-site-health/v1/tests/background-updates'],
    ['GET', '/wp/v2/posts/1/revisions'],
    ['DELETE', '/wp/v2/posts/1?force=true'],
    ['DELETE', '/wp/v2/categories/1?force=true'],
    ['POST', '/wp/v2/media/1', { title: 'x' }],
  ])('%s %s is refused', async (...[method, route, body]) => {
    expect(await send(method, route, body)).toMatchObject(REFUSED);
  });

  test('a method in the query of a signed request does not count', async () => {
    const updated = await send('POST', '/wp/v2/posts/1?_method=DELETE', { excerpt: 'As it was' });
    expect(updated).toMatchObject({ status: 200, json: { id: 1, status: 'publish' } });
  });

  test.each<[string, string, object?]>([
    ['POST', '/wp/v2/users', NEW_ADMIN],
    ['POST', '/wp/v2/users/me', { password: 'x' }],
    ['DELETE', '/wp/v2/posts/1?force=true'],
    ['POST', '/wp/v2/settings', { title: 'Taken over' }],
  ])('%s %s is refused as a part of a batch', async (...[method, path, body]) => {
    expect(await inBatch(method, path, body)).toMatchObject(REFUSED);
  });

  test('the refused requests changed nothing', async () => {
    const users = await wordpress.query('SELECT user_login FROM wp_users ORDER BY ID');
    expect(users.map((row) => row.user_login)).toEqual(['admin', 'editor', 'author', 'subscriber']);
    expect(await wordpress.php(`return get_option( 'blogname' );`)).not.toBe('Taken over');
    expect(await wordpress.php(`return null !== get_post( 1 );`)).toBe(true);
    expect((await wordpress.adminSession()) !== null).toBe(true);
    expect(
      await wordpress.php('return WP_Application_Passwords::get_user_application_passwords( 1 );'),
    ).toEqual([]);
  });

  test.each([
    '/sitebridge/v1/ping',
    '/sitebridge/v1/structure',
    '/sitebridge/v1/items?type=post&after_id=0&limit=5',
    '/wp/v2/types?context=edit',
    '/wp/v2/taxonomies?context=edit',
    '/wp/v2/statuses?context=edit',
    '/wp/v2/posts?context=edit&status=any',
    '/wp/v2/pages?context=edit',
    '/wp/v2/books?context=edit',
    '/cinema/v1/films?context=edit',
    '/cinema/v1/moods?context=edit',
    '/wp/v2/categories?context=edit',
    '/wp/v2/tags?context=edit',
    '/wp/v2/genres?context=edit',
    '/wp/v2/media?context=edit&slug=x&status=inherit,private',
    '/wp/v2/users/me?context=edit&_fields=id',
  ])('GET %s is answered', async (route) => {
    expect(await send('GET', route)).toMatchObject({ status: 200 });
  });

  test('posts, terms and media are written, each by itself and in a batch', async () => {
    const made = await send('POST', '/wp/v2/posts', { title: 'Made', status: 'publish' });
    expect(made.status).toBe(201);
    const { id } = made.json as { id: number };
    expect((await send('POST', `/wp/v2/posts/${id}`, { title: 'Changed' })).status).toBe(200);
    expect((await send('POST', '/cinema/v1/films', { title: 'Film' })).status).toBe(201);
    expect((await send('POST', '/cinema/v1/moods', { name: 'Calm' })).status).toBe(201);
    expect((await inBatch('POST', '/wp/v2/categories', { name: 'Batched' })).status).toBe(201);
    expect((await inBatch('PUT', `/wp/v2/posts/${id}`, { title: 'Batched' })).status).toBe(200);
    const url = wordpress.restUrl('/wp/v2/media');
    const body = 'GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000;';
    const uploaded = await signedFetch(url, {
      ...SIGNED,
      method: 'POST',
      body,
      headers: { 'Content-Type': 'image/gif', 'Content-Disposition': 'attachment; filename="dot.gif"' },
    });
    expect(uploaded.status).toBe(201);
  });

  test('the mapped user keeps its rights on content and loses all others', async () => {
    const asked = [...CAPABILITIES.withheld, ...CAPABILITIES.kept];
    writeFileSync(
      join(wordpress.root, 'wp-content/mu-plugins/asks.php'),
      `<?php add_action( 'save_post', static function () {
        $held = array();
        foreach ( explode( ' ', '${asked.join(' ')}' ) as $name ) { $held[ $name ] = current_user_can( $name ); }
        $held['other user'] = user_can( 1, 'manage_options' ) !== current_user_can( 'manage_options' );
        update_option( 'asked', $held );
      } );`,
    );
    const held = async () =>
      (await wordpress.php(`return get_option( 'asked' );`)) as Record<string, boolean>;
    expect((await send('POST', '/wp/v2/posts', { title: 'Asks' })).status).toBe(201);
    expect(await held()).toEqual({
      ...Object.fromEntries(CAPABILITIES.withheld.map((name) => [name, false])),
      ...Object.fromEntries(CAPABILITIES.kept.map((name) => [name, true])),
      'other user': false,
    });
    // The same user has all rights when it signs in itself.
    await wordpress.php(
      `wp_set_current_user( 1 ); return wp_insert_post( array( 'post_title' => 'Asks too' ) );`,
    );
    expect(await held()).toMatchObject({ manage_options: true, create_users: true });
  });

  test('texts keep every byte', async () => {
    const content =
      '<p onclick="x()">a</p><script>if (a && b < c) { d("\\\\"); }</script><iframe src="/x"></iframe>';
    const made = await send('POST', '/wp/v2/posts', { title: 'Raw <b>&</b>', content });
    expect(made.json).toMatchObject({ content: { raw: content } });
  });

  test('the page with the privacy policy is content too', async () => {
    const id = Number(
      await wordpress.php(
        `$id = wp_insert_post( array( 'post_type' => 'page', 'post_title' => 'Privacy', 'post_status' => 'publish' ) );
        update_option( 'wp_page_for_privacy_policy', $id ); return $id;`,
      ),
    );
    expect((await send('POST', `/wp/v2/pages/${id}`, { title: 'Our privacy' })).status).toBe(200);
    const { json } = await send('GET', `/sitebridge/v1/items?type=page&include=${id}`);
    expect(json).toMatchObject({ items: [{ id, title: 'Our privacy' }] });
  });

  test('a path that leads out of the REST API signs nobody in', async () => {
    writeFileSync(
      join(wordpress.root, 'wp-content/mu-plugins/who.php'),
      `<?php foreach ( array( 'wp_ajax_who', 'wp_ajax_nopriv_who' ) as $hook ) {
        add_action( $hook, static function () { wp_die( 'user ' . get_current_user_id() ); } );
      }`,
    );
    for (const path of ['/wp-json/../wp-admin/admin-ajax.php', '/wp-json/%2e%2e/wp-admin/admin-ajax.php']) {
      expect(await rawGet(wordpress.url, `${path}?action=who`)).toBe('user 0');
    }
  });

  describe('with a user of its own', () => {
    test('the plugin makes an editor, whose password nobody knows, without any mail', async () => {
      await admin.pressSettings('Disconnect');
      await wordpress.php(`return update_option( 'sitebridge_connector', array() );`);
      writeFileSync(
        join(wordpress.root, 'wp-content/mu-plugins/mails.php'),
        `<?php add_filter( 'wp_mail', static function ( $mail ) { update_option( 'mailed', $mail ); return $mail; } );`,
      );
      const page = await admin.settings();
      expect(page.html).toContain('A new user for Sitebridge alone');
      const view = await admin.pressSettings('Save', CONNECTION);
      expect(view.inputError).toBeNull();
      const [user] = await wordpress.query(
        `SELECT ID, user_login, user_email, user_pass FROM wp_users WHERE user_login LIKE 'sitebridge%'`,
      );
      expect(user).toMatchObject({ user_login: 'sitebridge', user_email: '' });
      expect(String(user?.user_pass).length).toBeGreaterThan(30);
      expect(view.fields.get('user_id')).toBe(String(user?.ID));
      expect(await send('GET', '/sitebridge/v1/ping')).toMatchObject({
        status: 200,
        json: { user: { id: user?.ID, roles: ['editor'], capabilities: { edit_others_posts: true } } },
      });
      expect(await wordpress.php(`return get_option( 'mailed' );`)).toBe(false);
    });

    test('the user is made once, and again only when it is gone', async () => {
      const chosen = async () => {
        await wordpress.php(`return update_option( 'sitebridge_connector', array() );`);
        const view = await admin.pressSettings('Save', CONNECTION);
        return String(
          (
            await wordpress.query(`SELECT user_login FROM wp_users WHERE ID = ${view.fields.get('user_id')}`)
          )[0]?.user_login,
        );
      };
      expect(await chosen()).toBe('sitebridge');
      await wordpress.php(`return update_option( 'sitebridge_connector_user', 999999 );`);
      // Another user may have the name.
      expect(await chosen()).toMatch(/^sitebridge-[a-z0-9]{8}$/);
    });

    test('who may not create users connects as a user that exists', async () => {
      await wordpress.php(
        `add_role( 'manager', 'Manager', array( 'read' => true, 'edit_posts' => true, 'manage_options' => true ) );
        update_option( 'sitebridge_connector', array() ); delete_option( 'sitebridge_connector_user' );
        return wp_insert_user( array( 'user_login' => 'manager', 'user_pass' => 'pass-manager', 'user_email' => 'm@example.com', 'role' => 'manager' ) );`,
      );
      const before = await wordpress.query('SELECT COUNT(*) AS users FROM wp_users');
      const manager = await wordpress.adminSession('manager', 'pass-manager');
      expect((await manager.settings()).html).not.toContain('A new user for Sitebridge alone');
      const view = await manager.pressSettings('Save', { ...CONNECTION, user_id: '0' });
      const [own] = await wordpress.query(`SELECT ID FROM wp_users WHERE user_login = 'manager'`);
      expect(view.fields.get('user_id')).toBe(String(own?.ID));
      expect(await wordpress.query('SELECT COUNT(*) AS users FROM wp_users')).toEqual(before);
    });
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});

/** A signed GET whose path is sent as it is. `fetch` would resolve its dots. */
function rawGet(url: string, target: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const headers = signatureHeaders(url, { ...SIGNED, target });
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: target, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}
