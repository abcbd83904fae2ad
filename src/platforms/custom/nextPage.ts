/** The requests for the pages of a list, and where the next page begins. */
import { ExactNumber } from '../../outbound/exactNumber.ts';
import { foreignUrl } from '../../outbound/foreignUrl.ts';
import { readLinks } from '../linkHeader.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { fault } from './explanations.ts';
import { readPointer } from './jsonPointer.ts';
import type { PageStart } from './listPage.ts';

const PAGE_SIZE = 100;

/** What came for a page. `stretch`: the items that were asked for, if we chose how many. */
export interface Came {
  count: number;
  /** How many answers the items came in. */
  parts: number;
  total: number | null;
  stretch: { begin: number; span: number } | null;
}

/** How many items come before a page, if we choose how many items a page has. */
export function placeOf(content: ContentDescription, start: PageStart): number {
  const { paging } = content;
  if (start.place !== null) return start.place;
  const at = Number(start.at ?? firstOf(content));
  return paging.type === 'page' ? (at - firstOf(content)) * sizeOf(content, start) : at;
}

/** Does the description name a parameter with the size of a page? */
export function isSized({ paging }: ContentDescription): boolean {
  return paging.type === 'offset' || paging.size_param !== undefined;
}

/** Is the place of a page known, as a number or as a count of items? An answer tells it otherwise. */
export function isPlaced({ paging }: ContentDescription): boolean {
  return paging.type === 'page' || paging.type === 'offset';
}

/** How many items to ask for in one page. */
export function sizeOf({ paging }: ContentDescription, { size }: PageStart): number {
  return size ?? ('size' in paging ? paging.size : undefined) ?? PAGE_SIZE;
}

/** The number of the first page, or the offset of the first item. */
export function firstOf({ paging }: Pick<ContentDescription, 'paging'>): number {
  return paging.type === 'page' ? (paging.first ?? 1) : 0;
}

/**
 * The size that the API gives in place of the requested one; null if it is that one. If it gives shorter pages, the
 * pages are requested in this size, as some APIs count the skipped items by the requested size.
 */
export function shorterSize(
  content: ContentDescription,
  start: PageStart,
  { count, parts, total }: Came,
): number | null {
  if (content.paging.type !== 'page' || !isSized(content) || start.pages > 0 || parts > 1) return null;
  return count > 0 && count < sizeOf(content, start) && total !== null && total > count ? count : null;
}

/** The request for a page. */
export function requestOf(
  { list, paging }: ContentDescription,
  { at, size: given }: PageStart,
  query: Record<string, string>,
): ApiRequest {
  const request = { method: 'GET', path: list.path };
  switch (paging.type) {
    case 'page': {
      const number = String(at ?? firstOf({ paging }));
      const size = sizeIn(paging, given);
      return { ...request, query: { ...query, ...size, [paging.param ?? 'page']: number } };
    }
    case 'offset': {
      const size = { [paging.size_param ?? 'limit']: String(given ?? paging.size ?? PAGE_SIZE) };
      return { ...request, query: { ...query, ...size, [paging.param ?? 'offset']: String(at ?? 0) } };
    }
    case 'cursor': {
      const cursor = at === null ? {} : { [paging.param ?? 'cursor']: String(at) };
      return { ...request, query: { ...query, ...sizeIn(paging, given), ...cursor } };
    }
    case 'link': {
      const size = sizeIn(paging, given);
      // The URL of a next page repeats the query, or expresses it in another way.
      return at === null
        ? { ...request, query: { ...query, ...size } }
        : { ...request, path: String(at), query: size };
    }
  }
}

/** The parameter with the size of a page, if the description names it. */
function sizeIn(
  { size_param: param, size }: { size_param?: string; size?: number },
  given: number | null,
): Record<string, string> {
  return param === undefined ? {} : { [param]: String(given ?? size ?? PAGE_SIZE) };
}

/** Where the next page begins; null behind the end of the list. Throws ExplainedFault. */
export function nextOf(
  { client, content }: { client: ApiClient; content: ContentDescription },
  start: PageStart,
  answer: ApiAnswer | null,
  came: Came,
): PageStart | null {
  const { paging } = content;
  const next = (at: string | number): PageStart => ({ ...start, at, pages: start.pages + 1 });
  switch (paging.type) {
    case 'page':
      return nextByNumber(content, start, came);
    case 'offset':
      // Adds the number of items received, not requested: many APIs return fewer items than requested.
      return came.count === 0 ? null : next(Number(start.at ?? 0) + came.count);
    case 'cursor': {
      const cursor = namedNext(answer?.value, paging.next);
      return cursor === null ? null : next(cursor);
    }
    case 'link': {
      const link =
        paging.next === undefined
          ? linkedNext(answer?.response.headers.link)
          : namedNext(answer?.value, paging.next);
      if (link === null) return null;
      const url = foreignUrl(link, answer?.response.url);
      if (url === null) throw fault('foreign_link');
      return next(client.urlOf(url.href).href);
    }
  }
}

/** The next page by number. */
function nextByNumber(content: ContentDescription, start: PageStart, came: Came): PageStart | null {
  const pages = start.pages + 1;
  if (came.stretch === null)
    return came.count === 0 ? null : { ...start, at: Number(start.at ?? firstOf(content)) + 1, pages };
  const shorter = shorterSize(content, start, came);
  const { begin, span } = came.stretch;
  const place = begin + (shorter ?? span);
  // A page without items may lie before the place where the API's count ends: its items may be hidden.
  if (came.count === 0 && (came.total === null || place >= came.total)) return null;
  const size = shorter ?? start.size;
  const number = place / sizeOf(content, { ...start, size });
  const isWhole = Number.isInteger(number);
  return { ...start, at: firstOf(content) + Math.floor(number), pages, size, place: isWhole ? null : place };
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
