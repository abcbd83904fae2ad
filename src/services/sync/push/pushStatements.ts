/** SQL statements that store pushed contents as their site has saved them. */
import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { ContentTexts } from '../../../platforms/contentTexts.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { bornAs, isItemOf } from '../../content/birth.ts';
import { builtWithNow } from '../../content/builtContents.ts';
import { isOnSite } from '../../content/excluded.ts';
import { hasLocalChanges, remoteFacts, type SiteItems, storedState } from '../../content/merge.ts';
import { columnsAsWritten, isAsWasSent, shownStatus } from '../../content/sentAndKept.ts';
import { metadataOf, type SharedState, sharedState } from '../../content/sharedState.ts';

/** A content that its site has saved. */
export interface PushedContent {
  /** The content as it was sent. */
  sent: Content;
  remote: RemoteContent;
  /** The shared state that the site has now. */
  state: SharedState;
}

/**
 * Stores pushed contents of one type in one statement. An edit that was made here meanwhile stays, and is
 * still to be sent. A content that was deleted here meanwhile stays deleted, and its item stays on the site.
 * @param twins external ids of items that also have a content of their own; see `isTwin`.
 */
export async function storePushed(
  tx: Transaction,
  pushed: readonly PushedContent[],
  twins: ReadonlySet<string>,
  now: Date,
): Promise<void> {
  const ids = pushed.map(({ sent }) => sent.id);
  const contents = new Map(
    (await tx.content.findMany({ where: { id: { in: ids } } })).map((content) => [content.id, content]),
  );
  const rows = [];
  for (const { sent, remote, state } of pushed) {
    let content = contents.get(sent.id);
    if (content === undefined) continue;
    if (twins.has(remote.externalId)) content = await takeOverTwin(tx, content, remote.externalId);
    const edited = content.localVersion > sent.localVersion;
    const { baseHash, remoteHash, ...finished } = columnsAsWritten(content, state, remote.visibility);
    const { slug, terms, metadata, status } = edited
      ? { ...content, metadata: metadataOf(content) }
      : finished;
    const facts = remoteFacts(remote);
    rows.push({
      id: content.id,
      external_id: remote.externalId,
      external_status: facts.externalStatus,
      external_url: facts.externalUrl,
      external_modified_at: facts.externalModifiedAt?.toISOString() ?? null,
      remote_tag: facts.remoteTag,
      birth: bornAs(remote),
      slug,
      terms,
      metadata,
      status: shownStatus(status, remote.visibility),
      visibility: remote.visibility,
      built_with: builtWithNow(remote, content),
      base_hash: baseHash,
      remote_hash: remoteHash,
      sync_state: edited ? 'local_changes' : 'in_sync',
      synced_version: sent.localVersion,
    });
  }
  await tx.$executeRaw`
    UPDATE content SET external_id = pushed.external_id, external_status = pushed.external_status,
      external_url = pushed.external_url, external_modified_at = pushed.external_modified_at,
      remote_tag = pushed.remote_tag, birth = nullif(pushed.birth, 'null'), slug = pushed.slug, terms = pushed.terms, metadata = pushed.metadata,
      status = pushed.status::content_status, visibility = pushed.visibility::content_visibility, base_hash = pushed.base_hash, remote_hash = pushed.remote_hash,
      sync_state = pushed.sync_state::sync_state, synced_version = pushed.synced_version, create_begun_at = NULL,
      create_sent_as = NULL, link_mismatch = NULL, built_with = pushed.built_with, waits_since = NULL, last_synced_at = ${now}, updated_at = ${now}
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS pushed (id int, external_id text, external_status text,
      external_url text, external_modified_at timestamptz, remote_tag text, birth jsonb, slug text, terms jsonb, metadata jsonb,
      status text, visibility text, built_with text, base_hash text, remote_hash text, sync_state text, synced_version int)
    WHERE content.id = pushed.id`;
}

/** The content to which an item belongs. */
export interface Holder extends Pick<Content, 'birth'> {
  id: number;
  /** The content was pushed to the site, not only pulled. */
  isSent: boolean;
  createdAt: Date;
  /** The content's item is known to be gone. */
  isGone: boolean;
  /** The content is part of the batch that is being written. */
  isOfBatch: boolean;
}

/** Returns the contents to which these items belong, by external id. */
export async function holdersOf(
  tx: Transaction,
  { siteId, platform, contentType }: SiteItems,
  externalIds: readonly string[],
): Promise<Map<string, Holder>> {
  const rows = await tx.$queryRaw<(Holder & { externalId: string })[]>`
    /* planned each time */ SELECT id, birth, external_id AS "externalId", last_op_id IS NOT NULL AS "isSent",
      created_at AS "createdAt", NOT ${isOnSite} AS "isGone", false AS "isOfBatch"
    FROM content
    WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
      AND external_id = ANY(${[...externalIds]})`;
  return new Map(rows.map(({ externalId, ...holder }) => [externalId, holder]));
}

/**
 * Returns the other content to which an item belongs. null if there is none, if that content is a twin (see
 * `isTwin`), or if `content` already has an item.
 */
export async function ownerOf(
  tx: Transaction,
  content: Content,
  externalId: string,
): Promise<Content | null> {
  const { id, siteId, platform, contentType } = content;
  if (content.externalId !== null) return null;
  const owner = await tx.content.findFirst({ where: { siteId, platform, contentType, externalId } });
  if (owner === null || owner.id === id) return null;
  return isTwin({ isSent: owner.lastOpId !== null, createdAt: owner.createdAt }, content) ? null : owner;
}

/**
 * Was the holder created for the item that this content's own create has made? This happens if a webhook
 * about the item arrives before the response to the create.
 */
export function isTwin(
  holder: Pick<Holder, 'isSent' | 'createdAt'>,
  { createBegunAt }: Pick<Content, 'createBegunAt'>,
): boolean {
  return !holder.isSent && createBegunAt !== null && holder.createdAt >= createBegunAt;
}

/**
 * Did the site create the item for this content with an id that the holder's item had before? A site that was
 * restored from a backup uses ids again. If the item has other texts than the content, a wrong response is
 * more likely.
 */
export function hasGotId(
  holder: Holder,
  content: Pick<Content, 'key' | 'externalId' | keyof ContentTexts>,
  item: RemoteContent,
): boolean {
  const mayBe = content.externalId === null && !holder.isOfBatch;
  return mayBe && (holder.isGone || isItemOf(content, item, holder) || isAsWasSent(item, content));
}

/**
 * Deletes the twin of a content. A webhook that arrived before the response to the create may have stored the
 * new item as a content of its own. Edits of the twin become edits of the content. Returns the content after
 * that.
 */
export async function takeOverTwin(tx: Transaction, content: Content, externalId: string): Promise<Content> {
  const { id, siteId, platform, contentType } = content;
  const twin = await tx.content.findFirst({ where: { siteId, platform, contentType, externalId } });
  if (!twin || twin.id === id) return content;
  await tx.content.delete({ where: { id: twin.id } });
  if (!hasLocalChanges(twin)) return content;
  return tx.content.update({
    where: { id },
    data: { ...storedState(sharedState(twin), twin.visibility), localVersion: { increment: 1 } },
  });
}
