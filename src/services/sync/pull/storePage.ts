import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/contentPart.ts';
import {
  hasLocalChanges,
  isOutdated,
  type MergeOutcome,
  markDeletedRemote,
  mergeRemote,
  remoteFacts,
} from '../../content/merge.ts';
import { contentHash, remoteState } from '../../content/sharedState.ts';
import {
  createRows,
  holdRows,
  type KnownItem,
  type KnownRow,
  keepRows,
  type LiveItem,
  type PageTarget,
  seeRows,
  takeRows,
} from './pageStatements.ts';

/** What became of one item. */
export interface PageEntry {
  outcome: MergeOutcome;
  contentId: number;
  externalId: string;
  modifiedAt: string | null;
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
  // What another worker creates in between is no conflict of the database but an item that is now known.
  for (let round = 0; left.length > 0 && round < 3; round += 1)
    left = await storeItems(tx, target, left, entries);
  return entries;
}

async function storeItems(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
  entries: PageEntry[],
): Promise<RemoteContent[]> {
  const known = await holdRows(tx, target, items);
  const created: LiveItem[] = [];
  const taken: KnownItem[] = [];
  const same: KnownItem[] = [];
  const single: number[] = [];
  const entry = (row: Pick<KnownRow, 'id'>, item: RemoteContent, outcome: MergeOutcome) =>
    entries.push({
      outcome,
      contentId: row.id,
      externalId: item.externalId,
      modifiedAt: item.modifiedAt,
    });
  for (const remote of items) {
    const row = known.get(remote.externalId);
    if (remote.status === null) {
      if (row) entry(row, remote, await withWhole(tx, row, (content) => gone(tx, content, remote)));
      continue;
    }
    const item: LiveItem = {
      ...remote,
      status: remote.status,
      hash: contentHash(remoteState(remote, remote.status)),
    };
    if (!row) created.push(item);
    else if (isNewerHere(row, item, target.readSince)) {
      single.push(row.id);
      entry(row, item, 'outdated');
    } else if (
      row.remoteHash === item.hash &&
      row.syncState !== 'deleted_remote' &&
      row.syncState !== 'conflict'
    )
      same.push({ row, item });
    else if (row.syncState === 'in_sync' && !hasLocalChanges(row)) taken.push({ row, item });
    else {
      const state = remoteState(item, item.status);
      single.push(row.id);
      const merge = (content: Content) => mergeRemote(tx, content, state, remoteFacts(item), target.rule);
      entry(row, item, await withWhole(tx, row, merge));
    }
  }
  await takeRows(tx, target, taken);
  for (const { row, item } of taken) entry(row, item, 'updated');
  await keepRows(tx, target, same);
  for (const { row, item } of same) entry(row, item, 'unchanged');
  const ids = await createRows(tx, target, created);
  await seeRows(tx, target, single);
  return created.filter((item) => {
    const id = ids.get(item.externalId);
    if (id !== undefined) entry({ id }, item, 'created');
    return id === undefined;
  });
}

/** Has a webhook or a push told of something newer while the page was on its way? A site put back to an older state is none. */
function isNewerHere(row: KnownRow, item: RemoteContent, readSince: Date): boolean {
  if (item.modifiedAt === null || row.updatedAt < readSince) return false;
  return isOutdated(row, new Date(item.modifiedAt), new Date());
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
