/** A real WordPress behind the doors of hosts: passwords, guards, caches and filters that change what passes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../src/platforms/connection.ts';
import { connectionTo, notes, SITE_ID, SITE_KEY, testPlatform } from '../platforms/wordpress/testSite.ts';
import { contentWrite, POST, readOut, testPace } from '../support/contentCaller.ts';
import type { AdminSession } from './support/admin-session.ts';
import { CONNECTOR, installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { type Door, type SiteProxy, startSiteProxy } from './support/site-proxy.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

const BASIC = { username: 'staging', password: 'open sesame, please' };
const PAIR = `Basic ${Buffer.from(`${BASIC.username}:${BASIC.password}`).toString('base64')}`;
const TOKEN = { 'CF-Access-Client-Id': 'an-id.access', 'CF-Access-Client-Secret': 'a-secret-of-the-token' };

const doors = {
  password: {
    answer: ({ headers }) =>
      headers.authorization === PAIR
        ? null
        : { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="Staging"' }, body: '<h1>401</h1>' },
  },
  access: {
    answer: ({ headers }) =>
      headers['cf-access-client-secret'] === TOKEN['CF-Access-Client-Secret']
        ? null
        : { status: 302, headers: { Location: 'https://team.example.com/cdn-cgi/access/login/site' } },
  },
  wall: {
    answer: ({ headers, target }) =>
      headers.cookie?.includes('guard=1')
        ? null
        : { status: 302, headers: { Location: target, 'Set-Cookie': 'guard=1; Path=/; HttpOnly' } },
  },
  getOnly: {
    answer: ({ method }) =>
      method === 'GET'
        ? null
        : { status: 405, headers: { Server: 'nginx' }, body: '<h1>405 Not Allowed</h1>' },
  },
  withoutContext: { target: (target) => target.replace(/([?&])context=edit&?/, '$1') },
  withoutQuery: {
    target: (target) => (target.includes('rest_route=') ? target : target.replace(/\?.*/, '')),
  },
  rawControls: {
    body: (body) =>
      /^[[{]/.test(body)
        ? body.replace(/\\(.)/g, (whole, of: string) => ({ n: '\n', r: '\r', t: '\t' })[of] ?? whole)
        : body,
  },
} satisfies Record<string, Door>;

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  const { platform, close } = testPlatform();
  let wordpress: Wordpress;
  let proxy: SiteProxy;
  let admin: AdminSession;
  let credentials: Connection['credentials'];

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version, server: 'php-S' });
    proxy = await startSiteProxy(wordpress.url);
    await wordpress.php(`return update_option( 'home', '${proxy.url}' );`);
    admin = await installConnector(wordpress);
    await admin.pressSettings('Save', {
      server_url: 'https://sitebridge.example.com/',
      site_id: String(SITE_ID),
      api_key: SITE_KEY,
      user_id: String(wordpress.users.editor),
    });
    const password = await wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${wordpress.users.editor}, array( 'name' => 'doors' ) )[0];`,
    );
    credentials = { username: 'editor', application_password: String(password) };
  });
  afterEach(() => proxy.setDoor(null));
  afterAll(async () => {
    close();
    await proxy.stop();
    await wordpress.stop();
  });

  const tested = (changes: Partial<Connection>) => platform.testConnection(connectionTo(proxy.url, changes));
  const open = async (changes: Partial<Connection>) => {
    const session = await platform.content?.open(connectionTo(proxy.url, changes), testPace());
    if (session === undefined) throw new Error('WordPress has content.');
    return session;
  };
  const read = async (changes: Partial<Connection>) =>
    readOut(
      (await open(changes)).readAll({ type: { slug: 'post', structure: null }, newest: null, cursor: null }),
    );

  describe.each(['connector', 'password'] as const)('by %s', (way) => {
    const signIn = (): Partial<Connection> => (way === 'password' ? { credentials } : {});
    beforeAll(async () => {
      if (way === 'password') await admin.deactivatePlugin(CONNECTOR);
    });
    afterAll(async () => {
      if (way === 'password') await admin.activatePlugin(CONNECTOR);
    });

    test('writes are proven, and told as blocked where the host lets only GET pass', async () => {
      expect(await tested(signIn())).toMatchObject({ success: true, code: 'ok' });
      const session = await open(signIn());
      proxy.setDoor(doors.getOnly);
      const result = await tested(signIn());
      expect(result).toMatchObject({ success: true, code: 'writes_blocked' });
      expect(result.message).toMatch(/nginx answers POST .* with status 405/);
      await expect(session.write(POST, [contentWrite(1)])).rejects.toMatchObject({ code: 'writes_blocked' });
    });

    test('a service token opens Cloudflare Access, which is named without it', async () => {
      const { ids } = await read(signIn());
      proxy.setDoor(doors.access);
      const outer = { headers: TOKEN };
      expect(await tested({ ...signIn(), outer })).toMatchObject({ success: true, code: 'ok' });
      expect((await read({ ...signIn(), outer })).ids).toEqual(ids);
      const result = await tested(signIn());
      expect(result).toMatchObject({ success: false, code: 'outer_login' });
      expect(result.message).toContain('Cloudflare Access');
    });

    test('a cookie wall is passed', async () => {
      const { ids } = await read(signIn());
      proxy.setDoor(doors.wall);
      expect(await tested(signIn())).toMatchObject({ success: true, code: 'ok' });
      expect((await read(signIn())).ids).toEqual(ids);
    });

    test('line breaks that a filter puts into JSON are read past, and told', async () => {
      await wordpress.php(
        `return wp_insert_post( array( 'post_title' => 'Lines', 'post_status' => 'publish', 'post_content' => "one\n\n\ttwo" ) );`,
      );
      const { items } = await read(signIn());
      proxy.setDoor(doors.rawControls);
      const result = await tested(signIn());
      expect(result).toMatchObject({ success: true, code: 'ok' });
      expect(notes(result)).toContain('dirty_json');
      const filtered = await read(signIn());
      expect(filtered.items).toEqual(items);
      expect(filtered.faults).toEqual([]);
    });
  });

  test('a password before the site opens with the connector, also beside an application password', async () => {
    const { ids } = await read({});
    proxy.setDoor(doors.password);
    expect(await tested({})).toMatchObject({ success: false, code: 'outer_basic_auth' });
    for (const more of [{}, { credentials }]) {
      const given = { outer: { basic: BASIC }, ...more };
      expect(await tested(given)).toMatchObject({ success: true, code: 'ok' });
      expect((await read(given)).ids).toEqual(ids);
    }
    const structure = await platform.readStructure?.(connectionTo(proxy.url, { outer: { basic: BASIC } }));
    expect(structure).toMatchObject({ plugin_connection_enabled: true });
  });

  describe('without the connector', () => {
    beforeAll(() => admin.deactivatePlugin(CONNECTOR));
    afterAll(() => admin.activatePlugin(CONNECTOR));

    test('a password before the site collides with an application password', async () => {
      proxy.setDoor(doors.password);
      const given = { outer: { basic: BASIC }, credentials };
      expect(await tested(given)).toMatchObject({ success: false, code: 'outer_needs_connector' });
      await expect(open(given)).rejects.toMatchObject({ code: 'outer_needs_connector' });
    });

    test.each(['withoutContext', 'withoutQuery'] as const)(
      'a query that is lost is told once: %s',
      async (name) => {
        proxy.setDoor(doors[name]);
        const result = await tested({ credentials });
        expect(result).toMatchObject({ success: false, code: 'query_stripped' });
        expect(result.message).toContain('context');
        await expect(read({ credentials })).rejects.toMatchObject({ code: 'query_stripped' });
      },
    );
  });
});
