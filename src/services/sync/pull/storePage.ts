import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/contentPart.ts';
import { birthVerdict } from '../../content/birth.ts';
import {
  doubtItem,
  hasLocalChanges,
  isOutdated,
  type MergeOutcome,
  markDeletedRemote,
  mergeRemote,
  releaseItem,
  remoteFacts,
} from '../../content/merge.ts';
import { contentHash, isHashOf, remoteState } from '../../content/sharedState.ts';
import { type HeldRows, holdRows } from './holdRows.ts';
import type { KnownItem, KnownRow, LiveItem, NewItem, PageTarget } from './page.ts';
import { createRows, keepRows, seeRows, takeRows } from './pageStatements.ts';

/** What became of one item. */
export interface PageEntry {
  outcome: MergeOutcome;
  contentId: number;
  externalId: string;
  modifiedAt: string | null;
  /**
   * `another_birth`: the item is, or may be, another one that has got the id. `link_mismatch`: the item bears the key
   * of a content that has another item, and nothing was changed. `already_there`: a content that waited to be created
   * was found on the site.
   */
  reason?: 'another_birth' | 'link_mismatch' | 'already_there';
}

/**
 * Brings a whole page into what is stored: three statements for what is new, changed or as before, and one by one
 * only what has edits here too. A page stored twice changes nothing. Call it in the transaction of its checkpoint.
 */
export async function storePage(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
): Promise<PageEntry[]> {
  // A site may send an item twice in a page; the last is the newest.
  const byId = new Map(items.map((item) => [item.externalId, item]));
  const entries: PageEntry[] = [];
  let left = [...byId.values()];
  // An item is looked up again when another worker has created its content in between, or its content has let go of it.
  for (let round = 0; left.length > 0 && round < 3; round += 1)
    left = await storeItems(tx, target, left, entries);
  if (left.length > 0)
    throw new Error(
      `${left.length} items of a page found no content: other workers keep changing their contents`,
    );
  return entries;
}

/** Gives the items that are to be looked up again. */
async function storeItems(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
  entries: PageEntry[],
): Promise<RemoteContent[]> {
  const held = await holdRows(tx, target, items);
  const created: NewItem[] = [];
  const taken: KnownItem[] = [];
  const same: KnownItem[] = [];
  const single: number[] = [];
  const again: RemoteContent[] = [];
  const entry = (
    row: Pick<KnownRow, 'id'>,
    item: RemoteContent,
    outcome: MergeOutcome,
    reason?: PageEntry['reason'],
  ) =>
    entries.push({
      outcome,
      contentId: row.id,
      externalId: item.externalId,
      modifiedAt: item.modifiedAt,
      ...(reason === undefined ? {} : { reason }),
    });
  for (const remote of items) {
    const row = held.known.get(remote.externalId);
    if (remote.status === null) {
      if (row) entry(row, remote, await withWhole(tx, row, (content) => gone(tx, content, remote)));
      continue;
    }
    const state = remoteState(remote, remote.status);
    const item: LiveItem = { ...remote, status: remote.status, hash: contentHash(state) };
    if (!row) created.push({ ...item, newKey: newKey(item, held) });
    else if (isNewerHere(row, item, target.readSince)) {
      single.push(row.id);
      entry(row, item, 'outdated');
    } else if (
      isHashOf(row.remoteHash, state, item.hash) &&
      row.syncState !== 'deleted_remote' &&
      row.syncState !== 'conflict'
    )
      same.push({ row, item });
    else if (isAnothersKey(row, item, held)) {
      single.push(row.id);
      entry(row, item, 'unchanged', 'link_mismatch');
    } else {
      const verdict = await birthVerdict(row, item, () => bodyOf(tx, row));
      if (verdict === 'other' || (verdict === 'unsure' && target.isMoved)) {
        entry(row, item, await releaseItem(tx, row), 'another_birth');
        // Its key may be that of a content that waits for its item.
        again.push(remote);
      } else if (verdict === 'unsure') {
        single.push(row.id);
        entry(row, item, await doubtItem(tx, row, state, remoteFacts(item)), 'another_birth');
      } else if (row.syncState === 'in_sync' && !hasLocalChanges(row)) taken.push({ row, item });
      else {
        single.push(row.id);
        const outcome = await withWhole(tx, row, (content) => merge(tx, target, row, content, item));
        entry(row, item, outcome, row.byTexts ? 'already_there' : undefined);
      }
    }
  }
  await takeRows(tx, target, taken);
  for (const { row, item } of taken) entry(row, item, 'updated');
  await keepRows(tx, target, same);
  for (const { row, item } of same) entry(row, item, 'unchanged');
  const ids = await createRows(tx, target, created);
  await seeRows(tx, target, single);
  for (const item of created) {
    const id = ids.get(item.externalId);
    if (id === undefined) again.push(item);
    else entry({ id }, item, 'created');
  }
  return again;
}

/** The key for a new content: that of its item, which a content had that a restored backup does not know. */
function newKey({ contentKey, externalId }: RemoteContent, { keys, known }: HeldRows): string | null {
  const isClaimed = [...known.values()].some(
    (row) => row.key === contentKey && row.externalId !== externalId,
  );
  return contentKey === null || keys.has(contentKey) || isClaimed ? null : contentKey;
}

/** Does the item bear the key of a content that has another item? */
function isAnothersKey(
  row: KnownRow,
  { contentKey, externalId }: RemoteContent,
  { keys }: HeldRows,
): boolean {
  if (contentKey === null || contentKey === row.key) return false;
  const owned = keys.get(contentKey);
  return owned !== undefined && owned !== null && owned !== externalId;
}

async function merge(
  tx: Transaction,
  { rule, restoredBefore }: PageTarget,
  row: KnownRow,
  content: Content,
  item: LiveItem,
): Promise<MergeOutcome> {
  const state = remoteState(item, item.status);
  // What the backup has of it was sent before the site took our last write, so that the site's state is the newer.
  const isOlder = row.claimed && restoredBefore !== null && (row.editedAt ?? row.updatedAt) <= restoredBefore;
  const known = isOlder ? { ...content, syncedVersion: content.localVersion } : content;
  return mergeRemote(tx, known, state, remoteFacts(item), rule);
}

/** Has a webhook or a push told of something newer while the page was on its way? A site put back to an older state is none. */
function isNewerHere(row: KnownRow, item: RemoteContent, readSince: Date): boolean {
  if (item.modifiedAt === null || row.updatedAt < readSince) return false;
  return isOutdated(row, new Date(item.modifiedAt), new Date());
}

async function bodyOf(tx: Transaction, { id }: KnownRow): Promise<string> {
  const { body } = await tx.content.findUniqueOrThrow({ where: { id }, select: { body: true } });
  return body;
}

async function withWhole(
  tx: Transaction,
  row: KnownRow,
  act: (content: Content) => Promise<MergeOutcome>,
): Promise<MergeOutcome> {
  return act(await tx.content.findUniqueOrThrow({ where: { id: row.id } }));
}

function gone(tx: Transaction, content: Content, remote: RemoteContent): Promise<MergeOutcome> {
  return markDeletedRemote(tx, content, remoteFacts(remote));
}
