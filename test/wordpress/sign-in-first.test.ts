/** A real WordPress with plugins that shut anonymous callers out, or take their sign-in over. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../src/platforms/connection.ts';
import { connectionTo, notes, SITE_ID, SITE_KEY, testPlatform } from '../platforms/wordpress/testSite.ts';
import { readOut, testPace } from '../support/contentCaller.ts';
import type { AdminSession } from './support/admin-session.ts';
import { CONNECTOR, installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { type MuPlugin, startWordpress, type Wordpress } from './support/wordpress.ts';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

const SITES = versionsUnderTest().flatMap((version) => [
  { version, server: 'php-S' as const },
  { version, server: 'fpm' as const, subdirectory: 'blog', plainPermalinks: true },
]);

describe.each(SITES)('WordPress $version on $server', (options) => {
  const { platform, close } = testPlatform();
  let wordpress: Wordpress;
  let admin: AdminSession;
  let credentials: Connection['credentials'];
  const mend: (() => unknown)[] = [];

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    admin = await installConnector(wordpress);
    await admin.pressSettings('Save', {
      server_url: 'https://sitebridge.example.com/',
      site_id: String(SITE_ID),
      api_key: SITE_KEY,
      user_id: String(wordpress.users.editor),
    });
    const password = await wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${wordpress.users.editor}, array( 'name' => 'sitebridge' ) )[0];`,
    );
    credentials = { username: 'editor', application_password: String(password) };
  });
  afterAll(async () => {
    close();
    await wordpress.stop();
  });
  afterEach(async () => {
    for (const step of mend.splice(0)) await step();
  });

  const plugin = (name: MuPlugin) => {
    wordpress.setMuPlugin(name, true);
    mend.push(() => wordpress.setMuPlugin(name, false));
  };
  const withoutConnector = async () => {
    const active = (plugins: string) =>
      wordpress.php(`update_option( 'active_plugins', ${plugins} ); return true;`);
    await active('array()');
    mend.push(() => active(`array( '${CONNECTOR}' )`));
  };
  const tested = (changes: Partial<Connection> = {}) =>
    platform.testConnection(connectionTo(wordpress.url, changes));
  const read = async (changes: Partial<Connection> = {}) => {
    const session = await platform.content?.open(connectionTo(wordpress.url, changes), testPace());
    if (session === undefined) throw new Error('WordPress has content.');
    return readOut(session.readAll({ type: { slug: 'post', structure: null }, newest: null, cursor: null }));
  };
  const otherThanPermalinks = (result: Awaited<ReturnType<typeof tested>>) =>
    notes(result).filter((code) => code !== 'plain_permalinks');

  test('a plugin that lets only signed-in users in lets the site key in, for a test and for a sync', async () => {
    const { ids } = await read();
    expect(ids.length).toBeGreaterThan(0);
    plugin('only-users');
    const result = await tested();
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(otherThanPermalinks(result)).toEqual([]);
    expect(result.remote).toMatchObject({ version: wordpress.version, canonical_url: wordpress.url });
    expect((await read()).ids).toEqual(ids);
    expect(await platform.readStructure?.(connectionTo(wordpress.url))).toMatchObject({
      plugin_connection_enabled: true,
    });
    expect(await tested({ siteKey: `sbk_${'x'.repeat(43)}` })).toMatchObject({ code: 'rest_disabled' });
  });

  test('and does not open a connection that is switched off', async () => {
    plugin('only-users');
    await admin.pressSettings('Save', { plugin_connection_enabled: null });
    mend.push(() => admin.pressSettings('Save', { plugin_connection_enabled: '1' }));
    const result = await tested();
    expect(result).toMatchObject({ code: 'rest_disabled', stage: 'capabilities' });
    expect(result.hint).toMatch(/Switch it on in WordPress/);
    await expect(read()).rejects.toMatchObject({ code: 'rest_disabled' });
  });

  test('and the application password', async () => {
    plugin('only-users');
    await withoutConnector();
    expect(await tested({ credentials })).toMatchObject({ success: true, code: 'ok' });
    expect((await read({ credentials })).ids.length).toBeGreaterThan(0);
    const wrong = { ...credentials, application_password: 'wrong' };
    expect(await tested({ credentials: wrong })).toMatchObject({ code: 'bad_credentials' });
    expect(await tested({ siteKey: null })).toMatchObject({ code: 'rest_disabled' });
  });

  test('a plugin that sends visitors to wp-login.php lets the site key in, and is told otherwise', async () => {
    plugin('login-redirect');
    expect(await tested()).toMatchObject({ success: true, code: 'ok' });
    expect((await read()).ids.length).toBeGreaterThan(0);
    await withoutConnector();
    const result = await tested({ credentials });
    expect(result).toMatchObject({ code: 'rest_disabled', stage: 'discovery' });
    expect(result.hint).toMatch(/connector plugin signs in earlier/);
  });

  test('a plugin that takes the Authorization header over is named, by a test and by a sync', async () => {
    plugin('basic-auth');
    expect(await tested()).toMatchObject({ success: true, code: 'ok' });
    await withoutConnector();
    expect(await tested({ credentials })).toMatchObject({ code: 'basic_auth_plugin', stage: 'sign_in' });
    await expect(read({ credentials })).rejects.toMatchObject({
      code: 'basic_auth_plugin',
      retryable: false,
    });
  });

  test('a warning with JSON before an answer and a script behind it are read past, and the file is named', async () => {
    const { ids } = await read();
    plugin('output-around');
    const result = await tested();
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(otherThanPermalinks(result)).toEqual(['dirty_json']);
    expect(result.checks.find(({ code }) => code === 'dirty_json')?.detail).toContain(
      'wp-content/plugins/old-slider/slider.php',
    );
    expect((await read()).ids).toEqual(ids);
  });

  test('a database that cannot be reached is told as that', async () => {
    const dropIn = join(wordpress.root, 'wp-content/mu-plugins/database-down.php');
    // dead_db() is called when the first query fails.
    writeFileSync(dropIn, "<?php if ( 'cli' !== PHP_SAPI ) { dead_db(); }");
    mend.push(() => rmSync(dropIn));
    expect(await tested()).toMatchObject({ code: 'site_database', retryable: true });
  });
});
