import type { ItemFault } from '../../../remoteContent.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type Gap, OutOfOrder, walkIds } from './idWalk.ts';
import { type Entry, type IdList, type ListPage, type PagedBy, readListPage } from './listPage.ts';

/** A list that lacks items, or that changes, is walked again at most this often. */
const MOST_WALKS = 3;

/** A part of a list that comes in any order. */
export interface ListPart {
  /** The entries that were not in an earlier part. */
  entries: Entry[];
  /** How many items of the part have no id. */
  nameless: number;
  /** Items that fail alone and whose ids could not be found. */
  faults: ItemFault[];
  damaged: boolean;
  /** How many items the whole list has at least, by the site's counts so far; null if the site does not count. */
  total: number | null;
  /** How many different items have come so far, with those that have no id. */
  read: number;
  /** When the site answered, by its own clock, in milliseconds since 1970. */
  siteTime: number | null;
}

/**
 * Reads a list in the order in which it comes, each item once. All its ids are held in memory. A list that gives
 * fewer items than it counts, or whose count changes, is walked again. Throws RemoteError.
 * @param by how the list is paged. Core ignores `offset` for hierarchical taxonomies
 * (WP_REST_Terms_Controller::get_collection_params).
 */
export async function* walkAnyOrder(
  requests: SiteRequests,
  list: IdList,
  by: PagedBy,
): AsyncGenerator<ListPart, void, undefined> {
  const seen = new Set<number>();
  for (let walk = 1; walk <= MOST_WALKS; walk += 1) {
    const before = seen.size;
    const totals = new Set<number>();
    let nameless = 0;
    let unnamed = 0;
    for await (const page of pagesInAnyOrder(requests, list, by)) {
      if (page.counted !== null) totals.add(page.counted);
      const entries = page.entries.filter(({ id }) => !seen.has(id));
      for (const { id } of entries) seen.add(id);
      nameless += page.nameless;
      unnamed += page.faults.length;
      yield {
        entries,
        nameless: walk === 1 ? page.nameless : 0,
        faults: walk === 1 ? page.faults : [],
        damaged: page.damaged,
        total: leastOf(totals),
        read: seen.size + nameless + unnamed,
        siteTime: page.siteTime,
      };
    }
    const isDone = seen.size + nameless + unnamed >= (leastOf(totals) ?? 0) && totals.size <= 1;
    if (isDone || (walk > 1 && seen.size === before)) return;
  }
}

function leastOf(totals: ReadonlySet<number>): number | null {
  return totals.size === 0 ? null : Math.min(...totals);
}

/** The pages of a list; `counted` is the site's count, without the 0 that it says behind the end. */
async function* pagesInAnyOrder(
  requests: SiteRequests,
  list: IdList,
  by: PagedBy,
): AsyncGenerator<ListPage & { counted: number | null }, void, undefined> {
  let size = requests.pageSize.largest;
  for (let position = 0; ; ) {
    const start = by === 'page' ? Math.floor(position / size) * size : position;
    const page = await readListPage(requests, list, start, size, by);
    const { came, expected, total } = page;
    const isBehindEnd = came === 0 && start >= (total ?? 0);
    yield { ...page, counted: isBehindEnd && start > 0 ? null : total };
    if (isBehindEnd) return;
    size = Math.min(size, requests.pageSize.largest);
    // A page without items is as long as it was asked for: the user may not see its items.
    position = start + (came === 0 ? size : came);
    // The site made the page shorter. Pages by number must all be as long as the pages that come.
    if (came > 0 && came < expected) size = came;
    if (total !== null && position >= total) return;
  }
}

/** A part of a list, and the places before it where items are missing. */
export type WalkedPart = ListPart & { gaps: Gap[]; inOrder: boolean };

/**
 * Walks a list in the order of ids, or in the order in which it comes, if that is another. An entry may then come
 * twice. Throws RemoteError.
 */
export async function* walkList(
  requests: SiteRequests,
  list: IdList,
  from: { offset: number; lastId: number },
): AsyncGenerator<WalkedPart, void, undefined> {
  let read = 0;
  let least: number | null = null;
  try {
    for await (const { total, ...stretch } of walkIds(requests, list, from)) {
      read += stretch.entries.length + stretch.nameless + stretch.faults.length;
      if (total !== null) least = Math.min(total, least ?? total);
      yield { ...stretch, read, total: least, inOrder: true };
    }
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error;
    for await (const part of walkAnyOrder(requests, list, 'offset'))
      yield { ...part, gaps: [], inOrder: false };
  }
}
