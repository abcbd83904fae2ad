/** A real WordPress is connected on the plugin's page, read, broken and diagnosed. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildAccount,
  buildSite,
  integrationsPath,
  type TestSite,
  type TestUser,
} from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { AdminSession } from './support/admin-session.ts';
import { CONNECTOR, installConnector } from './support/connector.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const SITES = versionsUnderTest().flatMap((version) => [
  { version, server: 'php-S' as const },
  { version, server: 'fpm' as const, subdirectory: 'blog', plainPermalinks: true },
]);

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

describe.each(SITES)('WordPress $version on $server', (options) => {
  let wordpress: Wordpress;
  let admin: AdminSession;
  let owner: TestUser;
  let site: TestSite;
  let integrationId: number;
  const mend: (() => Promise<unknown> | unknown)[] = [];

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    admin = await installConnector(wordpress);
    owner = await buildAccount(server);
    site = await buildSite(server, owner.accountId, wordpress.url);
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  afterEach(async () => {
    for (const step of mend.splice(0)) await step();
  });

  const press = (button: 'Connect' | 'Test again', fields: Record<string, string> = {}) =>
    admin.pressSettings(button, fields);
  const connect = () =>
    press('Connect', { server_url: server.url, site_id: String(site.siteId), api_key: site.key });
  const path = (action: string) => `${integrationsPath}/${integrationId}/${action}`;
  const tested = async () => (await server.as(owner).post(path('test-connection')).expect(200)).body;
  const contentTypes = async () =>
    (await server.as(owner).get(path('content-types')).expect(200)).body.content_types;

  /** The types and counts in WordPress's own database, counted like the structure. */
  const counted = async () => {
    const posts = await wordpress.query(
      `SELECT post_type AS slug, COUNT(*) AS count FROM wp_posts
       WHERE post_status NOT IN ('auto-draft', 'inherit', 'trash') GROUP BY post_type`,
    );
    const terms = await wordpress.query(
      'SELECT taxonomy AS slug, COUNT(*) AS count FROM wp_term_taxonomy GROUP BY taxonomy',
    );
    const map = (rows: Record<string, unknown>[]) =>
      new Map(rows.map((row) => [String(row.slug), Number(row.count)]));
    return { posts: map(posts), terms: map(terms) };
  };

  const expectStructureOfDatabase = async () => {
    const { posts, terms } = await counted();
    const types = await contentTypes();
    expect(Object.keys(types.post_types).sort()).toEqual(['book', 'page', 'post']);
    for (const [slug, type] of Object.entries<{ count: number }>(types.post_types)) {
      expect([slug, type.count]).toEqual([slug, posts.get(slug)]);
    }
    expect(Object.keys(types.taxonomies).sort()).toEqual(['category', 'genre', 'post_tag']);
    for (const [slug, taxonomy] of Object.entries<{ count: number }>(types.taxonomies)) {
      expect([slug, taxonomy.count]).toEqual([slug, terms.get(slug)]);
    }
    return types;
  };

  test('a wrong key is refused on the page, and no integration is created', async () => {
    const view = await press('Connect', {
      server_url: server.url,
      site_id: String(site.siteId),
      api_key: `sbk_${'x'.repeat(43)}`,
    });
    expect(view.answer?.success).toBe(false);
    expect(view.answer?.text).toContain('this is not its key');
    expect(await server.db.siteIntegration.count({ where: { siteId: site.siteId } })).toBe(0);
  });

  test('Connect creates the integration and sends the structure', async () => {
    const view = await connect();
    expect(view.answer).toMatchObject({ success: true, code: 'ok' });
    const row = await server.db.siteIntegration.findFirstOrThrow({ where: { siteId: site.siteId } });
    integrationId = row.id;
    expect(row).toMatchObject({ platform: 'wordpress', connectionStatus: 'healthy' });
    expect(row.config).toMatchObject({ site_url: wordpress.url });
    const types = await expectStructureOfDatabase();
    expect(types.plugin_connection_enabled).toBe(true);
    expect(Date.parse(types.last_structure_fetch)).not.toBeNaN();
  });

  test('Test again passes, and no second integration is created', async () => {
    const view = await press('Test again');
    expect(view.answer).toMatchObject({ success: true, code: 'ok' });
    expect(await server.db.siteIntegration.count({ where: { siteId: site.siteId } })).toBe(1);
  });

  test('the server tests the connection: every stage passes, and the site has its identity', async () => {
    const result = await tested();
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(result.checks.every((check: { ok: boolean }) => check.ok)).toBe(true);
    expect(result.remote.canonical_url).toBe(wordpress.url);
    expect(result.remote.plugin_version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(result.checks.some((check: { code?: string }) => check.code === 'plain_permalinks')).toBe(
      'plainPermalinks' in options,
    );
  });

  test("a metadata sync reads the site's changes and keeps the user's settings", async () => {
    await server
      .as(owner)
      .patch(`${integrationsPath}/${integrationId}`, {
        config_json: { content_types: { post_types: { page: { enabled: false, fetch_limit: 7 } } } },
      })
      .expect(200);
    const before = await contentTypes();
    await wordpress.php(
      "return wp_insert_post( array( 'post_title' => 'One more', 'post_status' => 'draft' ) );",
    );
    const run = await server.as(owner).post(path('sync'), { direction: 'metadata' }).expect(200);
    expect(run.body).toMatchObject({ status: 'success', error: null });
    const types = await expectStructureOfDatabase();
    expect(types.post_types.post.count).toBe(before.post_types.post.count + 1);
    expect(types.post_types.page).toMatchObject({ enabled: false, fetch_limit: 7 });
  });

  test('an application password reads the same structure without the connector', async () => {
    const withConnector = await contentTypes();
    const password = await wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${wordpress.users.editor}, array( 'name' => 'sitebridge' ) )[0];`,
    );
    await admin.deactivatePlugin(CONNECTOR);
    mend.push(
      () => admin.activatePlugin(CONNECTOR),
      () =>
        server
          .as(owner)
          .patch(`${integrationsPath}/${integrationId}`, { credentials_json: null })
          .expect(200),
    );
    await server
      .as(owner)
      .patch(`${integrationsPath}/${integrationId}`, {
        credentials_json: { username: 'editor', application_password: String(password) },
      })
      .expect(200);
    expect(await tested()).toMatchObject({ success: true, code: 'ok' });
    await server.as(owner).post(path('sync'), { direction: 'metadata' }).expect(200);
    const types = await expectStructureOfDatabase();
    expect(types.plugin_connection_enabled).toBe(false);
    expect(Object.keys(types.post_types)).toEqual(
      expect.arrayContaining(Object.keys(withConnector.post_types)),
    );
  });

  test('a deactivated plugin gives connector_missing', async () => {
    await admin.deactivatePlugin(CONNECTOR);
    mend.push(() => admin.activatePlugin(CONNECTOR));
    const result = await tested();
    expect(result).toMatchObject({ success: false, code: 'connector_missing' });
    expect(result.hint).not.toBe('');
  });

  test('a rotated key gives bad_credentials, and a refusal on the page, until the new key is entered', async () => {
    const { body } = await server.as(owner).post(`/api/v1/sites/${site.siteId}/api-key`).expect(200);
    expect(await tested()).toMatchObject({ success: false, code: 'bad_credentials' });
    expect((await press('Test again')).answer?.success).toBe(false);
    site = { ...site, key: body.api_key };
    expect((await connect()).answer).toMatchObject({ success: true, code: 'ok' });
    expect(await tested()).toMatchObject({ success: true, code: 'ok' });
  });

  test('a restricted REST API gives rest_disabled', async () => {
    wordpress.setMuPlugin('rest-restricted', true);
    mend.push(() => wordpress.setMuPlugin('rest-restricted', false));
    expect(await tested()).toMatchObject({ success: false, code: 'rest_disabled' });
  });

  test('PHP notices do not fail the test, and are reported', async () => {
    wordpress.setMuPlugin('dirty-json', true);
    mend.push(() => wordpress.setMuPlugin('dirty-json', false));
    const result = await tested();
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(result.checks.some((check: { code?: string }) => check.code === 'dirty_json')).toBe(true);
  });

  test('a fatal error in PHP gives fatal', async () => {
    wordpress.setMuPlugin('fatal-error', true);
    mend.push(() => wordpress.setMuPlugin('fatal-error', false));
    expect(await tested()).toMatchObject({ success: false, code: 'fatal' });
  });

  test('a stopped PHP makes the site unreachable, and debug-status reports it', async () => {
    await wordpress.stopPhp();
    mend.push(() => wordpress.startPhp());
    const result = await tested();
    expect(result.success).toBe(false);
    // php -S is the web server itself. With fpm, nginx still runs and answers 502.
    if (options.server === 'php-S') expect(result.code).toBe('unreachable');
    const { body } = await server.as(owner).get(path('debug-status')).expect(200);
    expect(body.connection.status).toBe('failing');
    const failing = body.problems.find((problem: { code: string }) => problem.code === 'connection_failing');
    expect(failing).toMatchObject({ severity: 'error' });
    expect(failing.hint).not.toBe('');
  });

  test('the mended site is healthy again, each step has its event, and no log line has the key', async () => {
    expect(await tested()).toMatchObject({ success: true, code: 'ok' });
    const { body } = await server
      .as(owner)
      .get(`${path('events')}?limit=200`)
      .expect(200);
    const actions = new Set(
      body.results.map(
        (event: { event_type: string; action: string }) => `${event.event_type} ${event.action}`,
      ),
    );
    for (const action of [
      'integration created',
      'connection tested',
      'structure pushed',
      'structure fetched',
      'sync finished',
    ]) {
      expect(actions).toContain(action);
    }
    expect(server.log.join('\n')).not.toContain(site.key);
    expect(wordpress.phpLog()).not.toContain(site.key);
  });
});
