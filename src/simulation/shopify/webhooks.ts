import { createHmac, randomUUID } from 'node:crypto';
import { gid, TYPES } from './nodes.ts';
import type { SimulatedState } from './state.ts';

export type WebhookTopic = `${'products' | 'collections'}/${'create' | 'update' | 'delete'}`;

/** Topics about the whole app. The last three are mandatory for every app of the App Store. */
export type AppTopic = 'app/uninstalled' | 'shop/redact' | 'customers/redact' | 'customers/data_request';

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
  return signed(state, topic, JSON.stringify(payload), options);
}

/**
 * A webhook about the whole app: https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
 * Its body names people of the shop.
 */
export function appWebhookOf(
  state: SimulatedState,
  topic: AppTopic,
  options: { now: string; apiVersion: string; secret?: string },
): SimulatedWebhook {
  const shop = { shop_id: 954_889, shop_domain: state.myshopifyDomain };
  const customer = { id: 191_167, email: 'john@example.com', phone: '555-625-1199' };
  const bodies: Record<AppTopic, object> = {
    'app/uninstalled': { id: 954_889, name: 'Demo shop', email: 'owner@example.com' },
    'shop/redact': shop,
    'customers/redact': { ...shop, customer, orders_to_redact: [299_938] },
    'customers/data_request': { ...shop, customer, orders_requested: [299_938], data_request: { id: 9999 } },
  };
  return signed(state, topic, JSON.stringify(bodies[topic]), options);
}

function signed(
  state: SimulatedState,
  topic: WebhookTopic | AppTopic,
  body: string,
  options: { now: string; apiVersion: string; secret?: string },
): SimulatedWebhook {
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
