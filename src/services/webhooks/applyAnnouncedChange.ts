import type { Transaction } from '../../database/client.ts';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import type { AnnouncedChange } from '../../platforms/webhookPart.ts';
import { isOutdated } from '../content/merge.ts';
import type { WebhookOutcome } from './applyToldChange.ts';

/**
 * Enqueues the reading of an announced content, in the caller's transaction, which holds the lock of the
 * content. A content that is announced as deleted is read too: the site confirms the deletion before the
 * content is marked.
 */
export async function applyAnnouncedChange(
  tx: Transaction,
  { siteId }: Pick<WebhookDelivery, 'siteId'>,
  integrationId: number,
  { contentType, externalId, modifiedAt, gone }: AnnouncedChange,
): Promise<WebhookOutcome> {
  const integration = await tx.siteIntegration.findFirst({
    where: { id: integrationId, siteId },
    select: { id: true, platform: true, isActive: true, syncEnabled: true },
  });
  const content =
    integration &&
    (await tx.content.findFirst({
      where: { siteId, platform: integration.platform, contentType, externalId },
    }));
  const outdated =
    content !== null && isOutdated(content, modifiedAt === null ? null : new Date(modifiedAt), new Date());
  // A deleted item cannot be read any more. Without a content here there is nothing to mark either.
  const isExcluded = content?.syncState === 'excluded';
  const nothingToRead = outdated || isExcluded || (content === null && gone);
  const reads = integration?.isActive && integration.syncEnabled && !nothingToRead;
  const known = isExcluded ? 'excluded' : outdated ? 'outdated' : 'announced';
  return {
    result: content === null ? 'unknown_content' : known,
    contentId: content?.id ?? null,
    externalId,
    integrationId: integration?.id ?? null,
    pull: reads ? { integrationId: integration.id, contentType, externalId } : null,
  };
}
