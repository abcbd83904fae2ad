import type { Transaction } from '../../database/client.ts';
import { type Content, Prisma } from '../../database/generated/client.ts';
import { textsOf } from '../../platforms/contentTexts.ts';
import type { RemoteContent, Visibility } from '../../platforms/remoteContent.ts';
import { bornAs } from './birth.ts';
import { columnsAsWritten, isAsSent, noCreate, shownStatus } from './sentAndKept.ts';
import { contentHash, isHashOf, type SharedState, sharedState } from './sharedState.ts';
import { columnsAfterUndated } from './undatedChange.ts';

/**
 * The outcome of a change that the site announced. `settled_*`: both sides had changed, and the integration's
 * conflict rule decided.
 */
export type MergeOutcome =
  | 'created'
  | 'updated'
  | 'unchanged'
  | 'conflict'
  | 'settled_local'
  | 'settled_remote'
  | 'outdated'
  | 'deleted_remote';

/**
 * Which side wins if both sides changed, from `config_json.sync_settings.conflict`. `flag` leaves the
 * decision to a person.
 */
export type ConflictRule = 'flag' | 'newest' | 'local' | 'remote';

/** Facts about a content that only its site knows. */
export interface RemoteFacts {
  externalStatus?: string;
  visibility?: Visibility;
  builtWith?: string | null;
  externalUrl?: string | null;
  externalModifiedAt?: Date | null;
  remoteTag?: string | null;
  birth?: Prisma.InputJsonObject | typeof Prisma.DbNull;
}

/** The items of one type on one site. Within them, an external id identifies an item. */
export interface SiteItems {
  siteId: number;
  platform: string;
  contentType: string;
}

/** Does the content have edits that the site has not received? */
export function hasLocalChanges(content: Pick<Content, 'localVersion' | 'syncedVersion'>): boolean {
  return content.localVersion > content.syncedVersion;
}

/**
 * Is `modifiedAt` older than the last known change of the item? A known time after `now` proves nothing:
 * WordPress dates a scheduled post at its publish date, and a later edit of the post at the time of the edit.
 */
export function isOutdated(
  content: Pick<Content, 'externalModifiedAt'>,
  modifiedAt: Date | null,
  now: Date,
): boolean {
  const known = content.externalModifiedAt;
  return modifiedAt !== null && known !== null && known <= now && modifiedAt < known;
}

/** Picks from an item the facts that only its site knows. */
export function remoteFacts(
  remote: RemoteContent,
): Required<Omit<RemoteFacts, 'builtWith'>> & Pick<RemoteFacts, 'builtWith'> {
  return {
    ...(remote.builtWith === undefined ? {} : { builtWith: remote.builtWith }),
    externalStatus: remote.externalStatus,
    visibility: remote.visibility,
    externalUrl: remote.url,
    externalModifiedAt: remote.modifiedAt === null ? null : new Date(remote.modifiedAt),
    remoteTag: remote.tag,
    birth: bornAs(remote) ?? Prisma.DbNull,
  };
}

/**
 * Merges the site's state into a stored content. A three-way comparison uses the base on which both sides
 * last agreed, the local edits and the site's state. If both sides changed, the content becomes a conflict
 * and nothing is overwritten, unless `rule` decides, or the site's change is of terms or metadata and has no date.
 * `facts` (status, address, time on the site) are always stored.
 */
export async function mergeRemote(
  tx: Transaction,
  content: Content,
  remote: SharedState,
  facts: RemoteFacts,
  rule: ConflictRule = 'flag',
): Promise<MergeOutcome> {
  const where = { id: content.id };
  const visibility = facts.visibility ?? content.visibility;
  const seen = { ...facts, status: shownStatus(content.status, visibility) };
  const hash = contentHash(remote);
  const local = contentHash(sharedState(content));
  if (isHashOf(content.baseHash, remote, hash) && hash !== local) {
    return keepLocalState(tx, content, seen, hash);
  }
  if (hasLocalChanges(content) && hash !== local && isAsSent(content, remote)) {
    // Either our own write whose response was lost, or the same edit on both sides.
    await tx.content.update({
      where,
      data: {
        ...seen,
        ...columnsAsWritten(content, remote, visibility),
        syncState: 'in_sync',
        syncedVersion: content.localVersion,
        waitsSince: null,
        ...noCreate,
        lastSyncedAt: new Date(),
      },
    });
    return 'updated';
  }
  const bothChanged = hasLocalChanges(content) && hash !== local;
  const undated = bothChanged ? columnsAfterUndated(content, remote, facts.externalModifiedAt ?? null) : null;
  if (undated !== null) {
    await tx.content.update({ where, data: { ...seen, ...undated } });
    return 'updated';
  }
  const winner = bothChanged ? settle(rule, content, facts.externalModifiedAt ?? null) : 'remote';
  if (winner === null) {
    await tx.content.update({ where, data: { ...seen, syncState: 'conflict', remoteHash: hash } });
    // A conflict that was reported before is not reported again.
    return content.syncState === 'conflict' && isHashOf(content.remoteHash, remote)
      ? 'unchanged'
      : 'conflict';
  }
  if (winner === 'local') {
    // The site's current state becomes the base of the local edits.
    const data = { ...seen, syncState: 'local_changes', baseHash: hash, remoteHash: hash } as const;
    await tx.content.update({ where, data });
    return 'settled_local';
  }
  await tx.content.update({
    where,
    data: {
      ...seen,
      ...(hash === local ? {} : storedState(remote, visibility)),
      baseHash: hash,
      remoteHash: hash,
      syncState: 'in_sync',
      syncedVersion: content.localVersion,
      waitsSince: null,
      lastSyncedAt: new Date(),
    },
  });
  if (bothChanged) return 'settled_remote';
  const isSame = hash === local && content.syncState === 'in_sync' && content.status === seen.status;
  return isSame ? 'unchanged' : 'updated';
}

/** The site has not changed since the base, or its change was undone. `hash` is that of the site's state. */
async function keepLocalState(
  tx: Transaction,
  content: Content,
  seen: RemoteFacts & Pick<Content, 'status'>,
  hash: string,
): Promise<MergeOutcome> {
  const isEdited = hasLocalChanges(content);
  const syncState = isEdited ? 'local_changes' : 'in_sync';
  const waitsSince = isEdited ? content.waitsSince : null;
  const data = { ...seen, syncState, waitsSince, remoteHash: hash } as const;
  await tx.content.update({ where: { id: content.id }, data });
  return content.syncState === syncState && content.status === seen.status ? 'unchanged' : 'updated';
}

/**
 * Returns the side that wins; null if a person must decide. `newest` compares a time of our clock with a time
 * of the site's clock. If one of them is missing, a person must decide.
 */
function settle(
  rule: ConflictRule,
  content: Pick<Content, 'editedAt'>,
  modifiedAt: Date | null,
): 'local' | 'remote' | null {
  if (rule === 'flag') return null;
  if (rule !== 'newest') return rule;
  if (content.editedAt === null || modifiedAt === null) return null;
  return content.editedAt > modifiedAt ? 'local' : 'remote';
}

/** Returns the columns that store a shared state. */
export function storedState(state: SharedState, visibility: Visibility) {
  const status = shownStatus(state.status === 'published' ? 'published' : 'draft', visibility);
  const terms: Prisma.InputJsonArray = state.terms.map(({ taxonomy, slug: termSlug, name }) => ({
    taxonomy,
    slug: termSlug,
    name,
  }));
  return { ...textsOf(state), status, terms, metadata: state.metadata };
}
