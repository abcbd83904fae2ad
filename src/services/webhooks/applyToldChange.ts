import type { Transaction } from '../../database/client.ts';
import type { Content, WebhookDelivery } from '../../database/generated/client.ts';
import type { ContentJob } from '../../jobs/jobs.ts';
import type { ToldChange } from '../../platforms/webhookPart.ts';
import { hasBorne } from '../content/birth.ts';
import { lockRows } from '../content/contentLocks.ts';
import { markDeletedRemote } from '../content/lostItem.ts';
import {
  hasLocalChanges,
  isOutdated,
  type MergeOutcome,
  mergeRemote,
  type SiteItems,
} from '../content/merge.ts';
import { type SharedState, sharedState } from '../content/sharedState.ts';
import {
  type ConnectedSite,
  connectedHome,
  isOnHostOf,
  ofConnectedSite,
} from '../integrations/siteCopies.ts';

/** The largest accepted difference between a site's clock and ours, and a little more. Milliseconds. */
const clocksApartMs = 6 * 60_000;

/** The outcome of a delivery. */
export interface WebhookOutcome {
  /**
   * `deferred`: there are edits here too, the content is in conflict, or the post has an unknown key. The whole
   * content is read to decide.
   * `announced`: the webhook only announced a change. The content is read from the site.
   * `link_mismatch`: the key in the webhook and the post belong to different contents. Nothing was changed.
   * `excluded`: the content was deleted here and stays away.
   */
  result: MergeOutcome | 'echo' | 'unknown_content' | 'deferred' | 'announced' | 'link_mismatch' | 'excluded';
  contentId: number | null;
  externalId: string;
  integrationId: number | null;
  /** A content that has to be read from the site. */
  pull: ContentJob | null;
}

/** Applies a delivery in the caller's transaction, which holds the lock of the content. */
export async function applyToldChange(
  tx: Transaction,
  platform: string,
  delivery: Pick<WebhookDelivery, 'siteId'>,
  change: ToldChange,
): Promise<WebhookOutcome> {
  const integration = await tx.siteIntegration.findUnique({
    where: { siteId_platform: { siteId: delivery.siteId, platform } },
    select: { ...ofConnectedSite, isActive: true, syncEnabled: true },
  });
  const pulls = integration?.isActive && integration.syncEnabled ? integration.id : null;
  const { contentType, externalId, gone } = change;
  const job = (): ContentJob | null =>
    pulls === null ? null : { integrationId: pulls, contentType, externalId };
  const outcome = (
    result: WebhookOutcome['result'],
    content: Content | null,
    pull: ContentJob | null = null,
  ): WebhookOutcome => ({
    result,
    contentId: content?.id ?? null,
    externalId,
    integrationId: integration?.id ?? null,
    pull,
  });

  const found = await findContent(tx, { siteId: delivery.siteId, platform }, change);
  if (found === 'link_mismatch') return outcome(found, null);
  const { content } = found;
  // A deleted item cannot be read any more. Without a content here there is nothing to mark either.
  if (!content) return outcome('unknown_content', null, gone ? null : job());
  // A content whose external id is unknown never got a response to its create. The webhook about it carries
  // the id, so it is applied, although it is an echo.
  if (change.operationId !== null && change.operationId === content.lastOpId && content.externalId !== null)
    return outcome('echo', content);
  const modifiedAt = new Date(change.modifiedAt);
  if (isOutdated(content, modifiedAt, new Date())) return outcome('outdated', content);

  const facts = {
    externalId,
    platform,
    externalModifiedAt: modifiedAt,
    ...(change.externalStatus === undefined ? {} : { externalStatus: change.externalStatus }),
    ...urlOf(change, content, integration),
    ...(change.visibility === undefined ? {} : { visibility: change.visibility }),
  };
  if (content.syncState === 'excluded') {
    if (gone) await markDeletedRemote(tx, content, facts);
    return outcome('excluded', content);
  }
  if (gone) return outcome(await markDeletedRemote(tx, content, facts), content);
  // The post carries a key that no content has here. Reading the post shows to which content it belongs.
  if (found.isForeign) return outcome('deferred', content, job());
  if (hasLocalChanges(content) || content.syncState === 'conflict') {
    // A webhook carries only a part. The comparison with the last agreed state needs the whole content. So does
    // the doubt whether the post is still the content's: a part of it must not end the conflict.
    await tx.content.update({ where: { id: content.id }, data: facts });
    return outcome('deferred', content, job());
  }
  const known = content.externalModifiedAt;
  const newer = known === null || modifiedAt > known || known > new Date();
  const told = toldState(sharedState(content), change.fields);
  // A webhook never carries the body, which may have changed too. So the whole content is read after a newer
  // change.
  const pull = newer || wasReadAtOnce(content) ? job() : null;
  return outcome(await mergeRemote(tx, content, told, facts), content, pull);
}

/**
 * The address of the item, if it is on a host of the site. Otherwise the address of before stays, and the site
 * is asked for it. Nobody but the site decides where a link leads.
 */
function urlOf(
  { externalUrl }: ToldChange,
  content: Content,
  site: ConnectedSite | null,
): { externalUrl?: string } {
  const own = [content.externalUrl, site && connectedHome(site), site?.site.url ?? null];
  return externalUrl !== undefined && isOnHostOf(externalUrl, own) ? { externalUrl } : {};
}

/**
 * May the known state have been read within the second of its date? WordPress dates are whole seconds, so a
 * later edit in the same second has the same date. A state that was read later includes every edit of that
 * date.
 */
function wasReadAtOnce({ lastSyncedAt, externalModifiedAt }: Content): boolean {
  if (lastSyncedAt === null || externalModifiedAt === null) return true;
  return lastSyncedAt.getTime() - externalModifiedAt.getTime() < clocksApartMs;
}

interface Found {
  content: Content | null;
  /** The post is known, and carries a key that no content of this site has. */
  isForeign: boolean;
}

/**
 * Finds the content of a message by the id of the post. Otherwise finds it by the key in the message, if the
 * content with that key has no post yet. Returns `link_mismatch` if the content with the key has another
 * post.
 */
async function findContent(
  tx: Transaction,
  { siteId, platform }: Pick<SiteItems, 'siteId' | 'platform'>,
  { contentType, externalId, contentKey: key }: ToldChange,
): Promise<Found | 'link_mismatch'> {
  const known = await tx.content.findFirst({ where: { siteId, platform, contentType, externalId } });
  if (key === null || known?.key === key) return { content: known, isForeign: false };
  const named = await tx.content.findFirst({ where: { key, siteId } });
  if (named === null) return { content: known, isForeign: known !== null && !hasBorne(known, key) };
  const isWaiting =
    named.externalId === null &&
    named.contentType === contentType &&
    (named.platform ?? platform) === platform;
  if (known !== null || !isWaiting) return 'link_mismatch';
  // The content was sent to the site and the response never arrived. This webhook is the first news of its
  // post.
  await lockRows(tx, [named.id]);
  const content = await tx.content.findFirst({ where: { id: named.id, externalId: null } });
  return { content, isForeign: false };
}

/** The known state with the fields that the webhook carries. */
function toldState(state: SharedState, { metadata, ...fields }: ToldChange['fields']): SharedState {
  const entries = Object.entries({ ...state.metadata, ...metadata });
  return {
    ...state,
    ...fields,
    metadata: Object.fromEntries(
      entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}
