import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../../src/platforms/connection.ts';
import type { FaultName } from '../../../src/simulation/wordpress/faults.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { testPace } from '../../support/contentCaller.ts';
import { connectionTo, notes, PASSWORD, SITE_ID, SITE_KEY, testPlatform } from './testSite.ts';

let site: SimulatedWordpress;
const { platform, close } = testPlatform();

beforeAll(async () => {
  site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
});
afterEach(() => site.clearFaults());
afterAll(async () => {
  close();
  await site.stop();
});

/** The plugins for "logged-in users only", and whether they let a wrong key's own refusal pass. */
const PLUGINS = [
  ['only_users_disable_rest_api', 'bad_credentials'],
  ['only_users_force_login', 'bad_credentials'],
  ['only_users_members', 'bad_credentials'],
  ['only_users_password_protected', 'rest_disabled'],
  ['only_users_site_enhancements', 'rest_disabled'],
  ['only_users_all_in_one_security', 'rest_disabled'],
] as const satisfies ReadonlyArray<readonly [FaultName, string]>;

const NAMES = PLUGINS.map(([name]) => name);

describe('a site that lets only signed-in users in', () => {
  const ids = async (credentials: Connection['credentials']) => {
    const opened = await platform.content?.open(connectionTo(site.url, { credentials }), testPace());
    const type = { slug: 'post', structure: null };
    const read: string[] = [];
    for await (const { items } of opened?.readAll({ type, newest: null, cursor: null }) ?? []) {
      read.push(...items.map(({ externalId }) => externalId));
    }
    return read;
  };

  it.each(NAMES)('%s: the site key connects, syncs and reads the structure', async (plugin) => {
    const all = await ids({});
    expect(all.length).toBeGreaterThan(0);
    site.setFault(plugin);
    const result = await platform.testConnection(connectionTo(site.url));
    expect(result).toMatchObject({ code: 'ok', stage: 'identity' });
    expect(notes(result)).toEqual([]);
    expect(result.remote).toEqual({
      name: 'Brücke & Söhne',
      version: '6.8.2',
      plugin_version: '0.6.0',
      canonical_url: site.url,
    });
    expect(await ids({})).toEqual(all);
    // The address of the API is known now.
    expect(await ids({})).toEqual(all);
    expect(await platform.readStructure?.(connectionTo(site.url))).toMatchObject({
      plugin_connection_enabled: true,
    });
  });

  it.each(NAMES.filter((name) => name !== 'only_users_all_in_one_security'))(
    '%s: the application password connects, syncs and reads the structure',
    async (plugin) => {
      site.setFault(plugin, 'connector_missing');
      const result = await platform.testConnection(connectionTo(site.url, { credentials: PASSWORD }));
      expect(result).toMatchObject({ code: 'ok', stage: 'identity' });
      expect(notes(result)).toEqual(['connector_missing']);
      expect((await ids(PASSWORD)).length).toBeGreaterThan(0);
      expect((await ids(PASSWORD)).length).toBeGreaterThan(0);
      expect(await platform.readStructure?.(connectionTo(site.url, { credentials: PASSWORD }))).toMatchObject(
        {
          plugin_connection_enabled: false,
        },
      );
    },
  );

  it('All-In-One Security refuses the application password too, and the connector is advised', async () => {
    site.setFault('only_users_all_in_one_security', 'connector_missing');
    expect(await platform.testConnection(connectionTo(site.url, { credentials: PASSWORD }))).toMatchObject({
      code: 'rest_disabled',
      stage: 'discovery',
      hint: expect.stringMatching(/install the connector plugin/),
    });
    await expect(ids(PASSWORD)).rejects.toMatchObject({
      code: 'rest_disabled',
      retryable: false,
      hint: expect.stringMatching(/install the connector plugin/),
    });
  });

  it.each(NAMES)('%s: a connector of before 0.4 with plain permalinks connects too', async (plugin) => {
    const old = await startSimulatedWordpress({
      siteId: SITE_ID,
      siteKey: SITE_KEY,
      connector: { version: '0.2.0' },
      plainPermalinks: true,
    });
    old.setFault(plugin);
    const result = await platform.testConnection(connectionTo(old.url));
    await old.stop();
    expect(result).toMatchObject({ code: 'ok' });
    expect(notes(result)).toEqual(['plain_permalinks']);
  });

  it.each(PLUGINS)(
    '%s: a wrong site key gives %s; a wrong password bad_credentials',
    async (plugin, code) => {
      site.setFault(plugin);
      const siteKey = `sbk_${'x'.repeat(43)}`;
      expect(await platform.testConnection(connectionTo(site.url, { siteKey }))).toMatchObject({ code });
      site.setFault('connector_missing');
      const credentials = { ...PASSWORD, application_password: 'wrong' };
      expect(await platform.testConnection(connectionTo(site.url, { credentials }))).toMatchObject({
        code: 'bad_credentials',
      });
    },
  );

  it.each(NAMES)('%s: a key that nobody checks does not pass', async (plugin) => {
    site.setFault(plugin, 'signature_not_compared');
    expect(await platform.testConnection(connectionTo(site.url))).toMatchObject({
      code: 'auth_not_enforced',
      stage: 'wrong_key',
    });
  });

  it.each(NAMES)(
    '%s: without a key or a password it is closed, and no other plugin is named',
    async (plugin) => {
      site.setFault(plugin);
      const result = await platform.testConnection(connectionTo(site.url, { siteKey: null }));
      expect(result).toMatchObject({ code: 'rest_disabled', stage: 'discovery' });
      const named = /Disable (WP )?REST API/.test(result.message + result.hint);
      expect(named).toBe(plugin === 'only_users_disable_rest_api');
    },
  );

  it('is reached by the site key though every request of a visitor leads to the page to log in', async () => {
    const all = await ids({});
    site.setFault('login_redirect');
    expect(await platform.testConnection(connectionTo(site.url))).toMatchObject({ code: 'ok' });
    expect(await ids({})).toEqual(all);
    site.setFault('connector_missing');
    expect(await platform.testConnection(connectionTo(site.url, { credentials: PASSWORD }))).toMatchObject({
      code: 'rest_disabled',
      hint: expect.stringMatching(/connector plugin signs in earlier/),
    });
  });

  it('is told as a wrong plugin if that takes the Authorization header over, by the test and by a sync', async () => {
    site.setFault('basic_auth_plugin');
    expect(await platform.testConnection(connectionTo(site.url))).toMatchObject({ code: 'ok' });
    for (const closed of [[], ['only_users_force_login' as const]]) {
      site.setFault('connector_missing', ...closed);
      const result = await platform.testConnection(connectionTo(site.url, { credentials: PASSWORD }));
      expect(result).toMatchObject({ code: 'basic_auth_plugin', retryable: false });
      expect(result.hint).toMatch(/JSON Basic Authentication/);
      await expect(ids(PASSWORD)).rejects.toMatchObject({ code: 'basic_auth_plugin', retryable: false });
    }
  });
});
