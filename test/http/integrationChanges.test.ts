import { describe, expect, test } from '@jest/globals';
import {
  buildIntegration,
  buildSite,
  buildUser,
  integrationsPath,
  type TestSite,
  type TestTenant,
} from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withTenant } from '../support/stage.ts';

const pair = { username: 'editor', application_password: 'abcd efgh' };
let server: TestServer;
let tenant: TestTenant;
withTenant((stage) => {
  ({ server, tenant } = stage);
});

const asOwner = () => server.as(tenant.owner);

/** An integration that has no setting at its default. */
async function build(): Promise<{ id: number; path: string; site: TestSite }> {
  const site = await buildSite(server, tenant.accountId);
  const id = await buildIntegration(server, tenant.owner, site, {
    config_json: { site_url: 'https://a.example', sync_settings: { conflict: 'local', concurrency: 3 } },
    credentials_json: pair,
    is_active: false,
    sync_enabled: false,
  });
  return { id, path: `${integrationsPath}/${id}`, site };
}

async function credentialsOf(id: number): Promise<unknown> {
  const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id } });
  if (row.credentialsEncrypted === null) return null;
  return JSON.parse(await server.core.vault.decrypt(row, row.credentialsEncrypted));
}

describe('PATCH', () => {
  test('keeps absent fields', async () => {
    const { id, path } = await build();
    const before = await asOwner().get(path);
    const answer = await asOwner().patch(path, { is_active: true }).expect(200);
    expect(answer.body).toEqual({ ...before.body, is_active: true, updated_at: expect.any(String) });
    expect(await credentialsOf(id)).toEqual(pair);
    const [event] = await server.db.syncEvent.findMany({
      where: { integrationId: id },
      orderBy: { id: 'desc' },
    });
    expect(event).toMatchObject({
      eventType: 'integration',
      action: 'updated',
      details: { platform: 'wordpress', user_id: tenant.owner.userId, fields: ['isActive'] },
    });
  });

  test('merges objects, and null clears a field', async () => {
    const { path } = await build();
    const merged = await asOwner()
      .patch(path, { config_json: { sync_settings: { concurrency: 5 } } })
      .expect(200);
    expect(merged.body.config_json).toEqual({
      site_url: 'https://a.example',
      sync_settings: { conflict: 'local', concurrency: 5 },
    });
    const less = await asOwner()
      .patch(path, { config_json: { site_url: null, sync_settings: { conflict: null } } })
      .expect(200);
    expect(less.body.config_json).toEqual({ sync_settings: { concurrency: 5 } });
    const none = await asOwner().patch(path, { config_json: null }).expect(200);
    expect(none.body.config_json).toEqual({});
  });

  test('merges credentials by their keys, and null removes one or all of them', async () => {
    const { id, path, site } = await build();
    const patch = (credentials: object | null) => asOwner().patch(path, { credentials_json: credentials });
    await patch({ application_password: 'new password' }).expect(200);
    expect(await credentialsOf(id)).toEqual({ username: 'editor', application_password: 'new password' });
    await patch({}).expect(200);
    expect(await credentialsOf(id)).toEqual({ username: 'editor', application_password: 'new password' });
    expectProblem(await patch({ username: null }), 400, {
      fields: ['credentials_json.application_password'],
    });
    const without = await patch({ username: null, application_password: null }).expect(200);
    expect(without.body.has_credentials).toBe(false);
    expect(await credentialsOf(id)).toBeNull();
    await patch(pair).expect(200);
    const cleared = await patch(null).expect(200);
    expect(cleared.body.has_credentials).toBe(false);
    expect(await credentialsOf(id)).toBeNull();
    // A site key in the request only proves the caller's right. It is not stored with the credentials.
    await patch({ ...pair, api_key: site.key }).expect(200);
    expect(await credentialsOf(id)).toEqual(pair);
  });

  test('makes the connection untested only when a tested setting has changed', async () => {
    const { id, path } = await build();
    const healthy = () =>
      server.db.siteIntegration.update({ where: { id }, data: { connectionStatus: 'healthy' } });
    const statusAfter = async (body: object) => {
      await healthy();
      return (await asOwner().patch(path, body).expect(200)).body.connection_status;
    };
    expect(await statusAfter({ is_active: true })).toBe('healthy');
    expect(await statusAfter({ config_json: { sync_settings: { concurrency: 2 } } })).toBe('healthy');
    expect(await statusAfter({ config_json: { site_url: 'https://b.example' } })).toBe('untested');
    expect(await statusAfter({ config_json: { site_url: 'https://b.example' } })).toBe('healthy');
    expect(await statusAfter({ credentials_json: { application_password: 'x' } })).toBe('untested');
  });

  test.each<[object, string[]]>([
    [{ site_id: 2_000_000_000 }, ['site_id']],
    [{ platform: 'shopify' }, ['platform']],
    [{ platform_type: 'ecommerce' }, ['platform_type']],
    [{ api_key: `sbk_${'a'.repeat(43)}` }, ['api_key']],
    [{ api_key: '' }, ['api_key']],
    [{ credentials_json: { api_key: 'x' } }, ['credentials_json.api_key']],
    [{ is_active: null }, ['is_active']],
    [{ sync_enabled: 'no' }, ['sync_enabled']],
    [{ sync_status: 'success' }, ['sync_status']],
    [{ config_json: { site_url: 'ftp://a.example' } }, ['config_json.site_url']],
    [{ config_json: { secret: 1 } }, ['config_json.secret']],
    [
      { config_json: { content_types: { post_types: { post: { enabled: true } } } } },
      ['config_json.content_types.post_types.post'],
    ],
    [{ config_json: { site_url: 'https://a\ud800.example' } }, ['config_json.site_url']],
  ])('refuses %j and changes nothing', async (body, fields) => {
    const { id, path } = await build();
    const before = await server.db.siteIntegration.findUnique({ where: { id } });
    expectProblem(await asOwner().patch(path, body), 400, { code: 'invalid_input', fields });
    expect(await server.db.siteIntegration.findUnique({ where: { id } })).toEqual(before);
  });

  test('may repeat the present site and platform', async () => {
    const { path, site } = await build();
    const body = { site_id: site.siteId, platform: 'wordpress', platform_type: 'cms', api_key: site.key };
    await asOwner().patch(path, body).expect(200);
  });

  test('loses no change when two calls arrive at once', async () => {
    const { path } = await build();
    await Promise.all([
      asOwner()
        .patch(path, { config_json: { sync_settings: { concurrency: 7 } } })
        .expect(200),
      asOwner()
        .patch(path, { config_json: { sync_settings: { conflict: 'remote' } } })
        .expect(200),
      asOwner().patch(path, { is_active: true }).expect(200),
    ]);
    const { body } = await asOwner().get(path);
    expect(body.config_json.sync_settings).toEqual({ concurrency: 7, conflict: 'remote' });
    expect(body.is_active).toBe(true);
  });
});

