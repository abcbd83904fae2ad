import type { ItemFault } from '../../../remoteContent.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type Entry, type IdList, type ListPage, pageSpan, readListPage } from './listPage.ts';

/** How far a walk steps back at first if pages have shifted. Each further step is ten times as long. */
const FIRST_STEP_BACK = 20;

/** More steps than any site needs. The limit ends the walk through a list that gives other ids each time. */
const MOST_STEPS_BACK = 200;

/** If the user may see nothing of a long list, all its pages are empty. This limit ends such a walk. */
export const MOST_EMPTY_PAGES = 2_000;

/** A part of a list. */
export interface Stretch {
  /** The entries that were not in an earlier stretch. */
  entries: Entry[];
  /** How many items of the stretch have no id. */
  nameless: number;
  /** Items that fail alone and whose ids could not be found. */
  faults: ItemFault[];
  damaged: boolean;
  /** How many items the whole list has, including forbidden ones, by the site's latest count; null if unknown. */
  total: number | null;
  /** When the site answered, by its own clock, in milliseconds since 1970. */
  siteTime: number | null;
  /** Where a later walk continues. */
  next: { offset: number; lastId: number };
  last: boolean;
  /** The places before this stretch where the site counts items that it did not give. */
  gaps: Gap[];
}

/** A page with fewer items than the site counts in its part of the list. */
export interface Gap {
  offset: number;
  /** Ids of missing items lie between these two; `before` is null at the end of the list. */
  after: number;
  before: number | null;
  /** The ids that came. */
  ids: readonly number[];
}

/** The list is not in the order of ids. It must be read in the order in which it comes. */
export class OutOfOrder extends Error {}

/**
 * Walks a list in ascending order of ids. Pages are prefetched as far as the pace allows.
 *
 * Core pages by offset. If an item is deleted during the walk, everything behind it moves forward, past the
 * offset that is read next. Each page therefore begins with the last item of the page before. If it begins
 * with a later item, items may have been skipped, and the walk steps back. A short page is not the end: core
 * removes items that the user may not see after it has counted, and a theme may make each page shorter than it
 * was asked for (`posts_per_page` in `pre_get_posts`). So the walk goes on behind the items that came. The end is
 * where X-WP-Total says; without it, the first page without further items.
 * Throws RemoteError, OutOfOrder.
 */
export async function* walkIds(
  requests: SiteRequests,
  list: IdList,
  from: { offset: number; lastId: number },
): AsyncGenerator<Stretch, void, undefined> {
  let { offset, lastId } = from;
  let before: Walked | null = null;
  let stepsBack = 0;
  let stepBack = FIRST_STEP_BACK;
  let emptyPages = 0;
  let largest = 0;
  const ahead = new PagesAhead(requests, list);
  for (;;) {
    const page = await ahead.next(offset, before);
    mustBeInOrder(page);

    if (!continues(page, lastId, before)) {
      ahead.forget();
      if (before !== null && page.offset > before.page.offset + before.reach) {
        // The page before was short. Its last item is nearer than a full page would have had it.
        offset = before.page.offset + before.reach;
        continue;
      }
      stepsBack += 1;
      if (stepsBack > MOST_STEPS_BACK) throw requests.unexpected('a list that changes all the time', true);
      offset = Math.max(0, page.offset - stepBack);
      stepBack *= 10;
      continue;
    }
    stepBack = FIRST_STEP_BACK;
    emptyPages = page.came === 0 ? emptyPages + 1 : 0;
    if (emptyPages > MOST_EMPTY_PAGES) throw requests.unexpected('a list without items', true);
    const known = lastId;
    const entries = page.entries.filter(({ id }) => id > known);
    const gaps = gapBefore(before, page, known);
    lastId = entries.at(-1)?.id ?? lastId;
    largest = Math.max(largest, page.came);
    before = { page, after: known, reach: reachOf(page, largest || requests.pageSize.largest) };
    const last = isLast(page, before.reach, entries.length);
    if (last) gaps.push(...gapBefore(before, null, lastId));
    offset = page.offset + before.reach;
    const { nameless, faults, damaged, total, siteTime } = page;
    yield { entries, nameless, faults, damaged, total, siteTime, next: { offset, lastId }, last, gaps };
    if (last) return;
  }
}

