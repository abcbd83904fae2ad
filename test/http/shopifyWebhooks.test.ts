/** Shopify's webhooks: which senders are accepted, what is stored, and what is then read from the shop. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../src/simulation/shopify/simulatedShopify.ts';
import type { SimulatedWebhook } from '../../src/simulation/shopify/webhooks.ts';
import { buildConnected, integrationsPath, type TestSite, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem, withoutRequestId } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { sendWebhook } from '../support/shopifyWebhooks.ts';

const OLD_SECRET = 'shpss_the_client_secret_before';

let server: TestServer;
let shopify: SimulatedShopify;
let owner: TestUser;
let site: TestSite;
let integration: string;

beforeAll(async () => {
  shopify = await startSimulatedShopify({ bucket: { maximumAvailable: 20_000, restoreRate: 1_000 } });
  // A header sets the caller's address, so that one test's failures do not count in the others.
  server = await startTestServer({ SHOPIFY_BASE_URL: shopify.baseUrl, TRUST_PROXY: 'loopback' });
});
afterAll(async () => {
  await server.stop();
  await shopify.stop();
});
beforeEach(async () => {
  await server.db.webhookDelivery.deleteMany();
  await server.db.siteIntegration.deleteMany();
  ({ owner, site, integration } = await connect());
});

/** Connects a site of a new account to the shop. */
async function connect() {
  const { accessToken, clientSecret } = shopify.state.app;
  const { integrationId, ...connected } = await buildConnected(server, {
    platform: 'shopify',
    config_json: { shop_domain: shopify.shop },
    credentials_json: {
      access_token: accessToken,
      client_secret: clientSecret,
      previous_client_secret: OLD_SECRET,
    },
  });
  return { ...connected, integration: `${integrationsPath}/${integrationId}` };
}

const send = (webhook: SimulatedWebhook, changes: object = {}) => sendWebhook(server, webhook, changes);

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}

function without(webhook: SimulatedWebhook, name: string): SimulatedWebhook {
  return {
    ...webhook,
    headers: Object.fromEntries(Object.entries(webhook.headers).filter(([each]) => each !== name)),
  };
}

/** A product of the shop that the server stores. */
async function knownProduct(): Promise<{ id: number; title: string }> {
  const product = shopify.add('product', { title: 'Mittens' });
  await server
    .as(owner)
    .post(`${integration}/sync`, { direction: 'from_external', content_types: ['product'] })
    .expect(200);
  return product;
}

const deliveries = () => server.db.webhookDelivery.findMany({ orderBy: { id: 'asc' } });
const contentOf = (id: number) =>
  server.db.content.findFirst({ where: { siteId: site.siteId, externalId: String(id) } });
/** The events of pulls that webhooks caused. */
const pulls = () =>
  server.db.syncEvent.findMany({
    where: {
      siteId: site.siteId,
      eventType: 'content',
      action: 'pulled',
      details: { path: ['cause'], equals: 'webhook' },
    },
  });

