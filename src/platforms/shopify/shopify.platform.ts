import type { Platform } from '../platform.ts';
import { CostBuckets } from './api/costBucket.ts';
import type { ShopifyOptions } from './api/options.ts';
import { localStatus } from './content/contentKinds.ts';
import { openShop } from './content/contentSession.ts';
import { diagnose } from './diagnosis.ts';
import { shopifyConfigSchema, shopifyCredentialsSchema } from './settings.ts';
import { readShopifyStructure } from './structure.ts';
import { shopifyWebhooks } from './webhooks/webhookPart.ts';

/** Shopify, through its GraphQL Admin API. */
export function createShopifyPlatform(options: ShopifyOptions): Platform {
  const buckets = new CostBuckets(options);
  return {
    name: 'shopify',
    type: 'ecommerce',
    capabilities: { usesSiteKey: false, structure: true, content: true },
    configSchema: shopifyConfigSchema,
    credentialsSchema: shopifyCredentialsSchema,
    testConnection: (connection) => diagnose(connection, options, buckets),
    readStructure: (connection) => readShopifyStructure(connection, options, buckets),
    localStatus,
    webhooks: shopifyWebhooks,
    content: { open: (connection, pace) => openShop(connection, pace, options, buckets) },
  };
}
