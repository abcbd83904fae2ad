import type { ApiFault } from './faults.ts';
import { type ApiItem, makeItem } from './items.ts';
import { type ListedPage, pageOf } from './paging.ts';
import type { ApiState, Reply } from './state.ts';

const REFUSED_BEHIND_END: readonly (readonly [ApiFault, number])[] = [
  ['refused_behind_end', 400],
  ['unprocessable_behind_end', 422],
  ['forbidden_behind_end', 403],
  ['failing_behind_end', 500],
];

/** Answers a request for one page of the list. */
export function answerList(state: ApiState, url: URL): Reply {
  const { faults } = state;
  if (faults.has('list_failing')) return { status: 500, body: { error: 'The search index is away.' } };
  const found = faults.has('filters_ignored') ? state.items : filtered(state.items, url.searchParams);
  const page: ListedPage = faults.has('new_pages')
    ? endlessPage(state, url)
    : pageOf(state.paging, found, faults.has('same_page') ? firstPage(url) : url, state.pageSize);
  const next = faults.has('repeated_next') ? repeated(page, url) : page;
  const nextUrl = faults.has('foreign_next') ? 'https://elsewhere.example/v1/articles?page=2' : next.url;
  const isBehindEnd = page.items.length === 0 && found.length > 0;
  const refused = REFUSED_BEHIND_END.find(([fault]) => isBehindEnd && faults.has(fault));
  if (refused !== undefined) return { status: refused[1], body: { error: 'There is no such page.' } };
  const given = isBehindEnd && faults.has('last_page_again') ? lastPage(state, found, url) : page.items;
  const items: unknown[] = distorted(given, faults).map((item) => spoilt(item, faults));
  if (faults.has('uncounted')) return { status: 200, body: { data: { items }, paging: {} } };
  return {
    status: 200,
    headers: {
      'X-Total-Count': String(found.length),
      ...(nextUrl === null ? {} : { Link: `<https://a.example/>; rel="help", <${nextUrl}>; rel="next"` }),
    },
    body: {
      data: faults.has('no_list') ? {} : { items },
      paging: { total: found.length, next_cursor: next.cursor, next_url: nextUrl },
    },
  };
}

/** The last page of the list, in the size that the request asks for. */
function lastPage(state: ApiState, found: ApiItem[], url: URL): ApiItem[] {
  const size = Number(url.searchParams.get('per_page') ?? url.searchParams.get('limit') ?? state.pageSize);
  const asked = state.paging === 'page' ? size : Math.min(size, state.pageSize);
  return found.slice(-(found.length % asked || asked));
}

function distorted(items: ApiItem[], faults: Set<ApiFault>): ApiItem[] {
  const left = faults.has('items_left_out') ? items.filter(({ id }) => id !== 2) : items;
  const cut = faults.has('lists_shortened') ? left.slice(0, 1) : left;
  const given = faults.has('order_forced') ? cut.toReversed() : cut;
  return faults.has('items_doubled') ? given.flatMap((item) => [item, item]) : given;
}

function filtered(items: ApiItem[], query: URLSearchParams): ApiItem[] {
  const slug = query.get('slug');
  const ref = query.get('ref');
  const since = query.get('updated_since');
  return items.filter(
    (item) =>
      (slug === null || item.attributes.slug === slug) &&
      (ref === null || item.ref === ref) &&
      (since === null || Date.parse(item.updated_at) >= Date.parse(since)),
  );
}

/** The URL of the first page, for any page's URL. */
function firstPage(url: URL): URL {
  const first = new URL(url);
  for (const name of ['page', 'offset', 'cursor']) first.searchParams.delete(name);
  return first;
}

function repeated(page: ListedPage, url: URL): ListedPage {
  return { ...page, cursor: url.searchParams.get('cursor') ?? 'again', url: url.href };
}

/** A page with one new item and a link to a next page. */
function endlessPage(state: ApiState, url: URL): ListedPage {
  state.endlessPages += 1;
  const cursor = String(state.endlessPages);
  const next = new URL(url);
  next.searchParams.set('cursor', cursor);
  return { items: [makeItem(1_000 + state.endlessPages)], cursor, url: next.href };
}

function spoilt(item: ApiItem, faults: Set<ApiFault>): unknown {
  if (item.id !== 2) return item;
  const { attributes } = item;
  if (faults.has('null_item')) return null;
  if (faults.has('no_id')) return { ...item, id: undefined };
  if (faults.has('same_id')) return { ...item, id: 1 };
  if (faults.has('no_title')) return { ...item, attributes: { ...attributes, title: undefined } };
  if (faults.has('unknown_state')) return { ...item, attributes: { ...attributes, state: 'odd' } };
  if (faults.has('nul_in_title')) return { ...item, attributes: { ...attributes, title: 'a\u0000b' } };
  return item;
}
