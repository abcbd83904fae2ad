/** A page of a list as its items, which can be asked for in parts. */
import { RemoteError } from '../../errors.ts';
import type { Pace } from '../contentPart.ts';
import type { DivisibleList } from '../parts/division.ts';
import { type ApiAnswer, type ApiClient, nameOf } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { fault } from './explanations.ts';
import { readPointer } from './jsonPointer.ts';
import type { PageStart } from './listPage.ts';
import { firstOf, nextOf, placeOf, requestOf, sizeOf } from './nextPage.ts';

/** An answer for a part of a page, or the error of an item that fails alone. */
export type Part = { from: number; asked: number } & (
  | { answer: ApiAnswer; items: unknown[]; total: number | null }
  | { answer: null; isEnd: true; items: unknown[] }
  | { answer: null; isEnd: false; error: RemoteError; items: unknown[] }
);

interface Source {
  client: ApiClient;
  content: ContentDescription;
  pace: Pace;
}

/**
 * The items to ask for as one page: a whole number of the parts that a weak API gives. Pages by number all have the
 * same size, so such a page may begin with items that came before.
 * @param now how many items the API can give at once.
 */
export function stretchOf(
  content: ContentDescription,
  start: PageStart,
  now: number,
): { begin: number; span: number } {
  const place = placeOf(content, start);
  const whole = sizeOf(content, start);
  const size = Math.min(now, whole);
  return {
    begin: content.paging.type === 'page' ? Math.floor(place / size) * size : place,
    span: Math.floor(whole / size) * size,
  };
}

/** The list as its items from a page on, which can be divided. */
export function divisibleList(
  source: Source,
  start: PageStart,
  query: Record<string, string>,
): DivisibleList<number, Part> {
  const { paging } = source.content;
  return {
    name: 'items',
    most: sizeOf(source.content, start),
    ask: (from, count) => {
      const at = paging.type === 'page' ? firstOf(source.content) + from / count : from;
      const pages = start.pages + (from > placeOf(source.content, start) ? 1 : 0);
      const part =
        from === 0 && start.at === null ? { ...start, size: count } : { ...start, at, size: count, pages };
      return fetchPart(source, part, query, { divisible: true, from, asked: count });
    },
    next: (from, count, part) => {
      if (part.answer === null) return null;
      if (part.total !== null && from + count >= part.total) return null;
      if (part.items.length === 0 && (paging.type === 'offset' || part.total === null)) return null;
      return from + (paging.type === 'offset' ? Math.min(part.items.length, count) : count);
    },
    // Pages by number all have the same size, so a part begins at a multiple of its size.
    fitting: (from, count) => (paging.type === 'page' ? fittingSize(from, count) : count),
    alone: async (from, error) => ({
      part: { from, asked: 1, answer: null, isEnd: false, error, items: [] },
      next: from + 1,
    }),
  };
}

/** A place in a list whose answers name the next place: a cursor or a URL; null at the beginning. */
interface ChainedPlace {
  at: PageStart['at'];
}

/**
 * A list whose answers name the next page, which can be divided. Behind an item that fails alone no place is known, so
 * the reading ends there.
 */
export function chainedList(
  source: Source,
  start: PageStart,
  query: Record<string, string>,
): DivisibleList<ChainedPlace, Part> {
  return {
    name: 'items',
    most: sizeOf(source.content, start),
    ask: ({ at }, count) =>
      fetchPart(source, { ...start, at, size: count }, query, { divisible: true, asked: count }),
    next: (_from, _count, part) => {
      const came = { count: part.items.length, parts: 1, total: null, stretch: null };
      const next = part.answer === null ? null : nextOf(source, start, part.answer, came);
      return next === null ? null : { at: next.at };
    },
    alone: async (_from, error) => {
      throw error;
    },
  };
}

/** The largest size up to `most` of pages of which one begins at a place. */
function fittingSize(from: number, most: number): number {
  for (let size = most; size > 1; size -= 1) if (from % size === 0) return size;
  return 1;
}

/** Asks for a page, or for a part of it. Throws RemoteError. */
export async function fetchPart(
  { client, content, pace }: Source,
  start: PageStart,
  query: Record<string, string>,
  { divisible, from = 0, asked = 0 }: { divisible: boolean; from?: number; asked?: number },
): Promise<Part> {
  const { list, paging } = content;
  const request = requestOf(content, start, query);
  const answer = await pace
    .send(() => client.json(request), {
      repeatable: true,
      writes: false,
      divisible: divisible || start.counted,
    })
    .catch((error: unknown) => {
      const mayBeBehindEnd = (paging.type === 'page' || paging.type === 'offset') && start.pages > 0;
      if (!mayBeBehindEnd || !(error instanceof RemoteError)) throw error;
      if (isNoPage(error) || (start.counted && isRefusal(error))) return null;
      throw error;
    });
  if (answer === null) return { from, asked, answer: null, isEnd: true, items: [] };
  const { value, response } = answer;
  const items = readPointer(value, list.items);
  if (!Array.isArray(items)) {
    const values = { request: nameOf(request), pointer: list.items === '' ? 'its top' : list.items };
    throw fault('not_a_list', { values, detail: values.pointer });
  }
  const total = list.total === undefined ? undefined : readPointer(value, list.total);
  const counted = total ?? (list.total_header && response.headers[list.total_header.toLowerCase()]);
  const number = /^\d{1,15}$/.test(String(counted)) ? Number(counted) : null;
  return { from, asked, answer, items, total: number };
}

/** Does the error say that there is no such page? APIs refuse a page behind the end in several ways. */
function isNoPage({ code, detail }: RemoteError): boolean {
  return code === 'not_found' || (code === 'unexpected_status' && (detail === '400' || detail === '416'));
}

/** Did the API answer that it does not give the page? Behind the end of the list that has no other reason. */
function isRefusal({ code }: RemoteError): boolean {
  return code === 'unexpected_status' || code === 'forbidden' || code === 'server_error';
}