describe('PUT', () => {
  test('sets absent fields to their defaults, except the credentials', async () => {
    const { id, path, site } = await build();
    const body = {
      site_id: site.siteId,
      platform: 'wordpress',
      config_json: { sync_settings: { concurrency: 2 } },
    };
    const answer = await asOwner().put(path, body).expect(200);
    expect(answer.body).toMatchObject({
      config_json: { sync_settings: { concurrency: 2 } },
      is_active: true,
      sync_enabled: true,
      has_credentials: true,
    });
    expect(await credentialsOf(id)).toEqual(pair);
  });

  test('refuses what PATCH refuses', async () => {
    const { path } = await build();
    expectProblem(await asOwner().put(path, { platform: 'custom', x: 1 }), 400, { fields: ['x'] });
    expectProblem(await asOwner().put(path, { platform: 'custom' }), 400, { fields: ['platform'] });
  });
});

describe('DELETE', () => {
  test('removes the integration, and the site keeps its events', async () => {
    const { id, path, site } = await build();
    const answer = await asOwner().delete(path).expect(204);
    expect(answer.text).toBe('');
    expectProblem(await asOwner().get(path), 404);
    expectProblem(await asOwner().get(`${path}/events`), 404);
    expectProblem(await asOwner().delete(path), 404);
    expect(await server.db.siteIntegration.count({ where: { id } })).toBe(0);
    const events = await asOwner()
      .get(`/api/v1/sites/${site.siteId}/events?event_type=integration`)
      .expect(200);
    expect(
      events.body.results.map((event: { action: string; integration_id: number }) => [
        event.action,
        event.integration_id,
      ]),
    ).toEqual([
      ['deleted', id],
      ['created', id],
    ]);
  });

  test('allows another integration of the same platform', async () => {
    const { path, site } = await build();
    await asOwner().delete(path).expect(204);
    await buildIntegration(server, tenant.owner, site);
  });
});

describe('POST /{id}/reveal-api-key', () => {
  test('shows an admin the whole key, and its event names the user', async () => {
    const { id, path, site } = await build();
    const admin = await buildUser(server, tenant.accountId, 'admin');
    const answer = await server.as(admin).post(`${path}/reveal-api-key`).expect(200);
    expect(answer.body).toEqual({ api_key: site.key });
    expect(answer.headers['cache-control']).toBe('no-store');
    const [event] = await server.db.syncEvent.findMany({
      where: { integrationId: id },
      orderBy: { id: 'desc' },
    });
    expect(event).toMatchObject({
      eventType: 'credentials',
      action: 'api_key_revealed',
      success: true,
      details: { user_id: admin.userId },
    });
  });

  test('shows an editor no key, and writes nothing', async () => {
    const { id, path, site } = await build();
    const editor = await buildUser(server, tenant.accountId, 'editor');
    const answer = await server.as(editor).post(`${path}/reveal-api-key`);
    expectProblem(answer, 403, { code: 'role_too_low' });
    expect(answer.text).not.toContain(site.key);
    expect(await server.db.syncEvent.count({ where: { integrationId: id, eventType: 'credentials' } })).toBe(
      0,
    );
  });

  test('shows the new key after a rotation, and no key after a revocation', async () => {
    const { path, site } = await build();
    const rotated = await asOwner().post(`/api/v1/sites/${site.siteId}/api-key`).expect(200);
    const shown = await asOwner().post(`${path}/reveal-api-key`).expect(200);
    expect(shown.body).toEqual(rotated.body);
    expect((await asOwner().get(path)).body.api_key).toBe(`sbk_…${rotated.body.api_key.slice(-4)}`);
    await asOwner().delete(`/api/v1/sites/${site.siteId}/api-key`).expect(204);
    expectProblem(await asOwner().post(`${path}/reveal-api-key`), 422, { code: 'no_api_key' });
    expect((await asOwner().get(path)).body.api_key).toBeNull();
  });
});
