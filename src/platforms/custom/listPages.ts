import { RemoteError } from '../../errors.ts';
import { ExactNumber } from '../../outbound/exactNumber.ts';
import { foreignUrl } from '../../outbound/foreignUrl.ts';
import type { Pace } from '../contentPart.ts';
import { readLinks } from '../linkHeader.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from './apiClient.ts';
import { nameOf } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { EndWatch } from './endWatch.ts';
import { fault } from './explanations.ts';
import { readPointer } from './jsonPointer.ts';
import type { ListPage, PageStart } from './listPage.ts';

const PAGE_SIZE = 100;

/**
 * Reads a list page by page. The next page is fetched while the caller handles the current one. Throws
 * ExplainedFault: `endless_paging` for a list that does not end.
 */
export async function* readPages(
  source: { client: ApiClient; content: ContentDescription; pace: Pace },
  start: PageStart,
  query: Record<string, string>,
): AsyncGenerator<ListPage> {
  const watch = new EndWatch(source.content, start);
  let upcoming: Promise<ListPage> | null = fetchPage(source, start, query);
  while (upcoming !== null) {
    const fetched: ListPage = await upcoming;
    const page: ListPage = watch.isBehindEnd(fetched) ? { ...fetched, items: [], next: null } : fetched;
    upcoming = page.next === null ? null : fetchPage(source, page.next, query);
    // The fault is thrown when the page is awaited. If the caller stops before that, the failure must not go
    // unhandled.
    upcoming?.catch(() => undefined);
    yield page;
  }
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
      const mayBeBehindEnd = (paging.type === 'page' || paging.type === 'offset') && start.pages > 0;
      if (mayBeBehindEnd && error instanceof RemoteError && isNoPage(error)) return null;
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
  const number = /^\d{1,15}$/.test(String(counted)) ? Number(counted) : null;
  const sized = withSize(content, start, items.length, number);
  return {
    items,
    next: nextOf({ client, content }, sized, answer, items.length, number),
    total: number,
    answeredAt: Number.isNaN(answeredAt) ? null : answeredAt,
  };
}

/** Does the error say that there is no such page? APIs refuse a page behind the end in several ways. */
function isNoPage({ code, detail }: RemoteError): boolean {
  return code === 'not_found' || (code === 'unexpected_status' && (detail === '400' || detail === '416'));
}

/**
 * The start of a page, with the size that the API gives. If it gives shorter pages than requested, the pages are
 * requested in this size, as some APIs count the skipped items by the requested size.
 */
function withSize(
  { paging }: ContentDescription,
  start: PageStart,
  came: number,
  total: number | null,
): PageStart {
  if (paging.type !== 'page' || paging.size_param === undefined || start.pages > 0) return start;
  const isShort = came > 0 && came < (paging.size ?? PAGE_SIZE) && total !== null && total > came;
  return isShort ? { ...start, size: came } : start;
}

function requestOf(
  { list, paging }: ContentDescription,
  { at, size: given }: PageStart,
  query: Record<string, string>,
): ApiRequest {
  const request = { method: 'GET', path: list.path };
  switch (paging.type) {
    case 'page': {
      const size =
        paging.size_param === undefined
          ? {}
          : { [paging.size_param]: String(given ?? paging.size ?? PAGE_SIZE) };
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
  total: number | null,
): PageStart | null {
  const { paging } = content;
  const next = (at: string | number): PageStart => ({ ...start, at, pages: start.pages + 1 });
  switch (paging.type) {
    case 'page':
      return count === 0 && !isBeforeEnd(paging, start, total)
        ? null
        : next(Number(start.at ?? paging.first ?? 1) + 1);
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

/** Does a page without items lie before the place where the API's count ends? Its items may be hidden. */
function isBeforeEnd(
  paging: Extract<ContentDescription['paging'], { type: 'page' }>,
  { pages, size }: PageStart,
  total: number | null,
): boolean {
  if (paging.size_param === undefined || total === null) return false;
  return (pages + 1) * (size ?? paging.size ?? PAGE_SIZE) < total;
}

/** The URL of the link with the relation `next` in a header `Link`; null if there is none. */
export function linkedNext(header: string | undefined): string | null {
  return readLinks(header).find(({ relations }) => relations.includes('next'))?.url ?? null;
}

/** The cursor or URL that an answer names; null if the answer says that the list ends. */
function namedNext(value: unknown, pointer: string): string | null {
  const named = readPointer(value, pointer);
  if (named === undefined || named === null || named === '' || named === false) return null;
  if (typeof named === 'string' || typeof named === 'number' || named instanceof ExactNumber)
    return String(named);
  throw fault('no_next_page', { values: { pointer }, detail: pointer });
}
