/** The connector on a network of sites. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AdminSession, logIn } from './support/admin-session.ts';
import { CONNECTOR, connectorZip } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import type { RecordingServer } from './support/recording-server.ts';
import { signedFetch } from './support/signed-request.ts';
import { withRecorder } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const KEYS = { one: `sbk_${'1'.repeat(43)}`, two: `sbk_${'2'.repeat(43)}`, other: `sbk_${'3'.repeat(43)}` };
const SITE_IDS = { one: 11, two: 22 };
const OPERATION = '0190bbbb-0000-4000-8000-000000000001';
type SubSite = keyof typeof SITE_IDS;

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});

describe.each(versionsUnderTest())('a network of WordPress %s', (version) => {
  let wordpress: Wordpress;
  /** The administrator of the site `one`, without rights on the network. */
  let siteAdmin: AdminSession;
  let siteAdminId: number;
  const blogs = { one: 0, two: 0 };

  const inSite = (name: SubSite, code: string) => wordpress.php(`switch_to_blog( ${blogs[name]} ); ${code}`);
  const signed = (name: SubSite, route: string, key = KEYS[name], siteId = SITE_IDS[name]) =>
    signedFetch(`${wordpress.url}/${name}/wp-json${route}`, { siteId, key });
  const ping = (name: SubSite, key = KEYS[name]) => signed(name, '/sitebridge/v1/ping', key);
  const connection = (name: SubSite) => ({
    server_url: server.url,
    site_id: String(SITE_IDS[name]),
    api_key: KEYS[name],
  });
  /** Connects a site as the network's administrator, who is also the mapped user. */
  const connectAsSuperAdmin = async (name: SubSite) => {
    const session = await logIn(`${wordpress.url}/${name}`, 'admin', wordpress.admin.password);
    const view = await session.pressSettings('Connect', { ...connection(name), user_id: '1' });
    expect(view.answer?.success).toBe(true);
    return session;
  };

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version, server: 'php-S', network: true });
    await wordpress.installPlugin(connectorZip(wordpress));
    await wordpress.php(
      `deactivate_plugins( '${CONNECTOR}' ); return activate_plugin( '${CONNECTOR}', '', true );`,
    );
    for (const name of ['one', 'two'] as const) {
      blogs[name] = Number(
        await wordpress.php(
          `return wpmu_create_blog( DOMAIN_CURRENT_SITE, '/${name}/', 'Site ${name}', 1, array(), 1 );`,
        ),
      );
      expect(blogs[name]).toBeGreaterThan(1);
    }
    siteAdminId = Number(
      await wordpress.php(
        `$id = wp_insert_user( array( 'user_login' => 'keeper', 'user_pass' => 'pass-keeper', 'user_email' => 'keeper@example.com' ) );
        add_user_to_blog( ${blogs.one}, $id, 'administrator' ); return $id;`,
      ),
    );
    siteAdmin = await logIn(`${wordpress.url}/one`, 'keeper', 'pass-keeper');
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  beforeEach(() => {
    server.answerWith((request) => {
      const isTest = request.target.endsWith('/test-connection');
      const { site_id } = JSON.parse(request.body);
      return { status: 200, body: isTest ? { success: true, integration_id: site_id * 10 } : {} };
    });
  });

  test('two sites are connected, and nothing of one reaches the other', async () => {
    await connectAsSuperAdmin('one');
    await connectAsSuperAdmin('two');
    for (const name of ['one', 'two'] as const) {
      expect(await ping(name)).toMatchObject({
        status: 200,
        json: {
          ok: true,
          site_id: SITE_IDS[name],
          multisite: true,
          home_url: `${wordpress.url}/${name}`,
          user: { id: 1 },
        },
      });
      await inSite(
        name,
        `return wp_insert_post( array( 'post_title' => 'Of ${name}', 'post_status' => 'publish' ) );`,
      );
    }
    expect(await ping('one', KEYS.two)).toMatchObject({
      status: 401,
      json: { code: 'sitebridge_bad_signature' },
    });
    const items = await signed('one', '/sitebridge/v1/items?type=post&after_id=0&limit=100');
    expect(JSON.stringify(items.json)).toContain('Of one');
    expect(JSON.stringify(items.json)).not.toContain('Of two');
  });

  test('a change that a plugin copies to another site is reported there as an edit', async () => {
    await wordpress.query('DELETE FROM wp_3_sitebridge_outbox');
    wordpress.setMuPlugin('copy-to-two', true);
    try {
      const made = await signedFetch(
        `${wordpress.url}/one/wp-json/sitebridge/v1/items/0190aaaa-0000-4000-8000-000000000001`,
        {
          siteId: SITE_IDS.one,
          key: KEYS.one,
          method: 'POST',
          body: JSON.stringify({
            type: 'post',
            id: null,
            op_id: OPERATION,
            title: 'Shared',
            status: 'publish',
          }),
        },
      );
      expect(made.status).toBe(201);
    } finally {
      wordpress.setMuPlugin('copy-to-two', false);
    }
    expect(
      await wordpress.query(
        `SELECT post_title, op_id FROM wp_3_sitebridge_outbox o JOIN wp_3_posts p ON p.ID = o.post_id
        WHERE post_title = 'Shared' AND topic = 'metadata'`,
      ),
    ).toEqual([{ post_title: 'Shared', op_id: '' }]);
  });

  test.each([
    ['the key', { api_key: KEYS.other }],
    ['the server, which would receive the key', { server_url: 'https://attacker.example.com' }],
    ['the site id', { site_id: '99' }],
  ])(
    'the administrator of a site cannot change %s while requests act as a super admin',
    async (_name, input) => {
      await connectAsSuperAdmin('one');
      const stored = await inSite('one', `return get_option( 'sitebridge_connector' );`);
      server.requests.length = 0;
      for (const button of ['Save', 'Test again', 'Connect']) {
        const view = await siteAdmin.pressSettings(button, { ...input, user_id: '1' });
        expect(view.inputError).toContain('Requests cannot act as this user');
      }
      expect(server.requests).toEqual([]);
      expect(await inSite('one', `return get_option( 'sitebridge_connector' );`)).toEqual(stored);
      expect((await ping('one', KEYS.other)).status).toBe(401);
    },
  );

  test('after Disconnect, the administrator of a site connects only as a user of that site', async () => {
    await connectAsSuperAdmin('one');
    await siteAdmin.pressSettings('Disconnect');
    const refused = await siteAdmin.pressSettings('Connect', { ...connection('one'), user_id: '1' });
    expect(refused.inputError).toContain('Requests cannot act as this user');
    const view = await siteAdmin.pressSettings('Connect', {
      ...connection('one'),
      user_id: String(siteAdminId),
    });
    expect(view.answer?.success).toBe(true);
    expect(await ping('one')).toMatchObject({ status: 200, json: { user: { id: siteAdminId } } });
  });

  test('a super admin cannot be chosen for the key of a site’s administrator', async () => {
    await siteAdmin.pressSettings('Connect', { ...connection('one'), user_id: String(siteAdminId) });
    const session = await logIn(`${wordpress.url}/one`, 'admin', wordpress.admin.password);
    const refused = await session.pressSettings('Save', { user_id: '1' });
    expect(refused.inputError).toContain('Enter the site key again');
    expect(await ping('one')).toMatchObject({ status: 200, json: { user: { id: siteAdminId } } });
    const view = await session.pressSettings('Save', { user_id: '1', api_key: KEYS.one });
    expect(view.inputError).toBeNull();
    expect(await ping('one')).toMatchObject({ status: 200, json: { user: { id: 1 } } });
  });

  test('a request as a super admin is refused when no super admin entered the key', async () => {
    await connectAsSuperAdmin('two');
    const changed = (change: string) =>
      inSite(
        'two',
        `$all = get_option( 'sitebridge_connector' ); ${change} return update_option( 'sitebridge_connector', $all );`,
      );
    const refusal = {
      status: 403,
      json: { code: 'sitebridge_user_invalid', message: expect.stringContaining('no network administrator') },
    };
    // Stored by a version that did not note who entered the key.
    await changed(`unset( $all['key_by'] );`);
    expect(await ping('two')).toMatchObject(refusal);
    await changed(`$all['key_by'] = ${siteAdminId};`);
    expect(await ping('two')).toMatchObject(refusal);
    await connectAsSuperAdmin('two');
    expect((await ping('two')).status).toBe(200);
  });

  test('a user who left the site is refused', async () => {
    await siteAdmin.pressSettings('Connect', { ...connection('one'), user_id: String(siteAdminId) });
    await wordpress.php(`return remove_user_from_blog( ${siteAdminId}, ${blogs.one} );`);
    expect(await ping('one')).toMatchObject({ status: 403, json: { code: 'sitebridge_user_invalid' } });
    await wordpress.php(`return add_user_to_blog( ${blogs.one}, ${siteAdminId}, 'administrator' );`);
  });

  test('a deleted site takes the plugin’s tables along, and only its own', async () => {
    const tables = async () =>
      (await wordpress.query("SHOW TABLES LIKE 'wp\\_%\\_sitebridge\\_%'")).flatMap((row) =>
        Object.values(row),
      );
    const own = (blog: number) => expect.stringMatching(new RegExp(`^wp_${blog}_sitebridge_`));
    expect(await tables()).toEqual(expect.arrayContaining([own(blogs.one), own(blogs.two)]));
    await wordpress.php(
      `require_once ABSPATH . 'wp-admin/includes/ms.php'; wpmu_delete_blog( ${blogs.one}, true ); return true;`,
    );
    const left = await tables();
    expect(left).toContainEqual(own(blogs.two));
    expect(left).not.toContainEqual(own(blogs.one));
    expect((await ping('two')).status).toBe(200);
  });

  test('deleting the plugin also removes the tables of sites that were deleted without it', async () => {
    await wordpress.query('CREATE TABLE wp_77_sitebridge_outbox (id int)');
    await wordpress.query('CREATE TABLE wp_77_sitebridge_other (id int)');
    const network = await logIn(wordpress.url, 'admin', wordpress.admin.password);
    await network.follow(await network.get('/wp-admin/network/plugins.php'), 'action=deactivate', CONNECTOR);
    await wordpress.php(
      `require_once ABSPATH . 'wp-admin/includes/plugin.php'; require_once ABSPATH . 'wp-admin/includes/file.php';
      return delete_plugins( array( '${CONNECTOR}' ) );`,
    );
    expect(
      (await wordpress.query("SHOW TABLES LIKE '%sitebridge%'")).flatMap((row) => Object.values(row)),
    ).toEqual(['wp_77_sitebridge_other']);
    expect(
      await wordpress.query(`SELECT meta_key FROM wp_sitemeta WHERE meta_key LIKE '%sitebridge%'`),
    ).toEqual([]);
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});
