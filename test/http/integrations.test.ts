/**
 * Creating and reading one integration. Lists: integrationList.test.ts; changes: integrationChanges.test.ts.
 */
import { describe, expect, test } from '@jest/globals';
import {
  buildAccount,
  buildSite,
  buildSiteWithoutKey,
  integrationsPath as path,
  type TestTenant,
} from '../support/builders.ts';
import { expectProblem, withoutRequestId } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withTenant } from '../support/stage.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
let server: TestServer;
let tenant: TestTenant;
withTenant((stage) => {
  ({ server, tenant } = stage);
});

const asOwner = () => server.as(tenant.owner);

describe('POST', () => {
  test('creates an integration with its defaults, and shows the key in this response only', async () => {
    const site = await buildSite(server, tenant.accountId, 'https://new.example');
    const answer = await asOwner().post(path, {
      site_id: site.siteId,
      platform: 'wordpress',
      api_key: site.key,
    });
    expect(answer.status).toBe(201);
    const body = {
      id: expect.any(Number),
      site_id: site.siteId,
      site_name: expect.any(String),
      platform: 'wordpress',
      platform_type: 'cms',
      config_json: {},
      api_key: site.key,
      has_credentials: false,
      is_active: true,
      sync_enabled: true,
      sync_status: 'never',
      last_sync_at: null,
      sync_error: null,
      connection_status: 'untested',
      created_at: time,
      updated_at: time,
    };
    expect(answer.body).toEqual(body);
    expect(answer.headers.location).toBe(`${path}/${answer.body.id}`);
    expect(answer.headers['cache-control']).toBe('no-store');
    const read = await asOwner().get(`${path}/${answer.body.id}`).expect(200);
    expect(read.body).toEqual({ ...answer.body, api_key: `sbk_…${site.key.slice(-4)}` });

    expect(await server.db.siteIntegration.findUnique({ where: { id: answer.body.id } })).toMatchObject({
      accountId: tenant.accountId,
      siteId: site.siteId,
      credentialsEncrypted: null,
    });
    const events = await server.db.syncEvent.findMany({ where: { integrationId: answer.body.id } });
    expect(events).toEqual([
      expect.objectContaining({
        accountId: tenant.accountId,
        siteId: site.siteId,
        eventType: 'integration',
        action: 'created',
        success: true,
        details: { platform: 'wordpress', user_id: tenant.owner.userId },
      }),
    ]);
  });

  test('takes every field, and the key also in credentials_json', async () => {
    const site = await buildSite(server, tenant.accountId);
    const config = {
      site_url: 'https://elsewhere.example/blog',
      sync_settings: { conflict: 'newest', concurrency: 2, schedule: { cron: '0 3 * * *' } },
    };
    const answer = await asOwner().post(path, {
      site_id: site.siteId,
      platform: 'wordpress',
      platform_type: 'cms',
      config_json: config,
      credentials_json: { api_key: site.key, username: 'editor', application_password: 'abcd efgh' },
      is_active: false,
      sync_enabled: false,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      config_json: config,
      api_key: site.key,
      has_credentials: true,
      is_active: false,
      sync_enabled: false,
    });
    expect(answer.body).not.toHaveProperty('credentials_json');
  });

  const cases: [string, (site: { siteId: number; key: string }) => object, string[]][] = [
    ['no key', (site) => ({ site_id: site.siteId, platform: 'wordpress' }), ['api_key']],
    [
      'credentials without key',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        credentials_json: { username: 'a', application_password: 'b' },
      }),
      ['api_key'],
    ],
    ['an empty key', (site) => ({ site_id: site.siteId, platform: 'wordpress', api_key: '' }), ['api_key']],
    [
      "a key that is not the site's",
      (site) => ({ site_id: site.siteId, platform: 'wordpress', api_key: `sbk_${'a'.repeat(43)}` }),
      ['api_key'],
    ],
    [
      'a right and a wrong key',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        credentials_json: { api_key: 'x' },
      }),
      ['credentials_json.api_key'],
    ],
    ['an unknown platform', (site) => ({ site_id: site.siteId, platform: 'joomla' }), ['platform']],
    [
      'a platform named like a property of Object',
      (site) => ({ site_id: site.siteId, platform: 'constructor' }),
      ['platform'],
    ],
    ['no platform', (site) => ({ site_id: site.siteId, api_key: site.key }), ['platform']],
    ['no site', (site) => ({ platform: 'wordpress', api_key: site.key }), ['site_id']],
    [
      'another type',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        platform_type: 'ecommerce',
        api_key: site.key,
      }),
      ['platform_type'],
    ],
    [
      'unknown fields',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        account_id: 1,
        siteId: 2,
      }),
      ['account_id', 'siteId'],
    ],
    [
      'wrong types',
      (site) => ({
        site_id: String(site.siteId),
        platform: 1,
        config_json: [],
        credentials_json: 'x',
        is_active: 'yes',
      }),
      ['config_json', 'credentials_json', 'is_active', 'platform', 'site_id'],
    ],
    [
      'an unknown setting',
      (site) => ({ site_id: site.siteId, platform: 'wordpress', api_key: site.key, config_json: { a: 1 } }),
      ['config_json.a'],
    ],
    [
      'an unknown credential',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        credentials_json: { token: 'x' },
      }),
      ['credentials_json.token'],
    ],
    [
      'half a password pair',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        credentials_json: { username: 'x' },
      }),
      ['credentials_json.application_password'],
    ],
    [
      'javascript:',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        config_json: { site_url: 'javascript:1' },
      }),
      ['config_json.site_url'],
    ],
    [
      'credentials in the address',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        config_json: { site_url: 'https://u:p@a.example' },
      }),
      ['config_json.site_url'],
    ],
    [
      'a wrong sync setting',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        config_json: { sync_settings: { conflict: 'maybe', concurrency: 0 } },
      }),
      ['config_json.sync_settings.concurrency', 'config_json.sync_settings.conflict'],
    ],
    [
      'types that no site reported',
      (site) => ({
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        config_json: { content_types: { post_types: { post: { enabled: true } } } },
      }),
      ['config_json.content_types.post_types.post'],
    ],
    ['site 0', (site) => ({ site_id: 0, platform: 'wordpress', api_key: site.key }), ['site_id']],
    ['site -1', (site) => ({ site_id: -1, platform: 'wordpress', api_key: site.key }), ['site_id']],
    ['site 1.5', (site) => ({ site_id: 1.5, platform: 'wordpress', api_key: site.key }), ['site_id']],
    ['site null', (site) => ({ site_id: null, platform: 'wordpress', api_key: site.key }), ['site_id']],
  ];
  test.each(cases)('refuses %s', async (_what, body, fields) => {
    const site = await buildSite(server, tenant.accountId);
    const answer = await asOwner().post(path, body(site));
    expectProblem(answer, 400, { code: 'invalid_input', fields });
    expect(answer.text).not.toContain(site.key);
    expect(await server.db.siteIntegration.count({ where: { siteId: site.siteId } })).toBe(0);
  });

  test.each([2 ** 31, Number.MAX_SAFE_INTEGER, 2_000_000_000])('answers 404 for site %d', async (siteId) => {
    const body = { site_id: siteId, platform: 'wordpress', api_key: tenant.site.key };
    expectProblem(await asOwner().post(path, body), 404);
  });

  test('refuses every key, also an empty one, while the site has no key', async () => {
    const siteId = await buildSiteWithoutKey(server, tenant.accountId);
    for (const key of ['', tenant.site.key, `sbk_${'0'.repeat(43)}`]) {
      const answer = await asOwner().post(path, { site_id: siteId, platform: 'wordpress', api_key: key });
      expectProblem(answer, 400, { fields: ['api_key'] });
    }
  });

  test("answers for another account's site as for a missing site, even with its right key", async () => {
    const other = await buildAccount(server);
    const theirs = await buildSite(server, other.accountId);
    const mine = await asOwner().post(path, {
      site_id: theirs.siteId,
      platform: 'wordpress',
      api_key: theirs.key,
    });
    const none = await asOwner().post(path, {
      site_id: 2_000_000_000,
      platform: 'wordpress',
      api_key: theirs.key,
    });
    expectProblem(mine, 404);
    expect(withoutRequestId(mine.body)).toEqual(withoutRequestId(none.body));
    expect(await server.db.siteIntegration.count({ where: { siteId: theirs.siteId } })).toBe(0);
  });

  test('answers a second integration of the same site and platform with a conflict', async () => {
    const body = { site_id: tenant.site.siteId, platform: 'wordpress', api_key: tenant.site.key };
    expectProblem(await asOwner().post(path, body), 409, { code: 'already_exists' });
  });

  test('creates one integration when twenty calls arrive at once', async () => {
    const site = await buildSite(server, tenant.accountId);
    const body = { site_id: site.siteId, platform: 'wordpress', api_key: site.key };
    const answers = await Promise.all(Array.from({ length: 20 }, () => asOwner().post(path, body)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(19).fill(409)]);
    expect(await server.db.siteIntegration.count({ where: { siteId: site.siteId } })).toBe(1);
    expect(await server.db.syncEvent.count({ where: { siteId: site.siteId, action: 'created' } })).toBe(1);
  });
});
