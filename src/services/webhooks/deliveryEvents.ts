import type { Transaction } from '../../database/client.ts';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import type { EventAction } from '../events/eventActions.ts';
import type { EventLog } from '../events/eventLog.ts';

/** Records what became of a delivery. `error` is null for a success. */
export function recordDelivery(
  tx: Transaction,
  events: EventLog,
  delivery: WebhookDelivery,
  action: EventAction<'webhook'>,
  error: string | null,
  details: Record<string, string | number | boolean | null>,
  outcome: { integrationId?: number | null; contentId?: number | null; externalId?: string } = {},
  durationMs?: number,
): Promise<void> {
  return events.record(tx, {
    accountId: delivery.accountId,
    siteId: delivery.siteId,
    integrationId: outcome.integrationId ?? null,
    type: 'webhook',
    action,
    success: error === null,
    contentId: outcome.contentId ?? null,
    externalId: outcome.externalId ?? null,
    error,
    details: { delivery_id: Number(delivery.id), topic: delivery.topic, ...details },
    ...(durationMs === undefined ? {} : { durationMs }),
  });
}
