/** Signed requests to a real WordPress behind a proxy, and to the connector as it was before 0.6.0. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectionTo, SITE_ID, SITE_KEY, testPlatform } from '../platforms/wordpress/testSite.ts';
import { contentWrite, POST, readOut, testPace } from '../support/contentCaller.ts';
import { eventually } from '../support/eventually.ts';
import { CONNECTOR_050, connectorZip, installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { jsonFetch } from './support/signed-request.ts';
import { type SiteProxy, startSiteProxy } from './support/site-proxy.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  const { platform, close } = testPlatform();
  let wordpress: Wordpress;
  let proxy: SiteProxy;
  /** The version of each signature that has passed the proxy. */
  const signatures: string[] = [];

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version });
    const admin = await installConnector(wordpress, CONNECTOR_050);
    await admin.pressSettings('Save', {
      server_url: 'https://sitebridge.example.com/',
      site_id: String(SITE_ID),
      api_key: SITE_KEY,
      user_id: String(wordpress.users.editor),
    });
    proxy = await startSiteProxy(wordpress.url);
    proxy.rewrite(({ headers }) => {
      const signature = headers['x-sitebridge-signature'];
      if (typeof signature === 'string') signatures.push(signature.slice(0, 2));
      return {};
    });
    await wordpress.php(`return update_option( 'home', '${proxy.url}' );`);
  });
  afterEach(() => {
    signatures.length = 0;
  });
  afterAll(async () => {
    close();
    await proxy.stop();
    await wordpress.stop();
  });

  async function readAndWrite(address: string, contentId: number): Promise<void> {
    const session = await platform.content?.open(connectionTo(address), testPace());
    if (session === undefined) throw new Error('WordPress has contents.');
    const title = `Written ${contentId}`;
    const [made] = await session.write(POST, [contentWrite(contentId, { title })]);
    expect(made).toMatchObject({ result: 'written', created: true });
    const { items } = await readOut(session.readAll({ type: POST, newest: null, cursor: null }));
    expect(items.filter((item) => item.title === title)).toHaveLength(1);
  }

  test('the connector 0.5.0 is spoken to by v1, and by v2 as soon as it is updated', async () => {
    expect(await platform.testConnection(connectionTo(proxy.url))).toMatchObject({
      code: 'ok',
      remote: { plugin_version: '0.5.0' },
    });
    await readAndWrite(proxy.url, 501);
    expect(signatures.filter((each) => each === 'v1').length).toBeGreaterThan(5);

    await wordpress.php(
      `return WP_Filesystem() && $GLOBALS['wp_filesystem']->delete( WP_PLUGIN_DIR . '/sitebridge-connector', true );`.replace(
        'return',
        "require_once ABSPATH . 'wp-admin/includes/file.php'; return",
      ),
    );
    await wordpress.installPlugin(connectorZip(wordpress));
    // OPcache goes on with the old files for some seconds.
    await eventually(async () => {
      const { json } = await jsonFetch(wordpress.restUrl('/sitebridge/v1/ping'));
      expect(json).toMatchObject({ data: { plugin_version: '0.6.0' } });
    });
    signatures.length = 0;
    // The session before has learned that the connector knows v1 alone. Its ping says now that it knows v2.
    await readAndWrite(proxy.url, 502);
    expect(signatures[0]).toBe('v1');
    expect(new Set(signatures.slice(1))).toEqual(new Set(['v2']));
    signatures.length = 0;
    expect(await platform.testConnection(connectionTo(proxy.url))).toMatchObject({
      code: 'ok',
      remote: { plugin_version: '0.6.0' },
    });
    expect(new Set(signatures)).toEqual(new Set(['v2']));
  });

  test('a site whose folder a proxy strips is connected, read and written', async () => {
    const home = `${proxy.url}/blog`;
    await wordpress.php(`return update_option( 'home', '${home}' );`);
    proxy.rewrite(({ target }) => ({ target: target.replace(/^\/blog(?=\/|$)/, '') }));
    try {
      expect(await platform.testConnection(connectionTo(home))).toMatchObject({ code: 'ok' });
      await readAndWrite(home, 503);
    } finally {
      proxy.rewrite(null);
      await wordpress.php(`return update_option( 'home', '${proxy.url}' );`);
    }
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});
