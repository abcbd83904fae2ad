/** A shop in the API: created, tested, its structure read, its minted token stored. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../../src/simulation/shopify/simulatedShopify.ts';
import { buildSite, buildTenant, integrationsPath, type TestTenant } from '../../support/builders.ts';
import { expectProblem } from '../../support/problems.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
let tenant: TestTenant;
let shopify: SimulatedShopify;
beforeAll(async () => {
  shopify = await startSimulatedShopify();
  server = await startTestServer({ SHOPIFY_BASE_URL: shopify.baseUrl });
  tenant = await buildTenant(server);
});
afterAll(async () => {
  await server.stop();
  await shopify.stop();
});

const asOwner = () => server.as(tenant.owner);

async function body(more: object = {}): Promise<object> {
  const site = await buildSite(server, tenant.accountId);
  const { clientId, clientSecret } = shopify.state.app;
  return {
    site_id: site.siteId,
    platform: 'shopify',
    config_json: { shop_domain: shopify.shop },
    credentials_json: { client_id: clientId, client_secret: clientSecret },
    ...more,
  };
}

test('an integration is created, tested and read; no secret is shown or stored in clear', async () => {
  const made = await asOwner()
    .post(integrationsPath, await body({ config_json: { shop_domain: 'Demo-Shop.myshopify.com' } }))
    .expect(201);
  expect(made.body).toMatchObject({
    platform: 'shopify',
    platform_type: 'ecommerce',
    config_json: { shop_domain: 'demo-shop.myshopify.com' },
    has_credentials: true,
    api_key: null,
  });
  const path = `${integrationsPath}/${made.body.id}`;
  const tested = await asOwner().post(`${path}/test-connection`).expect(200);
  expect(tested.body).toMatchObject({ success: true, code: 'ok' });
  await asOwner().post(`${path}/sync`, { direction: 'metadata' }).expect(200);
  const types = await asOwner().get(`${path}/content-types`).expect(200);
  expect(Object.keys(types.body.content_types.post_types).toSorted()).toEqual([
    'article',
    'collection',
    'page',
    'product',
  ]);

  const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id: made.body.id } });
  const events = await server.db.syncEvent.findMany({ where: { integrationId: made.body.id } });
  const told = JSON.stringify([row, events, tested.body], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(told + server.log.join('\n')).not.toMatch(/shpat_|shpss_/);
});

test('a minted token is stored until the credentials change, and then a new one is minted', async () => {
  const made = await asOwner()
    .post(integrationsPath, await body())
    .expect(201);
  const path = `${integrationsPath}/${made.body.id}`;
  const mints = async () => {
    shopify.state.requests.length = 0;
    await asOwner().post(`${path}/test-connection`).expect(200);
    return shopify.state.requests.filter((request) => request.path.endsWith('/access_token')).length;
  };
  expect(await mints()).toBe(1);
  expect(await mints()).toBe(0);
  const { clientSecret } = shopify.state.app;
  await asOwner()
    .patch(path, {
      credentials_json: { previous_client_secret: 'shpss_before', client_secret: clientSecret },
    })
    .expect(200);
  expect(await mints()).toBe(1);
  shopify.state.minted.clear();
  expect(await mints()).toBe(1);
  expect(await mints()).toBe(0);
});

describe('a wrong input is a 400 that names the field:', () => {
  test.each([
    ['evil.com/.myshopify.com'],
    ['a.myshopify.com.evil.com'],
    ['shöp.myshopify.com'],
    ['a.myshopify.com:443'],
  ])('the shop domain %s', async (domain) => {
    const answer = await asOwner().post(
      integrationsPath,
      await body({ config_json: { shop_domain: domain } }),
    );
    expectProblem(answer, 400, { fields: ['config_json.shop_domain'] });
  });

  test('a missing shop domain', async () => {
    const answer = await asOwner().post(integrationsPath, await body({ config_json: {} }));
    expectProblem(answer, 400, { fields: ['config_json.shop_domain'] });
  });

  test('a token with a line break', async () => {
    const answer = await asOwner().post(
      integrationsPath,
      await body({ credentials_json: { access_token: 'shpat_hunter2\n' } }),
    );
    expectProblem(answer, 400, { fields: ['credentials_json.access_token'] });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });
});