describe('the sender', () => {
  test('is accepted though others behind its address send wrong signatures for the shop', async () => {
    const webhook = shopify.webhook('products/update', shopify.add('product', { title: 'Socks' }).id);
    const from = { 'X-Forwarded-For': '192.0.2.1' };
    const wrong = { ...from, 'X-Shopify-Hmac-Sha256': hmac('another secret', webhook.body) };
    await eventually(async () =>
      expectProblem(await send(webhook, wrong), 429, { code: 'too_many_failures' }),
    );
    expect(await send(webhook, from)).toMatchObject({ status: 202, body: { received: true } });
    expectProblem(await send(webhook, wrong), 429);
  });

  test('is accepted by the signature of the bytes, and the delivery is stored with its job', async () => {
    const product = shopify.add('product', { title: 'Gloves' });
    const webhook = shopify.webhook('products/create', product.id);
    const answer = await send(webhook);
    expect(answer).toMatchObject({ status: 202, body: { received: true, duplicate: false } });
    const [delivery, ...others] = await deliveries();
    expect(others).toEqual([]);
    expect(delivery).toMatchObject({
      id: BigInt(Number(answer.body.delivery_id)),
      accountId: owner.accountId,
      siteId: site.siteId,
      webhookId: webhook.headers['X-Shopify-Webhook-Id'],
      topic: 'changed',
      subject: `product:${product.id}`,
    });
    const shown = await server.as(owner).get('/api/v1/integration/webhooks/deliveries').expect(200);
    expect(shown.body.results).toMatchObject([{ topic: 'changed', body: { content_type: 'product' } }]);
  });

  test('is accepted by the previous client secret during a rotation', async () => {
    const { id } = shopify.add('product');
    expect(await send(shopify.webhook('products/update', id, OLD_SECRET))).toMatchObject({ status: 202 });
  });

  test('is otherwise refused with one answer for all cases, also for an unknown shop', async () => {
    const { id } = shopify.add('product');
    const webhook = shopify.webhook('products/update', id);
    const refused = [
      await send(shopify.webhook('products/update', id, 'shpss_of_somebody_else')),
      await send({ ...webhook, body: `${webhook.body} ` }),
      await send(without(webhook, 'X-Shopify-Hmac-Sha256')),
      await send(webhook, { 'X-Shopify-Hmac-Sha256': 'no base64 of 32 bytes' }),
      await send(webhook, { 'X-Shopify-Shop-Domain': 'another-shop.myshopify.com' }),
      await send(webhook, { 'X-Shopify-Shop-Domain': `evil.com/.${shopify.shop}` }),
      await send(without(webhook, 'X-Shopify-Shop-Domain')),
    ];
    for (const answer of refused) {
      expectProblem(answer, 401, { code: 'wrong_signature' });
      expect(withoutRequestId(answer.body)).toEqual(withoutRequestId(refused[0]?.body ?? {}));
    }
    expect(await deliveries()).toEqual([]);
  });

  test('is refused for an inactive account, and without a stored client secret', async () => {
    const { id } = shopify.add('product');
    await server.db.account.update({ where: { id: owner.accountId }, data: { isActive: false } });
    expectProblem(await send(shopify.webhook('products/update', id)), 401, { code: 'wrong_signature' });
    await server.db.account.update({ where: { id: owner.accountId }, data: { isActive: true } });
    const credentials_json = { client_secret: null, previous_client_secret: null };
    await server.as(owner).patch(integration, { credentials_json }).expect(200);
    expectProblem(await send(shopify.webhook('products/update', id)), 401, { code: 'wrong_signature' });
    expect(await deliveries()).toEqual([]);
  });

  test('reaches every site that is connected to the shop', async () => {
    const other = await connect();
    const { id } = shopify.add('product');
    const webhook = shopify.webhook('products/update', id);
    expect(await send(webhook)).toMatchObject({ status: 202, body: { duplicate: false } });
    expect(new Set((await deliveries()).map(({ siteId }) => siteId))).toEqual(
      new Set([site.siteId, other.site.siteId]),
    );
    expect(await send(webhook)).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(await deliveries()).toHaveLength(2);
  });
});

describe('a webhook', () => {
  test('that comes again is a duplicate, and its id with another body is refused', async () => {
    const { id } = shopify.add('product');
    const webhook = shopify.webhook('products/update', id);
    const first = await send(webhook);
    expect(await send(webhook)).toMatchObject({
      status: 202,
      body: { delivery_id: first.body.delivery_id, duplicate: true },
    });
    shopify.change(id, { title: 'Another title' });
    const other = shopify.webhook('products/update', id);
    const name = 'X-Shopify-Webhook-Id';
    const answer = await send(other, { [name]: webhook.headers[name] });
    expectProblem(answer, 409, { code: 'webhook_id_reused', fields: [name] });
    expect(await deliveries()).toHaveLength(1);
  });

  test('with another topic, without a subject or without JSON is refused for a right sender', async () => {
    const { id } = shopify.add('product');
    const { clientSecret } = shopify.state.app;
    const webhook = shopify.webhook('products/update', id);
    expectProblem(await send(webhook, { 'X-Shopify-Topic': 'orders/create' }), 400, {
      fields: ['X-Shopify-Topic'],
    });
    const signed = (body: string): SimulatedWebhook => ({
      body,
      headers: { ...webhook.headers, 'X-Shopify-Hmac-Sha256': hmac(clientSecret, body) },
    });
    expectProblem(await send(signed('{"title":"Nameless"}')), 400, { fields: ['body'] });
    expectProblem(await send(signed('{"id":')), 400, { code: 'malformed_json' });
    expectProblem(await send(signed(JSON.stringify({ id: 1, text: 'x'.repeat(1_048_576) }))), 413);
    expectProblem(await send(webhook, { 'X-Shopify-Webhook-Id': 'a blank' }), 400, {
      fields: ['X-Shopify-Webhook-Id'],
    });
    expect(await deliveries()).toEqual([]);
  });
});

