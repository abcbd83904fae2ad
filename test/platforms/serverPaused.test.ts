/** Every platform's connection test on a paused server, which may send nothing. */
import { expect, test } from '@jest/globals';
import { RemoteError } from '../../src/errors.ts';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import type { Connection } from '../../src/platforms/connection.ts';
import { createCustomPlatform } from '../../src/platforms/custom/custom.platform.ts';
import { createShopifyPlatform } from '../../src/platforms/shopify/shopify.platform.ts';
import { createWordpressPlatform } from '../../src/platforms/wordpress/wordpress.platform.ts';

const message = 'This server is paused: its PUBLIC_URL is another.';
const outbound = new OutboundClient({
  allow: [],
  refusal: async () => new RemoteError('server_paused', message),
});
const clock = () => 0;
const connection: Connection = {
  serverId: '6f1c4a9e-8f0e-4f64-9d0b-0c8f3f5a1c11',
  siteId: 1,
  siteUrl: 'https://site.example',
  siteKey: `sbk_${'a'.repeat(43)}`,
  credentials: {},
  config: {},
};

test.each([
  [createWordpressPlatform({ outbound, clock }), {}, {}],
  [
    createShopifyPlatform({
      outbound,
      clock,
      wait: async () => undefined,
      baseUrl: 'https://{shop}',
      apiVersion: '2026-10',
    }),
    { shop_domain: 'shop.myshopify.com' },
    { access_token: 'shpat_0123456789abcdef' },
  ],
  [
    createCustomPlatform({ outbound, clock }),
    { base_url: 'https://api.example', auth: { type: 'none' }, test: { path: '/' } },
    {},
  ],
])('$name reports the pause in its own words', async (platform, config, credentials) => {
  const result = await platform.testConnection({ ...connection, config, credentials });
  expect(result).toMatchObject({ success: false, code: 'server_paused', message, retryable: false });
  expect(result.hint).not.toBe('');
  expect(result.checks.at(-1)).toMatchObject({ name: 'dns', ok: false, code: 'server_paused' });
});
