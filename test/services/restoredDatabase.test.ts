/** The operator reports that a backup was restored. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRestoredDatabase } from '../../src/adminServices.ts';
import type { SiteIntegration } from '../../src/database/generated/client.ts';
import { buildTenant, type TestTenant } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  server = await startTestServer({ ROLE: 'api' });
  tenant = await buildTenant(server);
  other = await buildTenant(server);
});
afterAll(() => server.stop());

const content = {
  types: {
    items: {
      list: { path: '/items' },
      map: { id: '/id', title: '/title', body: '/body', modified_at: '/at' },
    },
  },
};

function integration(of: TestTenant, platform: string, more: Partial<SiteIntegration> = {}) {
  return server.db.siteIntegration.create({
    data: {
      accountId: of.accountId,
      siteId: of.site.siteId,
      platform,
      isActive: more.isActive ?? true,
      config: more.config ?? {},
      restoredOperation: more.restoredOperation ?? null,
    },
  });
}

const eventsOf = (integrationId: number) =>
  server.db.syncEvent.findMany({ where: { integrationId, action: 'database_restored' } });

test('every integration that syncs content is marked, with its event; no other is marked', async () => {
  const shop = await integration(tenant, 'shopify', {
    isActive: false,
    restoredOperation: '0190a5c8-7b1e-7c3a-9d2e-3f4a5b6c7d8e',
  });
  const api = await integration(other, 'custom', { config: { base_url: 'https://api.example', content } });
  const apiWithout = await integration(tenant, 'custom', { config: { base_url: 'https://api.example' } });
  const unknown = await integration(tenant, 'of_another_version');
  await server.db.account.update({ where: { id: other.accountId }, data: { isActive: false } });
  const before = Date.now();
  const marked = [tenant.integrationId, other.integrationId, shop.id, api.id];
  expect(await createRestoredDatabase(server.config, server.core).markAll()).toEqual({
    integrations: marked.length,
  });
  for (const id of marked) {
    const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id } });
    expect(row.restoredOperation).toBeNull();
    expect(row.restoredAt?.getTime()).toBeGreaterThanOrEqual(before);
    expect(await eventsOf(id)).toMatchObject([
      { accountId: row.accountId, siteId: row.siteId, eventType: 'sync', details: { told_by: 'operator' } },
    ]);
  }
  for (const { id } of [apiWithout, unknown]) {
    expect(await server.db.siteIntegration.findUniqueOrThrow({ where: { id } })).toMatchObject({
      restoredAt: null,
    });
    expect(await eventsOf(id)).toEqual([]);
  }
});

test('more integrations than one transaction holds are marked, also a second time', async () => {
  await server.db.$executeRaw`
    WITH many AS (
      INSERT INTO site (account_id, name, url, updated_at)
      SELECT ${tenant.accountId}, 'many', 'https://many.example', now() FROM generate_series(1, 250) RETURNING id
    )
    INSERT INTO site_integration (account_id, site_id, platform, updated_at)
    SELECT ${tenant.accountId}, id, 'wordpress', now() FROM many`;
  const restored = createRestoredDatabase(server.config, server.core);
  expect(await restored.markAll()).toEqual({ integrations: 254 });
  const unmarked = { restoredAt: null, platform: 'wordpress' };
  expect(await server.db.siteIntegration.count({ where: unmarked })).toBe(0);
  const both = await Promise.all([restored.markAll(), restored.markAll()]);
  expect(both).toEqual([{ integrations: 254 }, { integrations: 254 }]);
  expect(await eventsOf(tenant.integrationId)).toHaveLength(4);
});

test('no integration is marked when its event cannot be written', async () => {
  await server.db.siteIntegration.updateMany({ data: { restoredAt: null } });
  await server.db
    .$executeRaw`ALTER TABLE sync_event ADD CONSTRAINT none CHECK (action <> 'database_restored') NOT VALID`;
  await expect(createRestoredDatabase(server.config, server.core).markAll()).rejects.toThrow();
  expect(await server.db.siteIntegration.count({ where: { restoredAt: { not: null } } })).toBe(0);
});
