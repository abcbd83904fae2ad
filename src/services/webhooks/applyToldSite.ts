import type { Transaction } from '../../database/client.ts';
import type { WebhookDelivery } from '../../database/generated/client.ts';
import type { ToldSite } from '../../platforms/webhookPart.ts';
import { lockIntegration } from '../integrations/integrationRow.ts';
import { factsOf, haveSameLinks, readSiteFacts } from './siteFacts.ts';
import { isOlder, type SiteOutcome } from './siteMessage.ts';

/**
 * Stores what a site tells of itself, in the caller's transaction. If the base of its links has changed, all links
 * are read again. They are also read after the first message, because nobody knows how the links were made before.
 */
export async function applyToldSite(
  tx: Transaction,
  platform: string,
  { siteId }: Pick<WebhookDelivery, 'siteId'>,
  site: ToldSite,
): Promise<SiteOutcome> {
  const where = { siteId_platform: { siteId, platform } };
  const found = await tx.siteIntegration.findUnique({ where, select: { id: true } });
  if (found) await lockIntegration(tx, found.id);
  const integration =
    found && (await tx.siteIntegration.findUnique({ where, select: { id: true, siteFacts: true } }));
  const outcome = (result: SiteOutcome['result'], reads = false): SiteOutcome => ({
    result,
    integrationId: integration?.id ?? null,
    details: { home: site.home, posts_changed: site.manyChanged },
    reads,
  });
  if (!integration) return outcome('unchanged');
  const known = readSiteFacts(integration.siteFacts);
  const facts = factsOf(site);
  // The other fields are older than the known ones, while posts may have changed since they were read.
  if (known !== null && isOlder(facts.at, new Date(known.at), new Date()))
    return outcome('outdated', site.manyChanged);
  const linksChanged =
    known === null
      ? (await tx.content.findFirst({
          where: { siteId, platform, externalUrl: { not: null } },
          select: { id: true },
        })) !== null
      : !haveSameLinks(known, facts);
  await tx.siteIntegration.update({
    where: { id: integration.id },
    data: { siteFacts: facts, ...(linksChanged ? { linksChangedAt: new Date() } : {}) },
  });
  if (linksChanged) return outcome('links_changed', true);
  const isSame = known !== null && known.name === facts.name && known.time_zone === facts.time_zone;
  return outcome(isSame ? 'unchanged' : 'updated', site.manyChanged);
}
