import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { birthVerdict } from '../../content/birth.ts';
import { builtWithNow } from '../../content/builtContents.ts';
import { noTexts } from '../../content/excluded.ts';
import { doubtItem, markDeletedRemote, releaseItem } from '../../content/lostItem.ts';
import { hasLocalChanges, isOutdated, type MergeOutcome, remoteFacts } from '../../content/merge.ts';
import { contentHash, isHashOf, remoteState } from '../../content/sharedState.ts';
import { mergeItem, type StoredFields, storedFields, withStoredFields } from '../../content/unreadFields.ts';
import { type HeldRows, holdRows } from './holdRows.ts';
import type { KnownItem, KnownRow, LiveItem, NewItem, PageTarget } from './page.ts';
import { createRows, keepRows, seeRows, takeRows } from './pageStatements.ts';

/** The outcome of one item. */
export interface PageEntry {
  outcome: MergeOutcome;
  contentId: number;
  externalId: string;
  modifiedAt: string | null;
  /** The item is as before, but has another link: what links are made of has changed. */
  hasOtherLink?: true;
  /**
   * `another_birth`: the item is, or may be, another item that got the same id. `link_mismatch`: the item has
   * the key of a content that has another item, and nothing was changed. `already_there`: a content that
   * waited for its create was found on the site.
   */
  reason?: 'another_birth' | 'link_mismatch' | 'already_there';
}

/**
 * Stores a whole page. Three statements handle the new, changed and unchanged items. Only the rest, such as
 * contents with local edits, is stored one by one. Storing a page twice changes nothing. Must be called in
 * the transaction that writes the checkpoint of the page. Returns the outcomes of the items.
 */
export async function storePage(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
): Promise<PageEntry[]> {
  // A site may send an item twice in a page. The last copy is the newest.
  const byId = new Map(items.map((item) => [item.externalId, item]));
  const entries: PageEntry[] = [];
  let left = [...byId.values()];
  // An item is looked up again if another worker has created its content meanwhile, or if the item was
  // unlinked from its content.
  for (let round = 0; left.length > 0 && round < 3; round += 1) {
    const held = await holdRows(tx, target, left);
    left = await new PageStore(tx, target, held, entries).store(left);
  }
  if (left.length > 0)
    throw new Error(
      `${left.length} items of a page could not be stored: other workers keep changing their contents`,
    );
  return entries;
}

/** Stores items of a page whose contents are locked, and adds the outcome of each item to `entries`. */
class PageStore {
  readonly #tx: Transaction;
  readonly #target: PageTarget;
  readonly #held: HeldRows;
  readonly #entries: PageEntry[];
  readonly #created: NewItem[] = [];
  readonly #taken: KnownItem[] = [];
  readonly #same: KnownItem[] = [];
  /** The ids of contents that are stored one by one. */
  readonly #single: number[] = [];
  readonly #again: RemoteContent[] = [];

  constructor(tx: Transaction, target: PageTarget, held: HeldRows, entries: PageEntry[]) {
    this.#tx = tx;
    this.#target = target;
    this.#held = held;
    this.#entries = entries;
  }

