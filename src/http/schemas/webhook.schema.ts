import { z } from 'zod';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import { DeliveryStatus } from '../../database/generated/enums.ts';
import { bodyId, jsonObject, limitQuery, queryId, timestamp } from './common.schema.ts';

const postType = z.string().min(1).max(100);
/** A post's id as a number or as text; beyond 2^53 only text is exact, so only text is taken. */
const externalId = z
  .union([z.int().min(1), z.string().regex(/^[1-9]\d{0,19}$/)], {
    error: 'must be a post id, as text beyond 2^53',
  })
  .transform(String);
/** WordPress writes times without an offset; `_gmt` says that they are UTC. */
const modifiedGmt = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?Z?$/,
    'must be a time in UTC such as 2026-01-31T12:00:00Z',
  )
  .transform((text) => `${text.replace(' ', 'T').replace(/Z$/, '')}Z`)
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time that exists');

const fields = {
  external_id: externalId,
  content_key: z
    .uuid('must be the key of a content, a UUID')
    .transform((key) => key.toLowerCase())
    .exactOptional()
    .meta({ description: 'The key of the content that the post is, where the plugin knows it.' }),
  content_id: bodyId.exactOptional().meta({
    description:
      'Sent by plugins before 0.4.0. Numbers come back with a restored database: nothing is decided by it.',
  }),
  post_type: postType,
  modified_gmt: modifiedGmt,
  op_id: z.string().min(1).max(200).exactOptional(),
};

/** What a newer plugin says besides is left out. */
export const statusWebhook = z.object({
  ...fields,
  status: z.string().min(1).max(50),
  url: z.string().max(2_000).exactOptional(),
});

export const metadataWebhook = z.object({
  ...fields,
  title: z.string().exactOptional(),
  slug: z.string().max(1_000).exactOptional(),
  excerpt: z.string().exactOptional(),
  terms: z
    .array(
      z.object({
        taxonomy: z.string().max(100),
        slug: z.string().max(1_000),
        name: z.string().max(1_000),
      }),
    )
    .max(10_000)
    .exactOptional(),
  meta: jsonObject.exactOptional(),
});

export const webhookResponse = z.object({
  received: z.literal(true),
  delivery_id: z.int(),
  duplicate: z.boolean(),
});

export const deliveryQuery = z.object({
  status: z.enum(DeliveryStatus).optional(),
  site_id: queryId.optional(),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the next_cursor of an earlier answer')
    .optional(),
  limit: limitQuery,
});

export const deliveryParams = z.object({
  id: z
    .string()
    .regex(/^-?\d{1,40}$/, 'must be a whole number')
    .transform((text) => (/^[1-9]\d{0,17}$/.test(text) ? BigInt(text) : 0n)),
});

export const deliverySchema = z
  .object({
    id: z.int(),
    key: z.uuid().meta({ description: 'Tells it from every other delivery, also after a restored backup.' }),
    site_id: z.int(),
    webhook_id: z.string(),
    topic: z.enum(['status', 'metadata', 'changed', 'deleted']),
    status: z.enum(DeliveryStatus),
    attempts: z.int(),
    body: jsonObject,
    error_message: z.string().nullable(),
    received_at: timestamp,
    processed_at: timestamp.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

export const deliveriesResponse = z.object({
  results: z.array(deliverySchema),
  next_cursor: z.string().nullable(),
});

export function deliveryBody(delivery: WebhookDelivery) {
  return {
    id: Number(delivery.id),
    key: delivery.key,
    site_id: delivery.siteId,
    webhook_id: delivery.webhookId,
    topic: delivery.topic,
    status: delivery.status,
    attempts: delivery.attempts,
    body: delivery.body,
    error_message: delivery.errorMessage,
    received_at: delivery.receivedAt.toISOString(),
    processed_at: delivery.processedAt?.toISOString() ?? null,
  };
}
