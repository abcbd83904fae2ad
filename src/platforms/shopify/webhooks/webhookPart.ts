import type { WebhookHeaders as AnyHeaders, WebhookPart } from '../../webhookPart.ts';
import { shopOf } from '../api/shopAddress.ts';
import {
  isShopifyWebhook,
  shopOfWebhook,
  type WebhookHeaders,
  webhookNotice,
  webhookSecrets,
  webhookSubject,
} from './webhook.ts';

/** Shopify's webhooks: https://shopify.dev/docs/apps/build/webhooks/subscribe/https */
export const shopifyWebhooks: WebhookPart = {
  headers: [
    { name: 'X-Shopify-Shop-Domain', required: true, description: 'The shop that the webhook is about.' },
    {
      name: 'X-Shopify-Hmac-Sha256',
      required: true,
      description: "The body's HMAC-SHA256 with the app's client secret, in base64.",
    },
    {
      name: 'X-Shopify-Topic',
      required: true,
      description: 'A topic of products or collections, app/uninstalled, or a topic of privacy.',
    },
    {
      name: 'X-Shopify-Triggered-At',
      required: false,
      description: 'When the webhook was caused. The end of an older connection changes nothing.',
    },
    {
      name: 'X-Shopify-Webhook-Id',
      required: false,
      description: 'The id of the webhook. A second webhook with the same id is a duplicate.',
    },
  ],
  idHeader: 'X-Shopify-Webhook-Id',
  announces: {
    senderOf(headers) {
      const shop = shopOfWebhook(read(headers));
      return shop === null ? null : { shop_domain: shop };
    },
    isGenuine: (rawBody, headers, { config, credentials }) =>
      isShopifyWebhook(rawBody, read(headers), {
        shop: shopOf(config),
        secrets: webhookSecrets(credentials),
      }),
    messageIn(headers, body) {
      const own = read(headers);
      const notice = webhookNotice(own);
      if (notice !== null) return notice;
      const topic = own['x-shopify-topic'];
      if (!/^(products|collections)\/(create|update|delete)$/.test(topic ?? ''))
        return {
          field: 'X-Shopify-Topic',
          message:
            'must be create, update or delete of products or collections, app/uninstalled, or a privacy topic.',
        };
      return webhookSubject(topic, body) ?? { field: 'body', message: 'names no product or collection.' };
    },
  },
};

/** A header that was sent twice counts as missing. */
function read(headers: AnyHeaders): WebhookHeaders {
  const text = (name: keyof WebhookHeaders) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    'x-shopify-topic': text('x-shopify-topic'),
    'x-shopify-hmac-sha256': text('x-shopify-hmac-sha256'),
    'x-shopify-shop-domain': text('x-shopify-shop-domain'),
    'x-shopify-webhook-id': text('x-shopify-webhook-id'),
    'x-shopify-triggered-at': text('x-shopify-triggered-at'),
  };
}
