/** Shopify's webhooks about a whole app: that it was uninstalled, and the mandatory webhooks of privacy. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../src/simulation/shopify/simulatedShopify.ts';
import type { AppTopic, SimulatedWebhook } from '../../src/simulation/shopify/webhooks.ts';
import { buildConnected, integrationsPath, type TestSite, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { sendWebhook } from '../support/shopifyWebhooks.ts';

let server: TestServer;
let shopify: SimulatedShopify;
let owner: TestUser;
let site: TestSite;
let integrationId: number;
let path: string;

beforeAll(async () => {
  shopify = await startSimulatedShopify({ bucket: { maximumAvailable: 20_000, restoreRate: 1_000 } });
  server = await startTestServer({ SHOPIFY_BASE_URL: shopify.baseUrl });
});
afterAll(async () => {
  await server.stop();
  await shopify.stop();
});
beforeEach(async () => {
  await server.db.webhookDelivery.deleteMany();
  await server.db.siteIntegration.deleteMany();
  shopify.state.app.installed = true;
});

/** Connects a site of a new account to the shop, and reads the shop. */
async function connect(credentials: object): Promise<void> {
  ({ owner, site, integrationId } = await buildConnected(server, {
    platform: 'shopify',
    config_json: { shop_domain: shopify.shop },
    credentials_json: { client_secret: shopify.state.app.clientSecret, ...credentials },
  }));
  path = `${integrationsPath}/${integrationId}`;
  await server.as(owner).post(`${path}/test-connection`, {}).expect(200);
  await server.as(owner).post(`${path}/sync`, { direction: 'from_external' }).expect(200);
}

const withToken = () => connect({ access_token: shopify.state.app.accessToken });
const withClient = () => connect({ client_id: shopify.state.app.clientId });

const send = (webhook: SimulatedWebhook, changes: object = {}) => sendWebhook(server, webhook, changes);

/** Sends a webhook and waits until it is applied. Returns its event. */
async function apply(webhook: SimulatedWebhook, changes: object = {}) {
  const answer = await send(webhook, changes);
  expect(answer).toMatchObject({ status: 202, body: { duplicate: false } });
  const id = BigInt(Number(answer.body.delivery_id));
  await eventually(async () =>
    expect(await server.db.webhookDelivery.findUnique({ where: { id } })).toMatchObject({
      status: 'processed',
    }),
  );
  return server.db.syncEvent.findFirst({
    where: { siteId: site.siteId, eventType: 'webhook' },
    orderBy: { id: 'desc' },
  });
}

const row = () => server.db.siteIntegration.findUniqueOrThrow({ where: { id: integrationId } });
const shown = async () => (await server.as(owner).get(`${path}/debug-status`).expect(200)).body;
const contents = () => server.db.content.findMany({ where: { siteId: site.siteId, platform: 'shopify' } });
const integrationEvents = (action: string) =>
  server.db.syncEvent.findMany({ where: { integrationId, eventType: 'integration', action } });

describe('the uninstalled app', () => {
  test('ends its connection: the tokens are dropped, and the state names the cause', async () => {
    await withToken();
    const before = await contents();
    expect(before.length).toBeGreaterThan(0);
    const event = await apply(shopify.uninstall());
    expect(event).toMatchObject({
      action: 'disconnected',
      integrationId,
      success: true,
      details: { topic: 'disconnected', name: 'app/uninstalled' },
    });
    const { connection, problems } = await shown();
    expect(connection).toMatchObject({ status: 'failing', last_test: { code: 'app_not_installed' } });
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: 'connection_failing',
        message: expect.stringContaining('was uninstalled'),
        hint: expect.stringContaining('Install it again'),
      }),
    );
    expect(await integrationEvents('disconnected')).toMatchObject([{ details: { name: 'app/uninstalled' } }]);
    // The token is gone, so the next test finds no credentials. The contents stay.
    const tested = await server.as(owner).post(`${path}/test-connection`, {}).expect(200);
    expect(tested.body).toMatchObject({ success: false, code: 'bad_credentials' });
    expect(await contents()).toHaveLength(before.length);
    // The secret of the app still proves later webhooks.
    await apply(shopify.appWebhook('customers/redact'));
  });

  test('keeps the client id and secret, but not the minted token', async () => {
    await withClient();
    const minted = (await row()).credentialsEncrypted;
    await apply(shopify.uninstall());
    expect((await row()).credentialsEncrypted).not.toBe(minted);
    const answered = shopify.state.requests.length;
    const tested = await server.as(owner).post(`${path}/test-connection`, {}).expect(200);
    expect(tested.body).toMatchObject({ success: false, code: 'app_not_installed' });
    // Without the old token the first request asks for a new one.
    expect(shopify.state.requests[answered]?.path).toContain('/admin/oauth/access_token');
  });

  test('changes nothing if the connection was tested well after that', async () => {
    await withToken();
    const before = await row();
    const triggered = { 'X-Shopify-Triggered-At': new Date(Date.now() - 3_600_000).toISOString() };
    expect(await apply(shopify.appWebhook('app/uninstalled'), triggered)).toMatchObject({
      action: 'outdated',
    });
    expect(await row()).toMatchObject({
      connectionStatus: 'healthy',
      credentialsEncrypted: before.credentialsEncrypted,
    });
    expect(await integrationEvents('disconnected')).toEqual([]);
  });

  test('counts as newly uninstalled without a time', async () => {
    await withToken();
    await apply(shopify.uninstall(), { 'X-Shopify-Triggered-At': '' });
    expect(await row()).toMatchObject({ connectionStatus: 'failing' });
  });

  test('is recorded for an integration that was deleted meanwhile', async () => {
    await withToken();
    const { key } = await server.db.$transaction(async (tx) => {
      // The worker waits for the lock, so the integration is deleted before the delivery is applied.
      await tx.$queryRaw`SELECT id FROM site_integration WHERE id = ${integrationId} FOR UPDATE`;
      const answer = await send(shopify.uninstall());
      await tx.siteIntegration.delete({ where: { id: integrationId } });
      return tx.webhookDelivery.findUniqueOrThrow({ where: { id: BigInt(Number(answer.body.delivery_id)) } });
    });
    await eventually(async () =>
      expect(await server.db.webhookDelivery.findFirst({ where: { key } })).toMatchObject({
        status: 'processed',
      }),
    );
    expect(
      await server.db.syncEvent.findFirst({ where: { siteId: site.siteId, action: 'disconnected' } }),
    ).toMatchObject({ eventType: 'webhook', integrationId: null });
  });
});

