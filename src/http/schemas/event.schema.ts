import { z } from 'zod';
import type { SyncEvent } from '../../database/generated/client.ts';
import { EventType } from '../../database/generated/enums.ts';
import { eventActions } from '../../services/events/eventActions.ts';
import type { EventFilter, EventPage } from '../../services/events/eventLog.ts';
import { jsonObject, limitQuery, queryBoolean, timestamp } from './common.schema.ts';

export const eventQuery = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the next_cursor of an earlier answer')
    .optional(),
  limit: limitQuery,
  event_type: z.enum(EventType).optional(),
  success: queryBoolean.optional(),
});

/** The list of actions, for the documentation. */
const actionsByType = `${Object.entries(eventActions)
  .map(([type, actions]) => `${type}: ${actions.join(', ')}`)
  .join('; ')}; content: the code of a note about a write.`;

export const eventSchema = z
  .object({
    id: z.int(),
    key: z
      .uuid()
      .meta({ description: 'Identifies the event; never used again, also after a restored backup.' }),
    site_id: z.int(),
    integration_id: z.int().nullable(),
    event_type: z.enum(EventType),
    action: z.string().meta({ description: actionsByType }),
    success: z.boolean(),
    content_id: z.int().nullable(),
    external_id: z.string().nullable(),
    details: jsonObject,
    error_message: z.string().nullable(),
    duration_ms: z.int().nullable(),
    created_at: timestamp,
  })
  .meta({ id: 'Event' });

export const eventsResponse = z.object({ results: z.array(eventSchema), next_cursor: z.string().nullable() });

export function eventFilter(query: z.output<typeof eventQuery>): EventFilter {
  return {
    limit: query.limit,
    ...(query.cursor === undefined ? {} : { before: BigInt(query.cursor) }),
    ...(query.event_type === undefined ? {} : { type: query.event_type }),
    ...(query.success === undefined ? {} : { success: query.success }),
  };
}

export function eventBody(event: SyncEvent) {
  return {
    id: Number(event.id),
    key: event.key,
    site_id: event.siteId,
    integration_id: event.integrationId,
    event_type: event.eventType,
    action: event.action,
    success: event.success,
    content_id: event.contentId,
    external_id: event.externalId,
    details: event.details,
    error_message: event.errorMessage,
    duration_ms: event.durationMs,
    created_at: event.createdAt.toISOString(),
  };
}

export function eventsBody(page: EventPage) {
  return {
    results: page.events.map(eventBody),
    next_cursor: page.nextBefore === null ? null : String(page.nextBefore),
  };
}
