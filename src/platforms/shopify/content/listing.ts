import { z } from 'zod';
import type { Operation } from '../api/adminClient.ts';
import { less, nodeId } from '../api/globalId.ts';
import { fault } from '../faults.ts';
import type { ContentKind } from './contentKinds.ts';

/** Which items are listed; always in the order of ids, so that nothing moves from page to page. */
export interface Listing {
  kind: ContentKind;
  /** A condition in Shopify's search syntax; empty for none. https://shopify.dev/docs/api/usage/search-syntax */
  search: string;
  /** The newest first. */
  reverse: boolean;
}

/** As a cursor keeps it. */
export const positionSchema = z.object({
  /** Shopify's cursor. */
  after: z.string().nullable(),
  /** Only items beyond this id, where reading began anew there. */
  beyond: z.string().nullable(),
  /** The id that was read last. */
  last: z.string().nullable(),
  /** Items since `after` was null. */
  since: z.number(),
});

/** Where a reading stands. */
export type Position = z.output<typeof positionSchema>;

/** Where a reading begins. */
export const START: Position = { after: null, beyond: null, last: null, since: 0 };

/** A list is paged no further than 25,000 items: https://shopify.dev/docs/api/usage/limits#pagination-limits */
const PAGED_AT_MOST = 20_000;

/** The query for one page of a list; `fields` of each item, which cost `cost` in all. */
export function listOperation(kind: ContentKind, fields: string, cost: number): Operation {
  return {
    name: `${kind.list} ${fields === 'id' ? 'ids' : 'items'}`,
    document: `query List($first: Int!, $after: String, $query: String, $reverse: Boolean) {
  ${kind.list}(first: $first, after: $after, query: $query, reverse: $reverse, sortKey: ID) {
    nodes { ${fields} }
    pageInfo { hasNextPage endCursor }
  }
}`,
    cost: cost + 1,
  };
}

/** What a page is searched by: the kind's own condition, the listing's, and where reading began anew. */
export function searchFor({ kind, search, reverse }: Listing, at: Position): string {
  const begun = at.beyond === null ? '' : `id:${reverse ? '<' : '>'}${at.beyond}`;
  return [kind.search, search, begun].filter((part) => part !== '').join(' AND ');
}

/** Reading begins anew after this id, without Shopify's cursor. */
export function beyond(id: string): Position {
  return { after: null, beyond: id, last: id, since: 0 };
}

/** Where a reading goes on. Throws when it does not get any further, which would never end. */
export function following(
  { kind, reverse }: Listing,
  at: Position,
  nodes: readonly unknown[],
  endCursor: string | null,
): Position {
  const read = nodes.flatMap((node) => nodeId(node, kind.type) ?? []).at(-1);
  const last = read ?? at.last;
  const advanced =
    read === undefined || at.last === null || (reverse ? less(read, at.last) : less(at.last, read));
  if (endCursor === null || endCursor === at.after || nodes.length === 0 || !advanced)
    throw fault('unexpected_answer', { values: { found: 'a list that does not go on' } });
  const since = at.since + nodes.length;
  if (since >= PAGED_AT_MOST && last !== null) return beyond(last);
  return { after: endCursor, beyond: at.beyond, last, since };
}
