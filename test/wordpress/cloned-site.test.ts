/** A copy of a connected WordPress has its key, its posts and its waiting messages. Plugin and server are real. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildAccount, buildSite, type TestSite, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedTenant, syncedTenant } from '../support/syncedSite.ts';
import type { AdminPage, AdminSession } from './support/admin-session.ts';
import { installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { type ConnectedSite, connectSite } from './support/outbox.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('a copy of WordPress %s', (version) => {
  let server: TestServer;
  let owner: TestUser;
  let account: TestSite;
  let original: ConnectedSite;
  let site: SyncedTenant;
  let copy: Wordpress;
  let admin: AdminSession;

  beforeEach(async () => {
    server = await startTestServer({ SYNC_WAIT_S: '120' });
    owner = await buildAccount(server);
    account = await buildSite(server, owner.accountId);
    original = await connectSite(await startWordpress(mariadb, { version }), {
      url: server.url,
      siteId: account.siteId,
      key: account.key,
    });
    const integration = await server.db.siteIntegration.findFirstOrThrow({
      where: { siteId: account.siteId },
    });
    const tenant = { accountId: owner.accountId, owner, site: account, integrationId: integration.id };
    site = syncedTenant(server, tenant);
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
    copy = await startWordpress(mariadb, { version });
    await installConnector(copy);
    await copyDatabase(original.wordpress, copy);
    // The users of the copy are those of the original.
    admin = await copy.adminSession('admin', original.wordpress.admin.password);
  });
  afterEach(async () => {
    await copy.stop();
    await original.wordpress.stop();
    await server.stop();
  });

  const retitle = (wordpress: Wordpress, title: string) =>
    wordpress.php(
      `wp_update_post( array( 'ID' => get_posts()[0]->ID, 'post_title' => '${title}' ) );
      return get_posts()[0]->ID;`,
    );
  const waiting = async (wordpress: Wordpress) =>
    (await wordpress.query('SELECT id FROM wp_sitebridge_outbox')).length;
  const deliver = (wordpress: Wordpress) =>
    wordpress.php("do_action( 'sitebridge_connector_deliver' ); return true;");
  const deliveries = () =>
    server.db.webhookDelivery.findMany({ where: { siteId: account.siteId }, orderBy: { id: 'asc' } });
  const answer = async (page: AdminPage, button: string) =>
    admin.submit(
      page,
      admin.form(page, ({ attributes }) => attributes.id === 'sitebridge-copy-form'),
      { button },
    );
  const titles = async () => (await site.contents({ contentType: 'post' })).map(({ title }) => title);

  test('is silent, asks what it is, and stays silent', async () => {
    await retitle(copy, 'Edited on the copy');
    expect(await waiting(copy)).toBeGreaterThan(0);
    await deliver(copy);
    await copy.php("do_action( 'sitebridge_connector_daily_push' ); return true;");
    expect(await deliveries()).toEqual([]);
    expect(await waiting(copy)).toBeGreaterThan(0);

    const dashboard = await admin.get('/wp-admin/index.php');
    expect(dashboard.html).toContain('id="sitebridge-copy"');
    expect(dashboard.html).toContain(original.wordpress.url);
    const editor = await copy.adminSession('editor', 'pass-editor');
    expect((await editor.get('/wp-admin/index.php')).html).not.toContain('sitebridge-copy');

    await answer(dashboard, 'Stay silent');
    expect((await admin.get('/wp-admin/index.php')).html).not.toContain('sitebridge-copy');
    expect((await admin.settings()).html).toContain('id="sitebridge-copy"');
    await deliver(copy);
    expect(await deliveries()).toEqual([]);
  });

  test('does not take the connection over with Connect', async () => {
    const view = await admin.pressSettings('Connect');
    expect(view.answer).toMatchObject({ success: false, code: 'identity_mismatch' });
    expect(view.answer?.text).toContain(original.wordpress.url);
    const { config } = await server.db.siteIntegration.findFirstOrThrow({
      where: { siteId: account.siteId },
    });
    expect(config).toMatchObject({ site_url: original.wordpress.url });
    await retitle(original.wordpress, 'Edited on the original');
    await original.settled();
    await eventually(async () => expect(await titles()).toContain('Edited on the original'));
  });

  test('is the site once it is said that the site has moved', async () => {
    await retitle(copy, 'Edited after the move');
    await answer(await admin.get('/wp-admin/index.php'), 'This site has moved');
    expect((await admin.settings()).answer).toMatchObject({ success: true });
    await eventually(async () => expect(await titles()).toContain('Edited after the move'));
    expect((await admin.get('/wp-admin/index.php')).html).not.toContain('sitebridge-copy');
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
    // The original does not know that it has been left. The server holds what it sends.
    await retitle(original.wordpress, 'Edited on the original');
    await original.settled();
    expect((await deliveries()).at(-1)).toMatchObject({ status: 'held' });
    expect(await titles()).not.toContain('Edited on the original');
  });

  test('becomes a site of its own', async () => {
    await answer(await admin.get('/wp-admin/index.php'), 'This is a copy: connect it as a site of its own');
    const own = await buildSite(server, owner.accountId);
    const settings = await admin.settings();
    expect(settings.fields.get('site_id')).toBe('');
    expect(settings.html).not.toContain('sitebridge-copy');
    const view = await admin.pressSettings('Connect', {
      server_url: server.url,
      site_id: String(own.siteId),
      api_key: own.key,
    });
    expect(view.answer).toMatchObject({ success: true });
    const installations = await server.db.siteIntegration.findMany({ select: { installationId: true } });
    expect(new Set(installations.map(({ installationId }) => installationId)).size).toBe(2);
    await retitle(copy, 'Edited on the copy');
    await deliver(copy);
    await eventually(async () =>
      expect(await server.db.content.findMany({ where: { title: 'Edited on the copy' } })).toMatchObject([
        { siteId: own.siteId },
      ]),
    );
    expect(await titles()).not.toContain('Edited on the copy');
  });
});

/** Copies the database, and replaces the address in it, as the tools do that copy sites. */
async function copyDatabase(from: Wordpress, to: Wordpress): Promise<void> {
  const [source] = await from.query('SELECT DATABASE() AS name');
  const tables = await from.query('SHOW TABLES');
  for (const table of tables.flatMap((row) => Object.values(row))) {
    await to.query(`DROP TABLE IF EXISTS ${table}`);
    await to.query(`CREATE TABLE ${table} LIKE ${source?.name}.${table}`);
    await to.query(`INSERT INTO ${table} SELECT * FROM ${source?.name}.${table}`);
  }
  // Both addresses have the same length, so serialized values stay valid.
  expect(to.url).toHaveLength(from.url.length);
  for (const [table, column] of [
    ['wp_options', 'option_value'],
    ['wp_posts', 'post_content'],
    ['wp_posts', 'guid'],
    ['wp_postmeta', 'meta_value'],
  ])
    await to.query(`UPDATE ${table} SET ${column} = REPLACE(${column}, '${from.url}', '${to.url}')`);
}
