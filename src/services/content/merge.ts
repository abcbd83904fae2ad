import type { Transaction } from '../../database/client.ts';
import { type Content, Prisma } from '../../database/generated/client.ts';
import type { RemoteContent } from '../../platforms/contentPart.ts';
import { textsOf } from '../../platforms/contentTexts.ts';
import { bornAs } from './birth.ts';
import { columnsAsWritten, isAsSent, noCreate } from './sentAndKept.ts';
import { contentHash, isHashOf, type SharedState, sharedState } from './sharedState.ts';

/** What a word from the site came to. `settled_*`: both sides had changed, and the integration's rule decided. */
export type MergeOutcome =
  | 'created'
  | 'updated'
  | 'unchanged'
  | 'conflict'
  | 'settled_local'
  | 'settled_remote'
  | 'outdated'
  | 'deleted_remote';

/** Who wins where both sides changed; `flag` leaves it to a person. As `config_json.sync_settings.conflict`. */
export type ConflictRule = 'flag' | 'newest' | 'local' | 'remote';

/** What a site alone knows of a content. */
export interface RemoteFacts {
  externalStatus?: string;
  externalUrl?: string | null;
  externalModifiedAt?: Date | null;
  remoteTag?: string | null;
  birth?: Prisma.InputJsonObject | typeof Prisma.DbNull;
}

/** What a site has of one type: within it, an id of the site says which item it is. */
export interface SiteItems {
  siteId: number;
  platform: string;
  contentType: string;
}

/** Are there edits here that the site has not been told of? */
export function hasLocalChanges(content: Pick<Content, 'localVersion' | 'syncedVersion'>): boolean {
  return content.localVersion > content.syncedVersion;
}

/**
 * Does the site speak of a time before what is already known? A known time that lies ahead of `now` says nothing:
 * WordPress dates a post that it is to publish later by that day, and edits of it by theirs.
 */
export function isOutdated(
  content: Pick<Content, 'externalModifiedAt'>,
  modifiedAt: Date | null,
  now: Date,
): boolean {
  const known = content.externalModifiedAt;
  return modifiedAt !== null && known !== null && known <= now && modifiedAt < known;
}

/** The site's own part of what it has. */
export function remoteFacts(remote: RemoteContent): Required<RemoteFacts> {
  return {
    externalStatus: remote.externalStatus,
    externalUrl: remote.url,
    externalModifiedAt: remote.modifiedAt === null ? null : new Date(remote.modifiedAt),
    remoteTag: remote.tag,
    birth: bornAs(remote) ?? Prisma.DbNull,
  };
}

/**
 * Brings what the site says into a stored content, three ways: the base that both last agreed on, the edits
 * here, the site's state. Where both changed nothing is overwritten, and it becomes a conflict, unless `rule`
 * decides. `facts` (status, address, time on the site) are the site's alone and always taken.
 */
export async function mergeRemote(
  tx: Transaction,
  content: Content,
  remote: SharedState,
  facts: RemoteFacts,
  rule: ConflictRule = 'flag',
): Promise<MergeOutcome> {
  const where = { id: content.id };
  const hash = contentHash(remote);
  const local = contentHash(sharedState(content));
  if (isHashOf(content.baseHash, remote, hash) && hash !== local) {
    // Nothing changed there, or what changed was taken back.
    const syncState = hasLocalChanges(content) ? 'local_changes' : 'in_sync';
    await tx.content.update({ where, data: { ...facts, syncState, remoteHash: hash } });
    return content.syncState === syncState ? 'unchanged' : 'updated';
  }
  if (hasLocalChanges(content) && hash !== local && isAsSent(content, remote)) {
    // Our own write, of whose answer we never heard, or the same edit made twice.
    await tx.content.update({
      where,
      data: {
        ...facts,
        ...columnsAsWritten(content, remote),
        syncState: 'in_sync',
        syncedVersion: content.localVersion,
        ...noCreate,
        lastSyncedAt: new Date(),
      },
    });
    return 'updated';
  }
  const bothChanged = hasLocalChanges(content) && hash !== local;
  const winner = bothChanged ? settle(rule, content, facts.externalModifiedAt ?? null) : 'remote';
  if (winner === null) {
    await tx.content.update({ where, data: { ...facts, syncState: 'conflict', remoteHash: hash } });
    // What was told already is not told again.
    return content.syncState === 'conflict' && isHashOf(content.remoteHash, remote)
      ? 'unchanged'
      : 'conflict';
  }
  if (winner === 'local') {
    // What the site has is now what the edits here are edits of.
    const data = { ...facts, syncState: 'local_changes', baseHash: hash, remoteHash: hash } as const;
    await tx.content.update({ where, data });
    return 'settled_local';
  }
  await tx.content.update({
    where,
    data: {
      ...facts,
      ...(hash === local ? {} : storedState(remote)),
      baseHash: hash,
      remoteHash: hash,
      syncState: 'in_sync',
      syncedVersion: content.localVersion,
      lastSyncedAt: new Date(),
    },
  });
  if (bothChanged) return 'settled_remote';
  return hash === local && content.syncState === 'in_sync' ? 'unchanged' : 'updated';
}

/** null: a person decides. `newest` compares our clock with the site's, and without times leaves it to a person. */
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

/**
 * The content's item is gone and another has its id: the content stays here, and lets go of the id.
 * Returns what became of the content.
 */
export async function releaseItem(tx: Transaction, content: Pick<Content, 'id'>): Promise<MergeOutcome> {
  await tx.content.update({
    where: { id: content.id },
    data: {
      externalId: null,
      externalUrl: null,
      externalStatus: 'replaced',
      remoteTag: null,
      birth: Prisma.DbNull,
      syncState: 'deleted_remote',
    },
  });
  return 'deleted_remote';
}

/**
 * Nobody can tell whether the item is the content's: it becomes a conflict, and neither side is overwritten. What is
 * kept of its birth stays.
 */
export async function doubtItem(
  tx: Transaction,
  content: Pick<Content, 'id' | 'syncState' | 'remoteHash'>,
  remote: SharedState,
  { birth: _, ...facts }: RemoteFacts,
): Promise<MergeOutcome> {
  await tx.content.update({
    where: { id: content.id },
    data: { ...facts, syncState: 'conflict', remoteHash: contentHash(remote) },
  });
  return content.syncState === 'conflict' && isHashOf(content.remoteHash, remote) ? 'unchanged' : 'conflict';
}

/** The site has it no more. It stays here, and says so. */
export async function markDeletedRemote(
  tx: Transaction,
  content: Content,
  facts: RemoteFacts,
): Promise<MergeOutcome> {
  await tx.content.update({ where: { id: content.id }, data: { ...facts, syncState: 'deleted_remote' } });
  return content.syncState === 'deleted_remote' ? 'unchanged' : 'deleted_remote';
}

/** A shared state in the columns that keep it. */
export function storedState(state: SharedState) {
  const status: Content['status'] = state.status === 'published' ? 'published' : 'draft';
  const terms: Prisma.InputJsonArray = state.terms.map(({ taxonomy, slug: termSlug, name }) => ({
    taxonomy,
    slug: termSlug,
    name,
  }));
  return { ...textsOf(state), status, terms, metadata: state.metadata };
}