describe('an accepted webhook', () => {
  test('of a new product reads the product', async () => {
    const product = shopify.add('product', { title: 'Gloves', body: '<p>Warm.</p>' });
    await send(shopify.webhook('products/create', product.id));
    await eventually(async () =>
      expect(await contentOf(product.id)).toMatchObject({
        title: 'Gloves',
        body: '<p>Warm.</p>',
        contentType: 'product',
        syncState: 'in_sync',
      }),
    );
  });

  test('of a changed product or collection reads it from the shop', async () => {
    const product = await knownProduct();
    shopify.change(product.id, { title: 'Warm mittens' });
    await send(shopify.webhook('products/update', product.id));
    const collection = shopify.add('collection', { title: 'Winter' });
    await send(shopify.webhook('collections/create', collection.id));
    await eventually(async () => {
      expect(await contentOf(product.id)).toMatchObject({ title: 'Warm mittens' });
      expect(await contentOf(collection.id)).toMatchObject({ title: 'Winter' });
    });
  });

  test('of a deletion is applied only when the shop confirms the deletion', async () => {
    const product = await knownProduct();
    // The product still exists, so the webhook is wrong.
    await send(shopify.webhook('products/delete', product.id));
    await eventually(async () => expect(await pulls()).toHaveLength(1));
    expect(await contentOf(product.id)).toMatchObject({ syncState: 'in_sync' });
    shopify.remove(product.id);
    await send(shopify.webhook('products/delete', product.id));
    await eventually(async () =>
      expect(await contentOf(product.id)).toMatchObject({ syncState: 'deleted_remote', title: 'Mittens' }),
    );
  });

  test('of a product whose content was deleted here reads nothing', async () => {
    const { id } = await knownProduct();
    const content = await contentOf(id);
    await server.as(owner).delete(`/api/v1/content/${content?.id}`).expect(204);
    shopify.change(id, { title: 'Changed there' });
    await send(shopify.webhook('products/update', id));
    await eventually(async () => expect(await deliveries()).toMatchObject([{ status: 'processed' }]));
    expect(
      await server.db.syncEvent.findMany({ where: { siteId: site.siteId, eventType: 'webhook' } }),
    ).toMatchObject([{ action: 'excluded', contentId: content?.id }]);
    expect(await pulls()).toEqual([]);
  });

  test('of a known state, of an unknown deleted item, or while switched off reads nothing', async () => {
    const product = await knownProduct();
    const webhook = shopify.webhook('products/update', product.id);
    await server.db.content.updateMany({
      where: { siteId: site.siteId, externalId: String(product.id) },
      data: { externalModifiedAt: new Date(Date.now() - 1) },
    });
    const stale = {
      id: product.id,
      admin_graphql_api_id: `gid://shopify/Product/${product.id}`,
      updated_at: '2026-01-01T00:00:00+02:00',
    };
    const body = JSON.stringify(stale);
    await send({
      body,
      headers: { ...webhook.headers, 'X-Shopify-Hmac-Sha256': hmac(shopify.state.app.clientSecret, body) },
    });
    await expectApplied(1);
    await send(shopify.webhook('products/delete', 999_999));
    await expectApplied(2);
    await server.as(owner).patch(integration, { is_active: false }).expect(200);
    await send(shopify.webhook('products/update', shopify.add('product').id));
    await expectApplied(3);
    expect(await pulls()).toEqual([]);
    const events = await server.db.syncEvent.findMany({
      where: { siteId: site.siteId, eventType: 'webhook' },
      orderBy: { id: 'asc' },
    });
    expect(events.map(({ action }) => action)).toEqual(['outdated', 'unknown_content', 'unknown_content']);
  });
});

async function expectApplied(count: number): Promise<void> {
  await eventually(async () => {
    const processed = (await deliveries()).filter(({ status }) => status === 'processed');
    expect(processed).toHaveLength(count);
  });
}
