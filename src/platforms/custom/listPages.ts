import { RemoteError } from '../../errors.ts';
import { foreignUrl } from '../../outbound/foreignUrl.ts';
import type { Pace } from '../contentPart.ts';
import { readLinks } from '../linkHeader.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from './apiClient.ts';
import { nameOf } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { fault } from './explanations.ts';
import { idOf } from './itemMap.ts';
import { readPointer } from './jsonPointer.ts';

const MAX_PAGES = 10_000;
const PAGE_SIZE = 100;

/** Where a page begins. */
export interface PageStart {
  /** The page's number, offset, cursor or URL; null for the first page. */
  at: string | number | null;
  /** How many pages came before this one. */
  pages: number;
}

export const FIRST_PAGE: PageStart = { at: null, pages: 0 };

export interface ListPage {
  items: unknown[];
  /** null after the last page. */
  next: PageStart | null;
  /** How many items the whole list has; null if the API does not say. */
  total: number | null;
  /** When the API answered, by its own clock, in milliseconds since 1970; null if it does not say. */
  answeredAt: number | null;
}

/**
 * Reads a list page by page. The next page is fetched while the caller handles the current one. Throws
 * ExplainedFault: `endless_paging` for a list that does not end.
 */
export async function* readPages(
  source: { client: ApiClient; content: ContentDescription; pace: Pace },
  start: PageStart,
  query: Record<string, string>,
): AsyncGenerator<ListPage> {
  const watch = new EndWatch(source.content);
  let upcoming: Promise<ListPage> | null = fetchPage(source, start, query);
  while (upcoming !== null) {
    const page: ListPage = await upcoming;
    watch.check(page);
    upcoming = page.next === null ? null : fetchPage(source, page.next, query);
    // The fault is thrown when the page is awaited. If the caller stops before that, the failure must not go
    // unhandled.
    upcoming?.catch(() => undefined);
    yield page;
  }
}

/** Detects a list that runs in a circle or has too many pages. */
class EndWatch {
  readonly #map: ContentDescription['map'];
  readonly #maxPages: number;
  readonly #pages = new Set<string>();
  readonly #starts = new Set<string | number>();

  constructor({ map, paging }: ContentDescription) {
    this.#map = map;
    this.#maxPages = paging.max_pages ?? MAX_PAGES;
  }

  check({ items, next }: ListPage): void {
    const ids = items.map((item) => idOf(item, this.#map));
    if (ids.some((id) => id !== null)) {
      const page = JSON.stringify(ids);
      if (this.#pages.has(page)) throw endless('the same page came twice');
      this.#pages.add(page);
    }
    if (next === null || next.at === null) return;
    if (this.#starts.has(next.at)) throw endless('the same next page was named twice');
    this.#starts.add(next.at);
    if (next.pages >= this.#maxPages) throw endless(`it has more than ${this.#maxPages} pages`);
  }
}

function endless(found: string): RemoteError {
  return fault('endless_paging', { values: { found }, detail: found });
}

async function fetchPage(
  { client, content, pace }: { client: ApiClient; content: ContentDescription; pace: Pace },
  start: PageStart,
  query: Record<string, string>,
): Promise<ListPage> {
  const { list, paging } = content;
  const request = requestOf(content, start, query);
  const answer = await pace
    .send(() => client.json(request), { repeatable: true, writes: false })
    .catch((error: unknown) => {
      const beyondTheEnd = paging.type === 'page' && start.pages > 0;
      if (beyondTheEnd && error instanceof RemoteError && error.code === 'not_found') return null;
      throw error;
    });
  if (answer === null) return { items: [], next: null, total: null, answeredAt: null };
  const { value, response } = answer;
  const items = readPointer(value, list.items);
  if (!Array.isArray(items)) {
    const values = { request: nameOf(request), pointer: list.items === '' ? 'its top' : list.items };
    throw fault('not_a_list', { values, detail: values.pointer });
  }
  const total = list.total === undefined ? undefined : readPointer(value, list.total);
  const counted = total ?? (list.total_header && response.headers[list.total_header.toLowerCase()]);
  const answeredAt = Date.parse(response.headers.date ?? '');
  return {
    items,
    next: nextOf({ client, content }, start, answer, items.length),
    total: /^\d{1,15}$/.test(String(counted)) ? Number(counted) : null,
    answeredAt: Number.isNaN(answeredAt) ? null : answeredAt,
  };
}

function requestOf(
  { list, paging }: ContentDescription,
  { at }: PageStart,
  query: Record<string, string>,
): ApiRequest {
  const request = { method: 'GET', path: list.path };
  switch (paging.type) {
    case 'page': {
      const size =
        paging.size_param === undefined ? {} : { [paging.size_param]: String(paging.size ?? PAGE_SIZE) };
      const number = String(at ?? paging.first ?? 1);
      return { ...request, query: { ...query, ...size, [paging.param ?? 'page']: number } };
    }
    case 'offset': {
      const size = { [paging.size_param ?? 'limit']: String(paging.size ?? PAGE_SIZE) };
      return { ...request, query: { ...query, ...size, [paging.param ?? 'offset']: String(at ?? 0) } };
    }
    case 'cursor':
      return {
        ...request,
        query: at === null ? query : { ...query, [paging.param ?? 'cursor']: String(at) },
      };
    case 'link':
      // The URL of a next page repeats the query, or expresses it in another way.
      return at === null ? { ...request, query } : { ...request, path: String(at) };
  }
}

function nextOf(
  { client, content }: { client: ApiClient; content: ContentDescription },
  start: PageStart,
  { value, response }: ApiAnswer,
  count: number,
): PageStart | null {
  const { paging } = content;
  const next = (at: string | number): PageStart => ({ at, pages: start.pages + 1 });
  switch (paging.type) {
    case 'page':
      return count === 0 ? null : next(Number(start.at ?? paging.first ?? 1) + 1);
    case 'offset':
      // Adds the number of items received, not requested: many APIs return fewer items than requested.
      return count === 0 ? null : next(Number(start.at ?? 0) + count);
    case 'cursor': {
      const cursor = namedNext(value, paging.next);
      return cursor === null ? null : next(cursor);
    }
    case 'link': {
      const link =
        paging.next === undefined ? linkedNext(response.headers.link) : namedNext(value, paging.next);
      if (link === null) return null;
      const url = foreignUrl(link, response.url);
      if (url === null) throw fault('foreign_link');
      return next(client.urlOf(url.href).href);
    }
  }
}

/** The URL of the link with the relation `next` in a header `Link`; null if there is none. */
export function linkedNext(header: string | undefined): string | null {
  return readLinks(header).find(({ relations }) => relations.includes('next'))?.url ?? null;
}

/** The cursor or URL that an answer names; null if the answer says that the list ends. */
function namedNext(value: unknown, pointer: string): string | null {
  const named = readPointer(value, pointer);
  if (named === undefined || named === null || named === '' || named === false) return null;
  if (typeof named === 'string' || typeof named === 'number') return String(named);
  throw fault('no_next_page', { values: { pointer }, detail: pointer });
}
