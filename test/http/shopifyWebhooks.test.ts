/** Shopify's webhooks: who is believed, what is kept, and what comes of it. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../src/simulation/shopify/simulatedShopify.ts';
import type { SimulatedWebhook } from '../../src/simulation/shopify/webhooks.ts';
import {
  buildAccount,
  buildSite,
  integrationsPath,
  type TestSite,
  type TestUser,
} from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, expectProblem, withoutRequestId } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const OLD_SECRET = 'shpss_the_client_secret_before';

let server: TestServer;
let shopify: SimulatedShopify;
let owner: TestUser;
let site: TestSite;
let integration: string;

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
  ({ owner, site, integration } = await connect());
});

/** Connects a site of a new account to the shop. */
async function connect() {
  const user = await buildAccount(server);
  const connected = await buildSite(server, user.accountId);
  const { accessToken, clientSecret } = shopify.state.app;
  const answer = await server
    .as(user)
    .post(integrationsPath, {
      site_id: connected.siteId,
      platform: 'shopify',
      config_json: { shop_domain: shopify.shop },
      credentials_json: {
        access_token: accessToken,
        client_secret: clientSecret,
        previous_client_secret: OLD_SECRET,
      },
    })
    .expect(201);
  return { owner: user, site: connected, integration: `${integrationsPath}/${answer.body.id}` };
}

async function send({ headers, body }: SimulatedWebhook, changes: object = {}): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/v1/integration/webhooks/shopify`, {
    method: 'POST',
    headers: { ...headers, ...changes },
    body,
  });
  const read = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: read };
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}

function without(webhook: SimulatedWebhook, name: string): SimulatedWebhook {
  return {
    ...webhook,
    headers: Object.fromEntries(Object.entries(webhook.headers).filter(([each]) => each !== name)),
  };
}

/** A product of the shop that is known here. */
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
/** The readings that webhooks brought about. */
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
  test('is believed by the signature over the very bytes, and the delivery is kept with its job', async () => {
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

  test('is believed by the client secret before, while it is rotated', async () => {
    const { id } = shopify.add('product');
    expect(await send(shopify.webhook('products/update', id, OLD_SECRET))).toMatchObject({ status: 202 });
  });

  test('is not believed otherwise, with one answer for all, also for a shop that nobody knows', async () => {
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

  test('is not believed for an account that is switched off, nor without a client secret here', async () => {
    const { id } = shopify.add('product');
    await server.db.account.update({ where: { id: owner.accountId }, data: { isActive: false } });
    expectProblem(await send(shopify.webhook('products/update', id)), 401, { code: 'wrong_signature' });
    await server.db.account.update({ where: { id: owner.accountId }, data: { isActive: true } });
    const credentials_json = { client_secret: null, previous_client_secret: null };
    await server.as(owner).patch(integration, { credentials_json }).expect(200);
    expectProblem(await send(shopify.webhook('products/update', id)), 401, { code: 'wrong_signature' });
    expect(await deliveries()).toEqual([]);
  });

  test('tells every site that is connected to the shop', async () => {
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

describe('a message', () => {
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

  test('of another topic, that names nothing, or is no JSON, is refused once its sender is believed', async () => {
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

describe('what comes of it', () => {
  test('a product that was not known is read', async () => {
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

  test('a change is read from the shop, a collection no less', async () => {
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

  test('a deletion is believed when the shop confirms it', async () => {
    const product = await knownProduct();
    // Still there: whoever says so is wrong.
    await send(shopify.webhook('products/delete', product.id));
    await eventually(async () => expect(await pulls()).toHaveLength(1));
    expect(await contentOf(product.id)).toMatchObject({ syncState: 'in_sync' });
    shopify.remove(product.id);
    await send(shopify.webhook('products/delete', product.id));
    await eventually(async () =>
      expect(await contentOf(product.id)).toMatchObject({ syncState: 'deleted_remote', title: 'Mittens' }),
    );
  });

  test('what is known already, what is gone and was never known, and what is switched off, is not read', async () => {
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
