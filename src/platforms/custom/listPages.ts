import type { RemoteError } from '../../errors.ts';
import type { Pace } from '../contentPart.ts';
import { type Division, failsAlone } from '../parts/division.ts';
import type { ItemFault } from '../remoteContent.ts';
import type { ApiClient } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { EndWatch } from './endWatch.ts';
import type { ListPage, PageStart } from './listPage.ts';
import { isPlaced, isSized, nextOf, sizeOf } from './nextPage.ts';
import { chainedList, divisibleList, fetchPart, type Part, stretchOf } from './pageParts.ts';

/** A page that comes in parts is read again if the list changes meanwhile, at most this often. */
const MOST_READS = 3;

/** `division` divides pages that the API cannot give at once; null: no page is divided. */
interface Source {
  client: ApiClient;
  content: ContentDescription;
  pace: Pace;
  division: Division | null;
}

/**
 * Reads a list page by page. If the pace allows two requests at once, the next page is fetched while the caller
 * handles the current one. Throws ExplainedFault: `endless_paging` for a list that does not end.
 */
export async function* readPages(
  source: Source,
  start: PageStart,
  query: Record<string, string>,
): AsyncGenerator<ListPage> {
  const watch = new EndWatch(source.content, start);
  let next: PageStart | null = start;
  let ahead: Promise<ListPage> | null = null;
  while (next !== null) {
    const fetched: ListPage = await (ahead ?? fetchPage(source, next, query));
    const isBehindEnd = watch.isBehindEnd(fetched);
    next =
      isBehindEnd || fetched.next === null ? null : { ...fetched.next, counted: watch.isCounted(fetched) };
    const page: ListPage = { ...fetched, ...(isBehindEnd ? { items: [] } : {}), next };
    ahead = next === null || source.pace.atOnce === 1 ? null : fetchPage(source, next, query);
    // The fault is thrown when the page is awaited. If the caller stops before that, the failure must not go
    // unhandled.
    ahead?.catch(() => undefined);
    yield page;
  }
}

/** Reads a page, in parts if the API cannot give it at once and lets us choose the size of a page. */
async function fetchPage(source: Source, start: PageStart, query: Record<string, string>): Promise<ListPage> {
  const { content, division } = source;
  if (division === null || !isSized(content)) {
    const part = await fetchPart(source, start, query, { divisible: false });
    const whole = sizeOf(content, start);
    const isStretch = isSized(content) && isPlaced(content);
    return pageOf(source, start, [part], isStretch ? stretchOf(content, start, whole) : null);
  }
  if (!isPlaced(content)) {
    const list = chainedList(source, start, query);
    return pageOf(source, start, await division.collect(list, { at: start.at }, list.most), null);
  }
  const list = divisibleList(source, start, query);
  const { begin, span } = stretchOf(content, start, division.sizes.of(list.name, list.most).now);
  let parts: Part[] = [];
  for (let reads = 1; reads <= MOST_READS; reads += 1) {
    parts = await division.collect(list, begin, span);
    const totals = parts.flatMap((part) =>
      part.answer !== null && part.items.length > 0 ? (part.total ?? []) : [],
    );
    // Items that shift from one part into another would be lost.
    if (new Set(totals).size <= 1) break;
  }
  return pageOf(source, start, parts, { begin, span });
}

/** The page that its parts make. */
function pageOf(
  { client, content }: Source,
  start: PageStart,
  parts: readonly Part[],
  stretch: { begin: number; span: number } | null,
): ListPage {
  const answered = parts.filter((part) => part.answer !== null);
  const withItems = answered.findLast(({ items }) => items.length > 0);
  const last = isPlaced(content) ? (withItems ?? answered.at(-1)) : answered.at(-1);
  const items = parts.flatMap((part) => part.items);
  const faults = parts.flatMap((part) =>
    part.answer === null && !part.isEnd ? [unnamed(part.from, part.error)] : [],
  );
  if (last === undefined && faults.length === 0)
    return { items, faults, next: null, total: null, answeredAt: null };
  const count = items.length + faults.length;
  const came = { count, parts: parts.length, total: last?.total ?? null, stretch };
  const answeredAt = Date.parse(last?.answer.response.headers.date ?? '');
  return {
    items,
    faults,
    next: nextOf({ client, content }, start, last?.answer ?? null, came),
    total: came.total,
    answeredAt: Number.isNaN(answeredAt) ? null : answeredAt,
  };
}

/** The fault of an item that fails alone. Only its place in the list is known. */
function unnamed(place: number, error: RemoteError): ItemFault {
  const { code, message } = failsAlone(null, error);
  return { externalId: null, code, message: `Item ${place + 1} of the list: ${message}` };
}
