import { RemoteError } from '../../../../errors.ts';
import { type DivisibleList, failsAlone, overload } from '../../../parts/division.ts';
import type { ItemFault } from '../../../remoteContent.ts';
import { totalIn } from '../../site/listings.ts';
import { isRecord } from '../../site/siteClient.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';
import { failingBetween } from './failingPosts.ts';

/** A page that comes in parts is read again if the list changes meanwhile, at most this often. */
const MOST_READS = 3;

/** A list of core REST. */
export interface IdList {
  route: string;
  /** The query besides order and part; encoded, and without `_fields`. */
  query: string;
  /** `_fields`, with `id` among them. */
  fields: string;
}

/** An item of a list. */
export interface Entry {
  id: number;
  /** null if the page was too large, or if the item fails alone. The entry is then read by its id. */
  record: Record<string, unknown> | null;
}

/** A page of a list. */
export interface ListPage {
  offset: number;
  /** In the order of the answer, each id once. */
  entries: Entry[];
  /** How many items of the page have no id. */
  nameless: number;
  /** Items that fail alone and whose ids could not be found. */
  faults: ItemFault[];
  /** How many items came or are known to fail, with those that have no id. */
  came: number;
  /** How many items were to come: fewer come if the site hides some, or allows only smaller pages. */
  expected: number;
  /**
   * How many items the whole list has, including forbidden ones. null if the site does not say. WordPress says 0
   * behind the end of a list (WP_Query::set_found_posts).
   */
  total: number | null;
  damaged: boolean;
  /** When the site answered, by its own clock, in milliseconds since 1970. */
  siteTime: number | null;
}

/** An answer for a part of a page, or the error of an item that fails alone. */
type Part = { from: number; asked: number } & (
  | { answer: SiteAnswer; records: Array<Record<string, unknown>>; tooLarge: boolean }
  | { answer: null; error: RemoteError }
);

/** How a list is paged: core ignores `offset` for hierarchical taxonomies. */
export type PagedBy = 'offset' | 'page';

/** How many items a page should have, so that a weak site gives it in parts of the same size. */
export function pageSpan(requests: SiteRequests, list: IdList): number {
  const now = requests.division.sizes.of(nameOf(list), LARGEST_PAGE).now;
  return now <= 1 ? LARGEST_PAGE : Math.floor(LARGEST_PAGE / now) * now;
}

/**
 * Reads the page of a list that begins at `offset`, in the order of ids. A page that the site cannot give at once is
 * read in parts. Throws RemoteError.
 */
export async function readListPage(
  requests: SiteRequests,
  list: IdList,
  offset: number,
  size = LARGEST_PAGE,
  by: PagedBy = 'offset',
): Promise<ListPage> {
  const divisible = divisibleList(requests, list, by, size);
  let parts: Part[] = [];
  for (let reads = 1; reads <= MOST_READS; reads += 1) {
    parts = await requests.division.collect(divisible, offset, size);
    const totals = parts.flatMap((part) =>
      part.answer !== null && part.records.length > 0 ? (totalOf(part) ?? []) : [],
    );
    // Items that shift from one part into another would be lost.
    if (new Set(totals).size <= 1) break;
  }
  return pageOf(offset, await named(requests, list, parts));
}

function divisibleList(
  requests: SiteRequests,
  list: IdList,
  by: PagedBy,
  whole: number,
): DivisibleList<number, Part> {
  const read = (from: number, size: number, fields: string) => {
    const part = by === 'page' ? `page=${from / size + 1}` : `offset=${from}`;
    const query = `${list.query}&orderby=id&order=asc&${part}&per_page=${size}&_fields=${fields}`;
    return requests.read(list.route, query, { divisible: true });
  };
  return {
    name: nameOf(list),
    most: LARGEST_PAGE,
    ask: async (from, count) => {
      let tooLarge = false;
      const answer = await read(from, count, list.fields).catch((error: unknown) => {
        if (!(error instanceof RemoteError) || error.code !== 'too_large' || list.fields === 'id')
          throw error;
        tooLarge = true;
        return read(from, count, 'id');
      });
      const asked = Math.min(count, requests.pageSize.largest);
      return { from, asked, answer, records: recordsOf(requests, answer), tooLarge };
    },
    next: (from, _count, part) => {
      const total = totalOf(part);
      const came = part.answer === null ? 1 : part.records.length;
      const isEnd = total !== null && total > 0 ? from + part.asked >= total : came === 0;
      if (isEnd) return null;
      // A theme may make each part shorter than it was asked for. Then the next part begins behind what came.
      return from + (by === 'offset' && came > 0 ? Math.min(came, part.asked) : part.asked);
    },
    // The pages of a list by number all have the same size, so a part begins at a multiple of its size.
    fitting: (from, count) => (by === 'page' ? divisorOf(whole, from, count) : count),
    alone: async (from, error) => ({ part: { from, asked: 1, answer: null, error }, next: from + 1 }),
  };
}

/** The largest size up to `most` that divides both a page and its place. */
function divisorOf(whole: number, from: number, most: number): number {
  for (let size = most; size > 1; size -= 1) if (whole % size === 0 && from % size === 0) return size;
  return 1;
}

