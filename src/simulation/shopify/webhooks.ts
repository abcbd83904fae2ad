import { createHmac, randomUUID } from 'node:crypto';
import { gid, TYPES } from './nodes.ts';
import type { SimulatedState } from './state.ts';

export type WebhookTopic = `${'products' | 'collections'}/${'create' | 'update' | 'delete'}`;

export interface SimulatedWebhook {
  headers: Record<string, string>;
  body: string;
}

/**
 * The webhook for the current state of an item: https://shopify.dev/docs/apps/build/webhooks/subscribe/https
 * The signature covers the bytes of the body. Its key is the client secret by default.
 */
export function webhookOf(
  state: SimulatedState,
  topic: WebhookTopic,
  id: number,
  options: { now: string; apiVersion: string; secret?: string },
): SimulatedWebhook {
  const kind = topic.startsWith('products/') ? 'product' : 'collection';
  const item = state.items.find((each) => each.kind === kind && each.id === id);
  // A webhook about a deleted item contains only the id.
  const payload =
    item === undefined || topic.endsWith('/delete')
      ? { id }
      : {
          admin_graphql_api_id: gid(TYPES[kind], id),
          id,
          title: item.title,
          handle: item.handle,
          body_html: item.body,
          updated_at: item.updatedAt,
        };
  const body = JSON.stringify(payload);
  const secret = options.secret ?? state.app.clientSecret;
  return {
    body,
    headers: {
      'Content-Type': 'application/json',
      'X-Shopify-Topic': topic,
      'X-Shopify-Hmac-Sha256': createHmac('sha256', secret).update(body).digest('base64'),
      'X-Shopify-Shop-Domain': state.myshopifyDomain,
      'X-Shopify-API-Version': options.apiVersion,
      'X-Shopify-Webhook-Id': randomUUID(),
      'X-Shopify-Event-Id': randomUUID(),
      'X-Shopify-Triggered-At': options.now,
    },
  };
}
