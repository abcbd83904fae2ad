import type { Transaction } from '../../database/client.ts';
import type { Content, WebhookDelivery } from '../../database/generated/client.ts';
import type { ContentJob } from '../../jobs/jobs.ts';
import type { ToldChange } from '../../platforms/webhookPart.ts';
import { hasBorne } from '../content/birth.ts';
import { lockRows } from '../content/contentLocks.ts';
import {
  hasLocalChanges,
  isOutdated,
  type MergeOutcome,
  markDeletedRemote,
  mergeRemote,
  type SiteItems,
} from '../content/merge.ts';
import { type SharedState, sharedState } from '../content/sharedState.ts';

/** As far apart as a site's clock and ours may be for its messages to be taken, and a little. Milliseconds. */
const clocksApartMs = 6 * 60_000;

/** What a delivery came to. */
export interface WebhookOutcome {
  /**
   * `deferred`: there are edits here too, so what happened is decided by reading the whole content.
   * `announced`: it was told that something happened, and what is seen by reading it.
   * `link_mismatch`: its key and its post do not belong together here, and nothing was changed.
   */
  result: MergeOutcome | 'echo' | 'unknown_content' | 'deferred' | 'announced' | 'link_mismatch';
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
    select: { id: true, isActive: true, syncEnabled: true },
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
  // What is gone cannot be read any more, and is not missed here.
  if (!content) return outcome('unknown_content', null, gone ? null : job());
  // One of which the site's id is not known yet was never answered: its echo is the answer.
  if (change.operationId !== null && change.operationId === content.lastOpId && content.externalId !== null)
    return outcome('echo', content);
  const modifiedAt = new Date(change.modifiedAt);
  if (isOutdated(content, modifiedAt, new Date())) return outcome('outdated', content);

  const facts = {
    externalId,
    platform,
    externalModifiedAt: modifiedAt,
    ...(change.externalStatus === undefined ? {} : { externalStatus: change.externalStatus }),
    ...(change.externalUrl === undefined ? {} : { externalUrl: change.externalUrl }),
  };
  if (gone) return outcome(await markDeletedRemote(tx, content, facts), content);
  // The post bears a key that is no content's here: reading it tells whose it is.
  if (found.isForeign) return outcome('deferred', content, job());
  if (hasLocalChanges(content)) {
    // A webhook tells a part, and only the whole can be compared with what both sides last agreed on.
    await tx.content.update({ where: { id: content.id }, data: facts });
    return outcome('deferred', content, job());
  }
  const known = content.externalModifiedAt;
  const newer = known === null || modifiedAt > known || known > new Date();
  const told = toldState(sharedState(content), change.fields);
  // No webhook says anything of the body, which may have changed with it: what is newer is read whole.
  const pull = newer || wasReadAtOnce(content) ? job() : null;
  return outcome(await mergeRemote(tx, content, told, facts), content, pull);
}

/**
 * May what is known have been read within the second of its date? Dates of WordPress are whole seconds, so that an
 * edit later in it bears the same. What was read later holds every edit of that date.
 */
function wasReadAtOnce({ lastSyncedAt, externalModifiedAt }: Content): boolean {
  if (lastSyncedAt === null || externalModifiedAt === null) return true;
  return lastSyncedAt.getTime() - externalModifiedAt.getTime() < clocksApartMs;
}

interface Found {
  content: Content | null;
  /** The post is known, and bears a key that is no content's of this site. */
  isForeign: boolean;
}

/**
 * The content that a message is about: by the id of its post, else by the key that it bears, where the content has no
 * post yet. `link_mismatch` where the key is that of a content with another post.
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
  // Sent to the site, and its answer never arrived: this webhook is the first to say what became of it.
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