describe('shop/redact', () => {
  test('deletes the contents, terms, structure and credentials of that shop, and nothing else', async () => {
    await withToken();
    const own = await server
      .as(owner)
      .post('/api/v1/content', { site_id: site.siteId, content_type: 'article', title: 'Draft of ours' })
      .expect(201);
    await server.db.content.create({
      data: {
        accountId: owner.accountId,
        siteId: site.siteId,
        contentType: 'post',
        platform: 'wordpress',
        externalId: '1',
      },
    });
    const shop = await contents();
    const terms = await server.db.siteTerm.count({ where: { siteId: site.siteId } });
    expect([shop.length, terms].every((count) => count > 0)).toBe(true);

    const event = await apply(shopify.appWebhook('shop/redact'));
    expect(event).toMatchObject({ action: 'erased', details: { name: 'shop/redact' } });
    const left = await server.db.content.findMany({
      where: { siteId: site.siteId },
      orderBy: { id: 'asc' },
      select: { id: true, platform: true },
    });
    expect(left).toEqual([
      { id: own.body.id, platform: null },
      expect.objectContaining({ platform: 'wordpress' }),
    ]);
    expect(await server.db.siteTerm.count({ where: { siteId: site.siteId } })).toBe(0);
    expect(await server.db.typeSync.count({ where: { integrationId } })).toBe(0);
    expect(await row()).toMatchObject({
      config: { shop_domain: shopify.shop },
      credentialsEncrypted: null,
      connectionStatus: 'failing',
      syncStatus: 'never',
    });
    expect(await integrationEvents('erased')).toMatchObject([{ details: { contents: shop.length, terms } }]);
    // Without the secret nobody proves to be the shop any more.
    expectProblem(await send(shopify.appWebhook('shop/redact')), 401, { code: 'wrong_signature' });
  });

  test('ends a run that is under way', async () => {
    await withToken();
    const run = await server.db.syncRun.create({
      data: {
        accountId: owner.accountId,
        siteId: site.siteId,
        integrationId,
        direction: 'from_external',
        status: 'syncing',
        heartbeatAt: new Date(),
        checkpoint: { typesRead: ['article'] },
      },
    });
    await apply(shopify.appWebhook('shop/redact'));
    expect(await server.db.syncRun.findUnique({ where: { id: run.id } })).toMatchObject({
      status: 'cancelled',
      checkpoint: null,
    });
  });
});

describe('a request about a customer', () => {
  test.each<AppTopic>(['customers/redact', 'customers/data_request'])(
    '%s is recorded, without the customer',
    async (topic) => {
      await withToken();
      const before = await row();
      const event = await apply(shopify.appWebhook(topic));
      expect(event).toMatchObject({
        action: 'privacy_request',
        integrationId,
        details: { topic: 'privacy_request', name: topic },
      });
      expect(await row()).toEqual(before);
      const kept = JSON.stringify([
        await server.db.webhookDelivery.findMany({ select: { body: true } }),
        event?.details,
      ]);
      expect(kept).not.toMatch(/john|555|191167/);
      const { body } = await server.as(owner).get('/api/v1/integration/webhooks/deliveries').expect(200);
      expect(body.results).toMatchObject([{ topic: 'privacy_request', status: 'processed' }]);
    },
  );

  test('without a right signature is refused', async () => {
    await withToken();
    const webhook = shopify.appWebhook('customers/redact');
    expectProblem(await send({ ...webhook, body: `${webhook.body} ` }), 401, { code: 'wrong_signature' });
  });
});
