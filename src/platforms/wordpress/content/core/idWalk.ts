import { RemoteError } from '../../../../errors.ts';
import { isRecord } from '../../site/siteClient.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';

/** Core's largest page. */
export const PAGE = 100;

/** How far a walk steps back at first if pages have shifted. Each further step is ten times as long. */
const FIRST_STEP_BACK = 20;

/** More steps than any site needs. The limit ends the walk through a list that gives other ids each time. */
const MOST_STEPS_BACK = 200;

/** If the user may see nothing of a long list, all its pages are empty. This limit ends such a walk. */
export const MOST_EMPTY_PAGES = 2_000;

/** One entry of a list in ascending order of ids. */
export interface Entry {
  id: number;
  /** null if the page was too large. The entry is then read by its id. */
  record: Record<string, unknown> | null;
}

/** A part of a list. */
interface Stretch {
  /** The entries that were not in an earlier stretch. */
  entries: Entry[];
  /** How many items of the stretch have no id. */
  nameless: number;
  damaged: boolean;
  /** How many items the whole list has, including forbidden ones, by the site's latest count. */
  total: number;
  /** When the site answered, by its own clock, in milliseconds since 1970. */
  siteTime: number | null;
  /** Where a later walk continues. */
  next: { offset: number; lastId: number };
  last: boolean;
}

interface Page {
  offset: number;
  records: Array<Record<string, unknown>>;
  ids: number[];
  nameless: number;
  tooLarge: boolean;
  total: number;
  damaged: boolean;
  siteTime: number | null;
}

/** A list of core REST that is walked by ids. */
export interface IdList {
  route: string;
  /** The query besides order and part; encoded, and without `_fields`. */
  query: string;
  /** `_fields`, with `id` among them. */
  fields: string;
}

/**
 * Walks a list in ascending order of ids. Pages are prefetched as far as the pace allows.
 *
 * Core pages by offset. If an item is deleted during the walk, everything behind it moves forward, past the
 * offset that is read next. Each page therefore begins with the last item of the page before. If it begins
 * with a later item, items may have been skipped, and the walk steps back. A short page is not the end, since
 * core removes items that the user may not see after it has counted. The end is where X-WP-Total says.
 * Throws RemoteError.
 */
export async function* walkIds(
  requests: SiteRequests,
  list: IdList,
  from: { offset: number; lastId: number },
): AsyncGenerator<Stretch, void, undefined> {
  let { offset, lastId } = from;
  let before: Page | null = null;
  let stepsBack = 0;
  let stepBack = FIRST_STEP_BACK;
  let emptyPages = 0;
  const ahead: Array<{ offset: number; page: Promise<Page> }> = [];
  const plan = (at: number) => {
    const page = readPage(requests, list, at);
    // If nobody awaits this page any more, its failure must not go unhandled.
    page.catch(() => undefined);
    ahead.push({ offset: at, page });
  };
  for (;;) {
    if (ahead.length === 0) plan(offset);
    for (let at = offset; before !== null && ahead.length < requests.pace.atOnce; ) {
      at = (ahead.at(-1)?.offset ?? offset) + PAGE - 1;
      if (at + 1 >= before.total) break;
      plan(at);
    }
    const page: Page | undefined = await ahead.shift()?.page;
    if (page === undefined) return;

    if (!continues(page, lastId, before)) {
      stepsBack += 1;
      if (stepsBack > MOST_STEPS_BACK) throw requests.unexpected('a list that changes all the time', true);
      ahead.length = 0;
      offset = Math.max(0, page.offset - stepBack);
      stepBack *= 10;
      continue;
    }
    stepBack = FIRST_STEP_BACK;
    emptyPages = page.ids.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages > MOST_EMPTY_PAGES) throw requests.unexpected('a list without items', true);
    const known = lastId;
    const entries = page.ids.flatMap((id, index): Entry[] =>
      id > known ? [{ id, record: page.tooLarge ? null : (page.records[index] ?? null) }] : [],
    );
    lastId = entries.at(-1)?.id ?? lastId;
    before = page;
    const last = page.offset + PAGE >= page.total;
    offset = page.offset + PAGE - 1;
    const { nameless, damaged, total, siteTime } = page;
    yield { entries, nameless, damaged, total, siteTime, next: { offset, lastId }, last };
    if (last) return;
  }
}

/** Is it certain that no item between `lastId` and this page was skipped? */
function continues(page: Page, lastId: number, before: Page | null): boolean {
  const [first] = page.ids;
  if (page.offset === 0 || lastId === 0 || (first !== undefined && first <= lastId)) return true;
  // The user may not be allowed to see the item that should have come again.
  const isShort = ({ ids, nameless, offset, total }: Page) =>
    ids.length + nameless < Math.min(PAGE, total - offset);
  return before !== null && before.total === page.total && (isShort(page) || isShort(before));
}

async function readPage(requests: SiteRequests, list: IdList, offset: number): Promise<Page> {
  const read = (fields: string) =>
    requests.read(
      list.route,
      `${list.query}&orderby=id&order=asc&offset=${offset}&per_page=${PAGE}&_fields=${fields}`,
    );
  let tooLarge = false;
  const answer = await read(list.fields).catch((error: unknown) => {
    if (!(error instanceof RemoteError) || error.code !== 'too_large' || list.fields === 'id') throw error;
    tooLarge = true;
    return read('id');
  });
  const all = recordsOf(requests, answer);
  const records = all.filter((record) => idOf(record) > 0);
  const ids = records.map(idOf);
  if (ids.some((id, index) => id <= (ids[index - 1] ?? 0))) {
    throw requests.unexpected('a list that is not in the order of ids');
  }
  const { damaged, siteTime } = answer;
  const total = totalOf(requests, answer);
  return { offset, records, ids, nameless: all.length - ids.length, tooLarge, total, damaged, siteTime };
}

/** The objects of an answer that must be a list of objects. Throws RemoteError. */
export function recordsOf(requests: SiteRequests, { value }: SiteAnswer): Array<Record<string, unknown>> {
  const list: unknown[] = Array.isArray(value) ? value : [null];
  const records = list.filter(isRecord);
  if (records.length < list.length) throw requests.unexpected('something that is not a list', true);
  return records;
}

/** How many items a list has in all. Throws RemoteError if the answer does not say. */
export function totalOf(requests: SiteRequests, { response }: SiteAnswer): number {
  const total = Number(response.headers['x-wp-total'] ?? Number.NaN);
  if (Number.isSafeInteger(total) && total >= 0) return total;
  throw requests.unexpected('a list without X-WP-Total');
}

/** The id of a record; 0 if it has none. */
export function idOf({ id }: Record<string, unknown>): number {
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : 0;
}