  /** Returns the items that must be looked up again. */
  async store(items: readonly RemoteContent[]): Promise<RemoteContent[]> {
    const stored = await this.#storedFields(items);
    for (const item of items) {
      const fields = stored.get(item.externalId);
      await this.#sort(fields === undefined ? item : withStoredFields(item, fields));
    }
    const tx = this.#tx;
    const target = this.#target;
    await takeRows(tx, target, this.#taken);
    for (const { row, item } of this.#taken) this.#enter(row, item, 'updated');
    await keepRows(tx, target, this.#same);
    for (const { row, item } of this.#same) {
      const isShown = row.syncState !== 'excluded' && row.externalUrl !== null;
      const hasOtherLink = isShown && row.externalUrl !== item.url;
      this.#enter(row, item, hasOtherLink ? 'updated' : 'unchanged');
      const entry = this.#entries.at(-1);
      if (hasOtherLink && entry !== undefined) entry.hasOtherLink = true;
    }
    const ids = await createRows(tx, target, this.#created);
    await seeRows(tx, target, this.#single);
    for (const item of this.#created) {
      const id = ids.get(item.externalId);
      if (id === undefined) this.#again.push(item);
      else this.#enter({ id }, item, 'created');
    }
    return this.#again;
  }

  /** The values here of contents whose items have fields that cannot be read. */
  async #storedFields(items: readonly RemoteContent[]): Promise<Map<string, StoredFields>> {
    const ids = items.flatMap(({ unread = [], externalId }) =>
      unread.length === 0 ? [] : (this.#held.known.get(externalId)?.id ?? []),
    );
    if (ids.length === 0) return new Map();
    const rows = await this.#tx.content.findMany({
      where: { id: { in: ids } },
      select: { ...storedFields, externalId: true },
    });
    return new Map(rows.map((row) => [row.externalId ?? '', row]));
  }

  async #sort(remote: RemoteContent): Promise<void> {
    const row = this.#held.known.get(remote.externalId);
    const { status } = remote;
    if (status === null) {
      if (row) this.#enter(row, remote, await this.#markDeleted(row, remote));
      return;
    }
    const item: LiveItem = {
      ...remote,
      status,
      builtWith: builtWithNow(remote, row),
      hash: contentHash(remoteState(remote, status)),
    };
    if (row) await this.#sortKnown(row, item);
    else this.#created.push({ ...item, newKey: newKey(item, this.#held) });
  }

  async #sortKnown(row: KnownRow, item: LiveItem): Promise<void> {
    if (row.syncState === 'excluded') await this.#sortExcluded(row, item);
    else if (isNewerHere(row, item, this.#target.readSince)) {
      this.#single.push(row.id);
      this.#enter(row, item, 'outdated');
    } else if (isAsBefore(row, item)) this.#same.push({ row, item });
    else if (isAnothersKey(row, item, this.#held)) {
      this.#single.push(row.id);
      this.#enter(row, item, 'unchanged', 'link_mismatch');
    } else await this.#sortChanged(row, item);
  }

  /** The item of an excluded content stays out. Another item that has its id comes as a new content. */
  async #sortExcluded(row: KnownRow, item: LiveItem): Promise<void> {
    if ((await birthVerdict(row, item, async () => '')) === 'other') {
      await releaseItem(this.#tx, row);
      this.#again.push(item);
      return;
    }
    if (row.claimed) await this.#tx.content.update({ where: { id: row.id }, data: noTexts });
    this.#same.push({ row, item });
  }

  async #sortChanged(row: KnownRow, item: LiveItem): Promise<void> {
    const tx = this.#tx;
    const verdict = await birthVerdict(row, item, () => bodyOf(tx, row));
    if (verdict === 'other' || (verdict === 'unsure' && this.#target.isMoved)) {
      this.#enter(row, item, await releaseItem(tx, row), 'another_birth');
      // The item's key may belong to a content that waits for its create.
      this.#again.push(item);
    } else if (verdict === 'unsure') {
      this.#single.push(row.id);
      const state = remoteState(item, item.status);
      this.#enter(row, item, await doubtItem(tx, row, state, remoteFacts(item)), 'another_birth');
    } else if (row.syncState === 'in_sync' && !hasLocalChanges(row)) this.#taken.push({ row, item });
    else {
      this.#single.push(row.id);
      const outcome = await this.#merge(row, item);
      this.#enter(row, item, outcome, row.byTexts ? 'already_there' : undefined);
    }
  }

  async #merge(row: KnownRow, item: LiveItem): Promise<MergeOutcome> {
    const { rule, restoredBefore } = this.#target;
    const content = await wholeOf(this.#tx, row);
    // The restored backup has this content as it was before our last write to the site. The site's state is
    // newer.
    const isOlder =
      row.claimed && restoredBefore !== null && (row.editedAt ?? row.updatedAt) <= restoredBefore;
    const known = isOlder ? { ...content, syncedVersion: content.localVersion } : content;
    return mergeItem(this.#tx, known, item, rule);
  }

  async #markDeleted(row: KnownRow, remote: RemoteContent): Promise<MergeOutcome> {
    return markDeletedRemote(this.#tx, await wholeOf(this.#tx, row), remoteFacts(remote));
  }

  #enter(
    { id }: Pick<KnownRow, 'id'>,
    { externalId, modifiedAt }: RemoteContent,
    outcome: MergeOutcome,
    reason?: PageEntry['reason'],
  ): void {
    const entry = { outcome, contentId: id, externalId, modifiedAt };
    this.#entries.push(reason === undefined ? entry : { ...entry, reason });
  }
}

/** Is the item unchanged since it was last read, and the content neither deleted nor in conflict? */
function isAsBefore(row: KnownRow, item: LiveItem): boolean {
  if (row.visibility !== item.visibility) return false;
  const isSettled = row.syncState !== 'deleted_remote' && row.syncState !== 'conflict';
  return isSettled && isHashOf(row.remoteHash, remoteState(item, item.status), item.hash);
}

/**
 * Returns the key for a new content. An item can have the key of a content that a restored backup lacks: the
 * new content takes that key. null if the item has no key, or if another content has the key.
 */
function newKey({ contentKey, externalId }: RemoteContent, { keys, known }: HeldRows): string | null {
  const isClaimed = [...known.values()].some(
    (row) => row.key === contentKey && row.externalId !== externalId,
  );
  return contentKey === null || keys.has(contentKey) || isClaimed ? null : contentKey;
}

/** Does the item have the key of a content that has another item? */
function isAnothersKey(
  row: KnownRow,
  { contentKey, externalId }: RemoteContent,
  { keys }: HeldRows,
): boolean {
  if (contentKey === null || contentKey === row.key) return false;
  const owned = keys.get(contentKey);
  return owned !== undefined && owned !== null && owned !== externalId;
}

/**
 * Has a webhook or a push brought a newer state since the page was requested? An older date alone is no
 * proof: the site may have been restored to an older state.
 */
function isNewerHere(row: KnownRow, item: RemoteContent, readSince: Date): boolean {
  if (item.modifiedAt === null || row.updatedAt < readSince) return false;
  return isOutdated(row, new Date(item.modifiedAt), new Date());
}

async function bodyOf(tx: Transaction, { id }: KnownRow): Promise<string> {
  const { body } = await tx.content.findUniqueOrThrow({ where: { id }, select: { body: true } });
  return body;
}

function wholeOf(tx: Transaction, { id }: KnownRow): Promise<Content> {
  return tx.content.findUniqueOrThrow({ where: { id } });
}
