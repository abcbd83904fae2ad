import { RemoteError } from '../../../../errors.ts';
import { totalIn } from '../../site/listings.ts';
import { isRecord } from '../../site/siteClient.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';

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
  /** null if the page was too large. The entry is then read by its id. */
  record: Record<string, unknown> | null;
}

/** A page of a list. */
export interface ListPage {
  offset: number;
  /** In the order of the answer, each id once. */
  entries: Entry[];
  /** How many items of the page have no id. */
  nameless: number;
  /** How many items came, with those that have no id. */
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

/** Reads the page of a list that begins at `offset`, in the order of ids; `part` selects it. Throws RemoteError. */
export async function readListPage(
  requests: SiteRequests,
  list: IdList,
  offset: number,
  part = `offset=${offset}`,
  size = LARGEST_PAGE,
): Promise<ListPage> {
  const read = (fields: string) =>
    requests.read(
      list.route,
      `${list.query}&orderby=id&order=asc&${part}&per_page=${size}&_fields=${fields}`,
    );
  let tooLarge = false;
  const answer = await read(list.fields).catch((error: unknown) => {
    if (!(error instanceof RemoteError) || error.code !== 'too_large' || list.fields === 'id') throw error;
    tooLarge = true;
    return read('id');
  });
  const all = recordsOf(requests, answer);
  const byId = new Map<number, Entry>();
  let nameless = 0;
  for (const record of all) {
    const id = idOf(record);
    if (id === 0) nameless += 1;
    else if (!byId.has(id)) byId.set(id, { id, record: tooLarge ? null : record });
  }
  const came = byId.size + nameless;
  const total = totalIn(answer.response, came === 0 ? 0 : offset + came);
  const largest = Math.min(size, requests.pageSize.largest);
  const expected = total === null ? largest : Math.min(largest, Math.max(0, total - offset));
  const { damaged, siteTime } = answer;
  return { offset, entries: [...byId.values()], nameless, came, expected, total, damaged, siteTime };
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
