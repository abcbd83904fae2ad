import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Credentials } from '../../connection.ts';
import { numberIn } from '../api/globalId.ts';
import { SHOP_DOMAIN } from '../api/shopAddress.ts';

/** https://shopify.dev/docs/apps/build/webhooks/subscribe/https: headers, lower case. */
export interface WebhookHeaders {
  'x-shopify-topic'?: string | undefined;
  'x-shopify-hmac-sha256'?: string | undefined;
  'x-shopify-shop-domain'?: string | undefined;
  'x-shopify-webhook-id'?: string | undefined;
}

/** What a webhook tells: this item has changed, or is no more. Its text is read from the shop. */
interface WebhookSubject {
  contentType: 'product' | 'collection';
  externalId: string;
  gone: boolean;
  /** ISO 8601 UTC by Shopify's clock; null where it does not say. */
  modifiedAt: string | null;
}

/** The shop that a webhook names, by which its integration is found; null for none. Only its signature proves it. */
export function shopOfWebhook(headers: WebhookHeaders): string | null {
  const domain = headers['x-shopify-shop-domain']?.toLowerCase() ?? '';
  return SHOP_DOMAIN.test(domain) ? domain : null;
}

/** What may have signed: the client secret, and while it is rotated the one before. */
export function webhookSecrets(credentials: Credentials): string[] {
  const { client_secret: current, previous_client_secret: previous } = credentials;
  return [current, previous].flatMap((secret) => (secret ? [secret] : []));
}

/**
 * Did Shopify send these bytes to this shop's app? The header is the HMAC-SHA256 of the raw body with the client
 * secret, in base64. Each secret is tried, in constant time, whichever fits.
 */
export function isShopifyWebhook(
  rawBody: Buffer,
  headers: WebhookHeaders,
  expected: { shop: string; secrets: readonly string[] },
): boolean {
  const claimed = headers['x-shopify-hmac-sha256'] ?? '';
  if (!/^[A-Za-z0-9+/]{43}=$/.test(claimed) || shopOfWebhook(headers) !== expected.shop) return false;
  const signature = Buffer.from(claimed, 'base64');
  return expected.secrets
    .map((secret) => timingSafeEqual(signature, createHmac('sha256', secret).update(rawBody).digest()))
    .includes(true);
}

const payload = z.object({
  id: z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,18}$/)]).optional(),
  admin_graphql_api_id: z.string().optional(),
  updated_at: z.string().nullish(),
});

/**
 * What a verified webhook is about; null for a topic that tells of no content, or a body that names none.
 * Articles and pages have no topic: https://shopify.dev/docs/api/admin-graphql/2026-10/enums/WebhookSubscriptionTopic
 */
export function webhookSubject(topic: string | undefined, body: unknown): WebhookSubject | null {
  const [, plural = '', verb = ''] =
    /^(products|collections)\/(create|update|delete)$/.exec(topic ?? '') ?? [];
  const contentType = { products: 'product', collections: 'collection' } as const;
  const read = payload.safeParse(body);
  if (!(plural === 'products' || plural === 'collections') || !read.success) return null;
  const { id, admin_graphql_api_id: gid, updated_at: updatedAt } = read.data;
  // The global id first: a number beyond 2^53 has lost digits by now.
  const externalId =
    numberIn(gid, plural === 'products' ? 'Product' : 'Collection') ?? (id === undefined ? null : String(id));
  if (externalId === null) return null;
  const modified = Date.parse(updatedAt ?? '');
  return {
    contentType: contentType[plural],
    externalId,
    gone: verb === 'delete',
    modifiedAt: Number.isNaN(modified) ? null : new Date(modified).toISOString(),
  };
}
