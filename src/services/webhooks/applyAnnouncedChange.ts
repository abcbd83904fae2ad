import { z } from 'zod';
import type { Transaction } from '../../database/client.ts';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { AnnouncedChange } from '../../platforms/webhookPart.ts';
import { isOutdated, subjectOf } from '../content/merge.ts';
import type { OwnedIntegration } from '../integrations/openConnection.ts';
import type { WebhookOutcome } from './applyToldChange.ts';
import type { IncomingDelivery } from './webhookIntake.service.ts';

const storedChange = z.object({
  integration_id: z.int(),
  content_type: z.string(),
  external_id: z.string(),
  modified_at: z.iso.datetime().nullable(),
});
export type StoredChange = z.output<typeof storedChange> & { topic: 'changed' | 'deleted' };

/** A change that a webhook announced to an integration, as a delivery is kept. */
export function deliveryOf(
  integration: Pick<OwnedIntegration, 'id'>,
  change: AnnouncedChange,
): Pick<IncomingDelivery, 'topic' | 'subject'> & { body: JsonObject } {
  return {
    topic: change.gone ? 'deleted' : 'changed',
    subject: subjectOf(change.contentType, change.externalId),
    body: {
      integration_id: integration.id,
      content_type: change.contentType,
      external_id: change.externalId,
      modified_at: change.modifiedAt,
    },
  };
}

/** What a delivery announces; null for one that tells itself what has changed. Throws ZodError for a broken one. */
export function announcedChange({
  topic,
  body,
}: Pick<WebhookDelivery, 'topic' | 'body'>): StoredChange | null {
  return topic === 'changed' || topic === 'deleted' ? { topic, ...storedChange.parse(body) } : null;
}

/**
 * Has the content read from its site, in the caller's transaction, which holds the lock of the content. Also one that
 * is said to be gone: the site confirms that before it is marked.
 */
export async function applyAnnouncedChange(
  tx: Transaction,
  { siteId }: Pick<WebhookDelivery, 'siteId'>,
  change: StoredChange,
): Promise<WebhookOutcome> {
  const { content_type: contentType, external_id: externalId, modified_at: modifiedAt } = change;
  const integration = await tx.siteIntegration.findFirst({
    where: { id: change.integration_id, siteId },
    select: { id: true, platform: true, isActive: true, syncEnabled: true },
  });
  const content =
    integration &&
    (await tx.content.findFirst({
      where: { siteId, platform: integration.platform, contentType, externalId },
    }));
  const outdated =
    content !== null && isOutdated(content, modifiedAt === null ? null : new Date(modifiedAt), new Date());
  // What is gone cannot be read any more, and is not missed here.
  const nothingToRead = outdated || (content === null && change.topic === 'deleted');
  const reads = integration?.isActive && integration.syncEnabled && !nothingToRead;
  return {
    result: content === null ? 'unknown_content' : outdated ? 'outdated' : 'announced',
    contentId: content?.id ?? null,
    externalId,
    integrationId: integration?.id ?? null,
    pull: reads ? { integrationId: integration.id, contentType, externalId } : null,
  };
}
