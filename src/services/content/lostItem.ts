/** Contents whose items are gone, are another's, or may be another's. */
import type { Transaction } from '../../database/client.ts';
import { type Content, Prisma } from '../../database/generated/client.ts';
import type { MergeOutcome, RemoteFacts } from './merge.ts';
import { noCreate, shownStatus } from './sentAndKept.ts';
import { contentHash, isHashOf, type SharedState } from './sharedState.ts';

/** The columns that unlink a content from an item that belongs to another content. */
export const withoutItem = {
  platform: null,
  externalId: null,
  externalUrl: null,
  externalStatus: null,
  externalModifiedAt: null,
  baseHash: null,
  remoteHash: null,
  remoteTag: null,
  lastOpId: null,
  syncedVersion: 0,
  birth: Prisma.DbNull,
  builtWith: null,
  waitsSince: null,
  unreadFields: [],
  linkMismatch: Prisma.DbNull,
  ...noCreate,
};

/**
 * Unlinks a content from its external id, because its item is gone and another item has the id. The content
 * itself stays, unless it is excluded and has nothing left. Returns the outcome for the content.
 */
export async function releaseItem(
  tx: Transaction,
  content: Pick<Content, 'id' | 'syncState'>,
): Promise<MergeOutcome> {
  if (content.syncState === 'excluded') {
    await tx.content.delete({ where: { id: content.id } });
    return 'unchanged';
  }
  await tx.content.update({
    where: { id: content.id },
    data: {
      externalId: null,
      externalUrl: null,
      externalStatus: 'replaced',
      remoteTag: null,
      birth: Prisma.DbNull,
      builtWith: null,
      waitsSince: null,
      syncState: 'deleted_remote',
    },
  });
  return 'deleted_remote';
}

/**
 * Makes a content a conflict, because nobody can tell whether the item belongs to it. Neither side is
 * overwritten, and the stored birth stays.
 */
export async function doubtItem(
  tx: Transaction,
  content: Pick<Content, 'id' | 'syncState' | 'remoteHash' | 'status' | 'visibility'>,
  remote: SharedState,
  { birth: _, ...facts }: RemoteFacts,
): Promise<MergeOutcome> {
  await tx.content.update({
    where: { id: content.id },
    data: {
      ...facts,
      status: shownStatus(content.status, facts.visibility ?? content.visibility),
      syncState: 'conflict',
      remoteHash: contentHash(remote),
    },
  });
  return content.syncState === 'conflict' && isHashOf(content.remoteHash, remote) ? 'unchanged' : 'conflict';
}

/** Marks a content whose item is gone from the site. The content itself stays. */
export async function markDeletedRemote(
  tx: Transaction,
  content: Content,
  facts: RemoteFacts,
): Promise<MergeOutcome> {
  const where = { id: content.id };
  if (content.syncState === 'excluded') {
    await tx.content.update({ where, data: { ...facts, remoteHash: null } });
    return 'unchanged';
  }
  await tx.content.update({ where, data: { ...facts, syncState: 'deleted_remote' } });
  return content.syncState === 'deleted_remote' ? 'unchanged' : 'deleted_remote';
}
