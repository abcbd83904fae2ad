import type { ApiItem } from './items.ts';

export type PagingKind = 'page' | 'offset' | 'cursor' | 'link';

export interface ListedPage {
  items: ApiItem[];
  /** The cursor and the URL of the next page. Null on the last page, and for kinds without a cursor. */
  cursor: string | null;
  url: string | null;
}

/** The page of a list that `url` asks for, in the style of paging that `kind` names. */
export function pageOf(kind: PagingKind, items: ApiItem[], url: URL, pageSize: number): ListedPage {
  const query = url.searchParams;
  if (kind === 'page') {
    const size = Number(query.get('per_page') ?? pageSize);
    const start = (Number(query.get('page') ?? 1) - 1) * size;
    return { items: items.slice(start, start + size), cursor: null, url: null };
  }
  if (kind === 'offset') {
    const start = Number(query.get('offset') ?? 0);
    const size = Math.min(Number(query.get('limit') ?? pageSize), pageSize);
    return { items: items.slice(start, start + size), cursor: null, url: null };
  }
  // For `cursor` and `link`, the opaque cursor contains the id before the page.
  const after = Number(Buffer.from(query.get('cursor') ?? '', 'base64url').toString() || 0);
  const rest = items.filter((item) => item.id > after);
  const page = rest.slice(0, Math.min(Number(query.get('limit') ?? pageSize), pageSize));
  const last = page.at(-1);
  if (last === undefined || rest.length <= page.length) return { items: page, cursor: null, url: null };
  const cursor = Buffer.from(String(last.id)).toString('base64url');
  const next = new URL(url);
  next.searchParams.set('cursor', cursor);
  return { items: page, cursor, url: next.href };
}
