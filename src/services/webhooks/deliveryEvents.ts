import type { WebhookDelivery } from '../../database/generated/client.ts';
import type { EventAction } from '../events/eventActions.ts';
import type { EventInput } from '../events/eventLog.ts';

interface DeliveryOutcome
  extends Partial<Pick<EventInput, 'integrationId' | 'contentId' | 'externalId' | 'durationMs'>> {
  action: EventAction<'webhook'>;
  /** Why the delivery was not applied; null for a success. */
  error: string | null;
  details: Record<string, string | number | boolean | null>;
}

/** The event about what became of a delivery. */
export function deliveryEvent(
  { id, accountId, siteId, topic }: Pick<WebhookDelivery, 'id' | 'accountId' | 'siteId' | 'topic'>,
  { details, error, ...outcome }: DeliveryOutcome,
): EventInput {
  return {
    accountId,
    siteId,
    integrationId: null,
    type: 'webhook',
    success: error === null,
    error,
    ...outcome,
    details: { delivery_id: Number(id), topic, ...details },
  };
}
