import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Credentials } from '../../connection.ts';
import type { ExplainedFault } from '../../explainedFault.ts';
import type { IntegrationNotice, NoticeTopic } from '../../webhookPart.ts';
import { numberIn } from '../api/globalId.ts';
import { SHOP_DOMAIN } from '../api/shopAddress.ts';
import { fault } from '../faults.ts';

/** The headers of a webhook in lower case: https://shopify.dev/docs/apps/build/webhooks/subscribe/https */
export interface WebhookHeaders {
  'x-shopify-topic'?: string | undefined;
  'x-shopify-hmac-sha256'?: string | undefined;
  'x-shopify-shop-domain'?: string | undefined;
  'x-shopify-webhook-id'?: string | undefined;
  'x-shopify-triggered-at'?: string | undefined;
}

/** The item that a webhook announces as changed or deleted. Its texts are read from the shop. */
interface WebhookSubject {
  contentType: 'product' | 'collection';
  externalId: string;
  gone: boolean;
  /** ISO 8601 UTC by Shopify's clock; null if the webhook does not say. */
  modifiedAt: string | null;
}

/**
 * The shop that a webhook names; null if it names none. The shop leads to the integration, but only the
 * signature proves it.
 */
export function shopOfWebhook(headers: WebhookHeaders): string | null {
  const domain = headers['x-shopify-shop-domain']?.toLowerCase() ?? '';
  return SHOP_DOMAIN.test(domain) ? domain : null;
}

/** The secrets that may have signed a webhook: the client secret, and during a rotation the previous one. */
export function webhookSecrets(credentials: Credentials): string[] {
  const { client_secret: current, previous_client_secret: previous } = credentials;
  return [current, previous].flatMap((secret) => (secret ? [secret] : []));
}

/**
 * Did Shopify send these bytes to this shop's app? The header is the HMAC-SHA256 of the raw body with the
 * client secret, in base64. Every secret is tried, in constant time, even after one has matched.
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
  // A number beyond 2^53 is read as an ExactNumber, which is none of these. Then the global id names the item.
  id: z
    .union([z.int().positive(), z.string().regex(/^[1-9]\d{0,18}$/)])
    .optional()
    .catch(undefined),
  admin_graphql_api_id: z.string().optional(),
  updated_at: z.string().nullish(),
});

/**
 * The item that a verified webhook is about; null for a topic that does not concern contents, or a body
 * without an id. Articles and pages have no topic:
 * https://shopify.dev/docs/api/admin-graphql/2026-10/enums/WebhookSubscriptionTopic
 */
export function webhookSubject(topic: string | undefined, body: unknown): WebhookSubject | null {
  const [, plural = '', verb = ''] =
    /^(products|collections)\/(create|update|delete)$/.exec(topic ?? '') ?? [];
  const contentType = { products: 'product', collections: 'collection' } as const;
  const read = payload.safeParse(body);
  if (!(plural === 'products' || plural === 'collections') || !read.success) return null;
  const { id, admin_graphql_api_id: gid, updated_at: updatedAt } = read.data;
  const externalId =
    numberIn(gid, plural === 'products' ? 'Product' : 'Collection') ?? (id === undefined ? null : String(id));
  if (externalId === null) return null;
  return {
    contentType: contentType[plural],
    externalId,
    gone: verb === 'delete',
    modifiedAt: isoTime(updatedAt),
  };
}

const NOTICES: Readonly<Record<string, NoticeTopic>> = {
  'app/uninstalled': 'disconnected',
  // https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
  'shop/redact': 'erasure',
  'customers/redact': 'privacy_request',
  'customers/data_request': 'privacy_request',
};

/**
 * What a verified webhook says about the whole integration; null for another topic. Its body names people, and
 * is not read.
 */
export function webhookNotice(headers: WebhookHeaders): IntegrationNotice | null {
  const name = headers['x-shopify-topic'] ?? '';
  const topic = Object.hasOwn(NOTICES, name) ? NOTICES[name] : undefined;
  if (topic === undefined) return null;
  const variants = { disconnected: 'uninstalled', erasure: 'erased', privacy_request: null };
  const variant = variants[topic];
  return {
    topic,
    name,
    at: isoTime(headers['x-shopify-triggered-at']),
    fault: variant === null ? null : explanation(fault('app_not_installed', { variant })),
    // Client ID and secret stay the app's own. The secret also proves the webhooks that follow.
    endedCredentials: topic === 'disconnected' ? ['access_token'] : [],
  };
}

function explanation({ code, message, hint }: ExplainedFault) {
  return { code, message, hint };
}

function isoTime(text: string | null | undefined): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
