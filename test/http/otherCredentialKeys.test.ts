/** A server whose `CREDENTIAL_KEYS` are not those that encrypted the secrets in its database. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../src/simulation/shopify/simulatedShopify.ts';
import {
  buildConnected,
  buildSite,
  buildTenant,
  integrationsPath,
  type TestSite,
  type TestTenant,
} from '../support/builders.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Answer, expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { deliver, post, statusBody } from '../support/webhooks.ts';

let database: TestDatabase;
let shopify: SimulatedShopify;
let server: TestServer;
let tenant: TestTenant;
/** A site of the tenant that has a key and no integration. */
let unconnected: TestSite;
/** The tenant's contents: one in sync, one in conflict. */
let contentId: number;
let conflictId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  shopify = await startSimulatedShopify();
  const environment = { ROLE: 'api', SHOPIFY_BASE_URL: shopify.baseUrl };
  const before = await startTestServer(environment, { database });
  tenant = await buildTenant(before);
  unconnected = await buildSite(before, tenant.accountId);
  const { accessToken, clientSecret } = shopify.state.app;
  await buildConnected(before, {
    platform: 'shopify',
    config_json: { shop_domain: shopify.shop },
    credentials_json: { access_token: accessToken, client_secret: clientSecret },
  });
  const content = (externalId: string, syncState: 'in_sync' | 'conflict') =>
    before.db.content.create({
      data: {
        accountId: tenant.accountId,
        siteId: tenant.site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        externalId,
        syncState,
      },
    });
  contentId = (await content('41', 'in_sync')).id;
  conflictId = (await content('42', 'conflict')).id;
  await before.stop();
  const keys = `other:${Buffer.alloc(32, 2).toString('base64')}`;
  server = await startTestServer({ ...environment, CREDENTIAL_KEYS: keys }, { database });
});
afterAll(async () => {
  await server.stop();
  await shopify.stop();
  await database.drop();
});

const owner = () => server.as(tenant.owner);
const path = (rest: string) => `${integrationsPath}/${tenant.integrationId}${rest}`;

describe('a call that needs a secret', () => {
  test.each([
    [
      'sync-wordpress-content',
      () => owner().post(path('/sync-wordpress-content'), { content_id: contentId }),
    ],
    [
      'resolve-conflict',
      () => owner().post(`/api/v1/content/${conflictId}/resolve-conflict`, { keep: 'remote' }),
    ],
    ['reveal-api-key', () => owner().post(path('/reveal-api-key'))],
  ])('%s answers 422, names the fix and leaves an event', async (_, call) => {
    const where = { integrationId: tenant.integrationId, action: 'not_readable' };
    const events = await server.db.syncEvent.count({ where });
    const answer = await call();
    expectProblem(answer, 422, { code: 'credentials_unreadable' });
    expect(answer.body.detail).toMatch(/CREDENTIAL_KEYS/);
    expect(await server.db.syncEvent.count({ where })).toBe(events + 1);
  });

  test('tests a connection with this result, stored or not', async () => {
    const unreadable = { success: false, code: 'credentials_unreadable' };
    expect((await owner().post(path('/test-connection')).expect(200)).body).toMatchObject(unreadable);
    const asked = { site_id: tenant.site.siteId, site_url: 'https://a.example' };
    const onboarding = await owner().post(`${integrationsPath}/test-connection`, asked).expect(400);
    expect(onboarding.body).toMatchObject(unreadable);
    const withKey = { ...asked, api_key: tenant.site.key };
    const byPlugin = await server.anyone.post(`${integrationsPath}/test-connection`, withKey).expect(400);
    expect(byPlugin.body).toMatchObject(unreadable);
  });
});

describe('a webhook', () => {
  const retryable = (answer: Answer) => {
    expectProblem(answer, 503, { code: 'credentials_unreadable' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  };

  test('that is signed is asked for again, and is not stored', async () => {
    retryable(await deliver(server, tenant.site, 'status', statusBody));
    expect(await server.db.webhookDelivery.count()).toBe(0);
  });

  test('with the bare key needs no secret', async () => {
    const headers = { 'X-Site-Id': String(tenant.site.siteId), 'X-API-Key': tenant.site.key };
    expect((await post(server, 'status', JSON.stringify(statusBody), headers)).status).toBe(202);
  });

  test('of Shopify is asked for again', async () => {
    const webhook = shopify.webhook('products/update', 1);
    const answer = await fetch(`${server.url}/api/v1/integration/webhooks/shopify`, {
      method: 'POST',
      headers: webhook.headers,
      body: webhook.body,
    });
    const body = (await answer.json()) as Record<string, unknown>;
    retryable({ status: answer.status, headers: Object.fromEntries(answer.headers), body });
  });

  test('signed with a readable key is accepted, although the key before it is not readable', async () => {
    const rotated = await owner().post(`/api/v1/sites/${tenant.site.siteId}/api-key`).expect(200);
    const site = { siteId: tenant.site.siteId, key: rotated.body.api_key };
    expect((await deliver(server, site, 'status', { ...statusBody, external_id: '43' })).status).toBe(202);
    // Nobody can tell whether the key before it made this signature.
    retryable(await deliver(server, tenant.site, 'status', statusBody));
  });
});

test('the event about an unreadable key of a site without an integration names none', async () => {
  const { siteId } = unconnected;
  const body = { site_id: siteId, site_url: 'https://a.example' };
  await owner().post(`${integrationsPath}/test-connection`, body).expect(400);
  const events = await server.db.syncEvent.findMany({ where: { siteId, action: 'not_readable' } });
  expect(events).toMatchObject([{ integrationId: null, success: false }]);
});