/** A page that the walk has taken. */
interface Walked {
  page: ListPage;
  /** The last id before the page. */
  after: number;
  /** How far behind its offset the next page may begin. */
  reach: number;
}

/** The pages of a list that are requested ahead of the walk. */
class PagesAhead {
  readonly #requests: SiteRequests;
  readonly #list: IdList;
  #planned: Array<{ offset: number; span: number; page: Promise<ListPage> }> = [];

  constructor(requests: SiteRequests, list: IdList) {
    this.#requests = requests;
    this.#list = list;
  }

  /** The page that was planned first, else that at `offset`; with others behind it if a page was taken before. */
  async next(offset: number, before: Walked | null): Promise<ListPage> {
    const first = this.#planned[0] ?? this.#plan(offset);
    while (before !== null && this.#planned.length < this.#requests.pace.atOnce) {
      const last = this.#planned.at(-1);
      const isShort = before.page.came < before.page.expected;
      // Pages of a weak site may have other sizes than the page before.
      const reach = last === undefined || isShort ? before.reach : Math.max(1, last.span - 1);
      const at = (last?.offset ?? offset) + reach;
      if (before.page.total !== null && at + 1 >= before.page.total) break;
      this.#plan(at);
    }
    this.#planned.shift();
    return first.page;
  }

  forget(): void {
    this.#planned = [];
  }

  #plan(offset: number) {
    const span = pageSpan(this.#requests, this.#list);
    const page = readListPage(this.#requests, this.#list, offset, span);
    // If nobody awaits this page any more, its failure must not go unhandled.
    page.catch(() => undefined);
    const planned = { offset, span, page };
    this.#planned.push(planned);
    return planned;
  }
}

function mustBeInOrder({ entries }: ListPage): void {
  if (entries.some(({ id }, index) => id < (entries[index - 1]?.id ?? 0)))
    throw new OutOfOrder('The list is not in the order of ids.');
}

/**
 * How far behind the offset of a page the next page may begin, so that no item lies between them. If nothing came,
 * the page is taken to be as large as the largest so far.
 */
function reachOf({ came }: ListPage, largest: number): number {
  return Math.max(1, (came > 1 ? came : largest) - 1);
}

/** Is it certain that no item between `lastId` and this page was skipped? */
function continues(page: ListPage, lastId: number, before: Walked | null): boolean {
  const first = page.entries[0]?.id;
  if (page.offset === 0 || lastId === 0 || (first !== undefined && first <= lastId)) return true;
  // The user may not be allowed to see the item that should have come again.
  if (before === null || page.offset > before.page.offset + before.reach) return false;
  const isShort = ({ came, expected }: ListPage) => came < expected;
  const isSame = before.page.total === null || before.page.total === page.total;
  return isSame && (isShort(page) || isShort(before.page));
}

/** The gap in the page before `page`, or in the last page. */
function gapBefore(before: Walked | null, page: ListPage | null, lastId: number): Gap[] {
  if (before === null || before.page.total === null || before.page.came >= before.page.expected) return [];
  const first = page?.entries[0]?.id;
  // The page was made shorter, and nothing is missing in it: its last item is just where it must be.
  if (first === lastId && page?.offset === before.page.offset + before.page.came - 1) return [];
  const { offset, entries } = before.page;
  return [{ offset, after: before.after, before: nextOf(first, lastId), ids: entries.map(({ id }) => id) }];
}

function nextOf(first: number | undefined, lastId: number): number | null {
  return first === undefined ? null : Math.max(first, lastId);
}

function isLast(page: ListPage, reach: number, added: number): boolean {
  const { total, offset, came, expected } = page;
  if (total === null || total === 0) return added === 0;
  return came >= expected ? offset + came >= total : offset + reach >= total;
}
