import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { birthVerdict, isItemOf } from '../../content/birth.ts';
import { doubtItem, markDeletedRemote, releaseItem } from '../../content/lostItem.ts';
import { type MergeOutcome, remoteFacts } from '../../content/merge.ts';
import { noCreate } from '../../content/sentAndKept.ts';
import { remoteState } from '../../content/sharedState.ts';
import { mergeItem, withStoredFields } from '../../content/unreadFields.ts';
import { type LinkMismatch, storeMismatch } from './linkMismatch.ts';
import type { PushBatch } from './pushBatch.ts';
import { ownerOf, takeOverTwin } from './pushStatements.ts';

/**
 * Merges the current item into a content that was to be written. `remote` is null if the item is gone.
 * Returns whether the content still has to be written.
 */
export async function storeConflict(
  batch: PushBatch,
  sent: Content,
  remote: RemoteContent | null,
): Promise<boolean> {
  const { tx, totals } = batch;
  const owner = remote === null ? null : await ownerOf(tx, sent, remote.externalId);
  if (owner !== null && remote !== null && isItemOf(sent, remote, owner)) await unlink(batch, owner.id);
  else if (owner !== null && remote !== null) {
    const { externalId } = remote;
    const mismatch = { result: 'link_mismatch', externalId, otherKey: owner.key, otherId: null } as const;
    await storeLinkMismatch(batch, sent, mismatch);
    return false;
  }
  const content = await currentContent(tx, sent, remote);
  if (!content) return false;
  const { outcome, reason } = await storeItem(batch, content, remote);
  if (outcome === 'deleted_remote') totals.deleted += 1;
  else if (outcome === 'updated') totals.updated += 1;
  else if (outcome !== 'unchanged') totals.conflicts += 1;
  if (outcome !== 'unchanged') {
    batch.record(content, {
      action: outcome === 'deleted_remote' || outcome === 'updated' ? 'pulled' : 'conflict',
      details: { outcome, ...reason },
    });
  }
  const { syncState } = await tx.content.findUniqueOrThrow({ where: { id: content.id } });
  return syncState === 'local_changes';
}

/** Links a content to an item that was on the site before its create; see ExistingItems. */
export async function storeExisting(batch: PushBatch, content: Content, item: RemoteContent): Promise<void> {
  const { platform } = batch.run.integration;
  const data = { externalId: item.externalId, platform };
  await batch.tx.content.update({ where: { id: content.id }, data });
  batch.record(content, {
    action: 'already_there',
    externalId: item.externalId,
    details: { by: item.contentKey === content.key ? 'key' : 'slug_and_title' },
  });
  await storeConflict(batch, { ...content, ...data }, item);
}

/** Unlinks another content, because its item is gone and a new item got the same id. */
export async function unlink(batch: PushBatch, id: number): Promise<void> {
  const content = await batch.tx.content.findUniqueOrThrow({ where: { id } });
  const outcome = await releaseItem(batch.tx, content);
  if (outcome === 'unchanged') return;
  if (content.syncState !== 'deleted_remote') batch.totals.deleted += 1;
  batch.record(content, { action: 'pulled', details: { outcome, code: 'another_birth' } });
}

/** Records a mismatch that a person must resolve; see `storeMismatch`. */
export async function storeLinkMismatch(
  batch: PushBatch,
  content: Content,
  outcome: LinkMismatch,
): Promise<void> {
  const { fault, details } = await storeMismatch(batch.tx, content, outcome);
  batch.totals.conflicts += 1;
  batch.fault(content, fault, { action: 'conflict', details: { code: fault.code, ...details } });
}

async function storeItem(
  { tx, run }: PushBatch,
  content: Content,
  remote: RemoteContent | null,
): Promise<{ outcome: MergeOutcome; reason?: { code: 'another_birth' } }> {
  if (remote === null || remote.status === null) {
    const facts = remote ? remoteFacts(remote) : { externalStatus: 'deleted' };
    return { outcome: await markDeletedRemote(tx, content, facts) };
  }
  const reason = { code: 'another_birth' } as const;
  const verdict = await birthVerdict(content, remote, async () => content.body);
  if (verdict === 'other') return { outcome: await releaseItem(tx, content), reason };
  const item = { ...remote, status: remote.status };
  if (verdict !== 'unsure') return { outcome: await mergeItem(tx, content, item, run.rule) };
  const filled = withStoredFields(item, content);
  const state = remoteState(filled, item.status);
  return { outcome: await doubtItem(tx, content, state, remoteFacts(filled)), reason };
}

/**
 * Returns the content as it is now; null if it was deleted. A content without an item is linked to
 * `remote`, which an earlier try of its create has made.
 */
async function currentContent(
  tx: Transaction,
  sent: Content,
  remote: RemoteContent | null,
): Promise<Content | null> {
  const content = await tx.content.findUnique({ where: { id: sent.id } });
  if (content === null || content.externalId !== null || remote === null) return content;
  const { externalId } = remote;
  const { id } = await takeOverTwin(tx, content, externalId);
  return tx.content.update({ where: { id }, data: { externalId, ...noCreate } });
}
