import { z } from 'zod';
import { fromJsonColumn } from '../../database/exactJson.ts';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import { DeliveryStatus } from '../../database/generated/enums.ts';
import { webhookTopics } from '../../platforms/webhookPart.ts';
import { jsonObject, limitQuery, queryId, timestamp } from './common.schema.ts';

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
    key: z
      .uuid()
      .meta({ description: 'Identifies the delivery; never used again, also after a restored backup.' }),
    site_id: z.int(),
    webhook_id: z.string(),
    topic: z.enum(webhookTopics),
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
    body: fromJsonColumn(delivery.body),
    error_message: delivery.errorMessage,
    received_at: delivery.receivedAt.toISOString(),
    processed_at: delivery.processedAt?.toISOString() ?? null,
  };
}
