import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  isShopifyWebhook,
  shopOfWebhook,
  type WebhookHeaders,
  webhookSecrets,
  webhookSubject,
} from '../../../src/platforms/shopify/webhooks/webhook.ts';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../../src/simulation/shopify/simulatedShopify.ts';

let shopify: SimulatedShopify;
beforeAll(async () => {
  shopify = await startSimulatedShopify();
});
afterAll(() => shopify.stop());

/** The headers, as Node gives them. */
function received(sent: Record<string, string>): WebhookHeaders {
  return Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
}

function sent(secret?: string) {
  const { headers, body } = shopify.webhook('products/update', 1007, secret);
  return { headers: received(headers), body: Buffer.from(body) };
}

describe('a webhook', () => {
  it('is accepted by its signature, and with the old secret during a rotation', () => {
    const { shop } = shopify;
    const current = shopify.state.app.clientSecret;
    const { headers, body } = sent();
    expect(isShopifyWebhook(body, headers, { shop, secrets: [current] })).toBe(true);
    expect(isShopifyWebhook(body, headers, { shop, secrets: ['new', current] })).toBe(true);
    expect(isShopifyWebhook(body, headers, { shop, secrets: ['new'] })).toBe(false);
    expect(isShopifyWebhook(body, headers, { shop, secrets: [] })).toBe(false);
    expect(webhookSecrets({ client_id: 'a', client_secret: 'new', previous_client_secret: 'old' })).toEqual([
      'new',
      'old',
    ]);
    expect(webhookSecrets({ access_token: 'a' })).toEqual([]);
  });

  it('is refused with a changed byte, shop or signature', () => {
    const { shop } = shopify;
    const secrets = [shopify.state.app.clientSecret];
    const { headers, body } = sent();
    const changed = (more: WebhookHeaders) =>
      isShopifyWebhook(body, { ...headers, ...more }, { shop, secrets });
    expect(isShopifyWebhook(Buffer.concat([body, Buffer.from(' ')]), headers, { shop, secrets })).toBe(false);
    expect(isShopifyWebhook(body, headers, { shop: 'other.myshopify.com', secrets })).toBe(false);
    expect(changed({ 'x-shopify-shop-domain': 'other.myshopify.com' })).toBe(false);
    expect(changed({ 'x-shopify-shop-domain': 'demo-shop.myshopify.com.evil.com' })).toBe(false);
    expect(changed({ 'x-shopify-shop-domain': undefined })).toBe(false);
    for (const signature of [
      undefined,
      '',
      'AAAA',
      `${'A'.repeat(43)}=`,
      'ü'.repeat(44),
      `${'A'.repeat(400)}=`,
    ])
      expect(changed({ 'x-shopify-hmac-sha256': signature })).toBe(false);
  });

  it('names its shop, in upper or lower case', () => {
    expect(shopOfWebhook({ 'x-shopify-shop-domain': 'Demo-Shop.myshopify.com' })).toBe(
      'demo-shop.myshopify.com',
    );
    expect(shopOfWebhook({ 'x-shopify-shop-domain': 'evil.com/.myshopify.com' })).toBeNull();
    expect(shopOfWebhook({})).toBeNull();
  });
});

describe('the subject of a webhook', () => {
  it.each([
    ['products/create', 'product', 1007, false],
    ['products/update', 'product', 1007, false],
    ['products/delete', 'product', 1007, true],
    ['collections/create', 'collection', 1001, false],
    ['collections/update', 'collection', 1001, false],
    ['collections/delete', 'collection', 1001, true],
  ] as const)('of the topic %s is a %s', (topic, contentType, id, gone) => {
    const { body } = shopify.webhook(topic, id);
    expect(webhookSubject(topic, JSON.parse(body))).toEqual({
      contentType,
      externalId: String(id),
      gone,
      modifiedAt: gone ? null : expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('keeps an id that is too large for a number', () => {
    const body = JSON.parse(
      '{"id":9007199254740993123,"admin_graphql_api_id":"gid://shopify/Product/9007199254740993123"}',
    );
    expect(webhookSubject('products/update', body)).toMatchObject({ externalId: '9007199254740993123' });
    // Without the global id nobody knows the last digits.
    expect(webhookSubject('products/update', { id: body.id })).toBeNull();
  });

  it.each([
    ['orders/create', { id: 1 }],
    ['products/unknown', { id: 1 }],
    [undefined, { id: 1 }],
    ['products/update', {}],
    ['products/update', { id: '../1' }],
    ['products/update', { id: -1 }],
    ['products/update', null],
    ['products/update', 'text'],
    ['products/update', { admin_graphql_api_id: 'gid://shopify/Collection/1' }],
  ])('is missing in %s with %j', (topic, body) => {
    expect(webhookSubject(topic, body)).toBeNull();
  });
});