function nameOf({ route, fields }: IdList): string {
  return `${fields.split(',').length <= 2 ? 'ids' : 'items'} ${route}`;
}

function totalOf(part: Part): number | null {
  return part.answer === null ? null : totalIn(part.answer.response, part.records.length);
}

/** An entry of a part, or the error of an item that fails alone. */
type Found = { entry: Entry } | { error: RemoteError };

/** Finds the ids of items that fail alone: they lie between the ids of their neighbours. */
async function named(requests: SiteRequests, list: IdList, parts: readonly Part[]) {
  const found: Found[] = [];
  let nameless = 0;
  let last = 0;
  for (const [index, part] of parts.entries()) {
    if (part.answer === null) {
      const behind = parts.slice(index + 1).find(({ answer }) => answer !== null);
      const before = behind === undefined ? await idAt(requests, list, part.from + 1) : firstId(behind);
      const after = last > 0 ? last : await idAt(requests, list, part.from - 1);
      const id = await failingBetween(requests, list, after ?? 0, before);
      if (id === null) found.push({ error: part.error });
      else {
        requests.failing.set(`${list.route} ${id}`, part.error);
        found.push({ entry: { id, record: null } });
        last = id;
      }
      continue;
    }
    for (const record of part.records) {
      const id = idOf(record);
      if (id === 0) nameless += 1;
      else found.push({ entry: { id, record: part.tooLarge ? null : record } });
      last = id || last;
    }
  }
  return { parts, found, nameless };
}

/** The id of the item at a place; null if there is none, or if it fails too. */
async function idAt(requests: SiteRequests, list: IdList, offset: number): Promise<number | null> {
  if (offset < 0) return null;
  const query = `${list.query}&orderby=id&order=asc&offset=${offset}&per_page=1&_fields=id`;
  const answer = await requests.read(list.route, query, { divisible: true }).catch((error: unknown) => {
    if (error instanceof RemoteError && error.retryable) return null;
    throw error;
  });
  return answer === null ? null : (recordsOf(requests, answer).map(idOf)[0] ?? null);
}

/** How many items at the beginning of a list may fail alone before it cannot be counted. */
const MOST_FAILING_FIRST = 5;

/**
 * The first item of a list, whose answer tells how many items the list has. If that item fails alone, one of the next.
 * `query` may hold an `offset`. Throws RemoteError.
 */
export async function readFirst(requests: SiteRequests, route: string, query: string): Promise<SiteAnswer> {
  const given = Number(/&offset=(\d+)/.exec(query)?.[1] ?? 0);
  const plain = query.replace(/&offset=\d+/, '');
  for (let offset = given; ; offset += 1) {
    const part = offset === 0 ? '' : `&offset=${offset}`;
    const options = { divisible: offset < given + MOST_FAILING_FIRST };
    const answer = await requests
      .read(route, `${plain}${part}&per_page=1&_fields=id`, options)
      .catch(overload);
    if (!('retryable' in answer)) return answer;
    if (!options.divisible) throw answer;
    await requests.division.prove();
  }
}

function firstId(part: Part): number | null {
  return part.answer === null ? null : (part.records.map(idOf).find((id) => id > 0) ?? null);
}

function pageOf(
  offset: number,
  { parts, found, nameless }: { parts: readonly Part[]; found: readonly Found[]; nameless: number },
): ListPage {
  const byId = new Map<number, Entry>();
  const faults: ItemFault[] = [];
  for (const each of found) {
    if ('error' in each) faults.push(failsAlone(null, each.error));
    else if (!byId.has(each.entry.id)) byId.set(each.entry.id, each.entry);
  }
  const answers = parts.flatMap(({ answer }) => answer ?? []);
  const came = byId.size + nameless + faults.length;
  const last = parts.at(-1);
  const counted =
    parts.findLast((part) => part.answer !== null && part.records.length > 0) ??
    parts.findLast(({ answer }) => answer !== null);
  const total =
    counted?.answer == null
      ? null
      : totalIn(
          counted.answer.response,
          counted.records.length === 0 ? 0 : counted.from + counted.records.length,
        );
  const covered = last === undefined ? 0 : last.from + last.asked - offset;
  return {
    offset,
    entries: [...byId.values()],
    nameless,
    faults,
    came,
    expected: total === null ? covered : Math.min(covered, Math.max(0, total - offset)),
    total,
    damaged: answers.some(({ damaged }) => damaged),
    siteTime: answers[0]?.siteTime ?? null,
  };
}

/** The objects of an answer that must be a list of objects. Throws RemoteError. */
export function recordsOf(requests: SiteRequests, { value }: SiteAnswer): Array<Record<string, unknown>> {
  const list: unknown[] = Array.isArray(value) ? value : [null];
  const records = list.filter(isRecord);
  if (records.length < list.length) throw requests.unexpected('something that is not a list', true);
  return records;
}

/** The id of a record; 0 if it has none. */
export function idOf({ id }: Record<string, unknown>): number {
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : 0;
}
