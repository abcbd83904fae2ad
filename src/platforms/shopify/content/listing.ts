import { z } from 'zod';
import type { Operation } from '../api/adminClient.ts';
import { less, nodeId } from '../api/globalId.ts';
import { fault } from '../faults.ts';
import type { ContentKind } from './contentKinds.ts';

/** Which items are listed. They always come in the order of ids, so that no item moves from page to page. */
export interface Listing {
  kind: ContentKind;
  /**
   * A condition in Shopify's search syntax; empty if there is none.
   * https://shopify.dev/docs/api/usage/search-syntax
   */
  search: string;
  /** Lists the newest items first. */
  reverse: boolean;
}

/** A position as a cursor stores it. */
export const positionSchema = z.object({
  /** Shopify's cursor. */
  after: z.string().nullable(),
  /** Lists only items beyond this id, if the list was restarted there. */
  beyond: z.string().nullable(),
  /** The last id that was read. */
  last: z.string().nullable(),
  /** How many items were read since `after` was null. */
  since: z.number(),
});

/** How far a read has come. */
export type Position = z.output<typeof positionSchema>;

/** The start of a read. */
export const START: Position = { after: null, beyond: null, last: null, since: 0 };

/**
 * A list is restarted after this many items, as Shopify pages no further than 25,000 items:
 * https://shopify.dev/docs/api/usage/limits#pagination-limits
 */
const PAGED_AT_MOST = 20_000;

/**
 * The query for one page of a list. `fields` are the fields of each item; `cost` is the cost of all items
 * together.
 */
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

/**
 * The search for a page: the kind's own condition, the listing's condition, and the id after which the list
 * restarts.
 */
export function searchFor({ kind, search, reverse }: Listing, at: Position): string {
  const begun = at.beyond === null ? '' : `id:${reverse ? '<' : '>'}${at.beyond}`;
  return [kind.search, search, begun].filter((part) => part !== '').join(' AND ');
}

/** The position that restarts a list after this id, without Shopify's cursor. */
export function beyond(id: string): Position {
  return { after: null, beyond: id, last: id, since: 0 };
}

/**
 * The position after a page. Throws `unexpected_answer` if the list makes no progress, as the read would
 * never end.
 */
export function following(
  { kind, reverse }: Listing,
  at: Position,
  nodes: readonly unknown[],
  endCursor: string | null,
): Position {
  // The id that is the furthest in the list, even if the nodes of a page are in another order.
  const ids = nodes.flatMap((node) => nodeId(node, kind.type) ?? []);
  const read = ids.sort((one, other) => (less(one, other) === reverse ? 1 : -1)).at(-1);
  const last = read ?? at.last;
  const advanced =
    read === undefined || at.last === null || (reverse ? less(read, at.last) : less(at.last, read));
  if (endCursor === null || endCursor === at.after || nodes.length === 0 || !advanced)
    throw fault('unexpected_answer', { values: { found: 'a list that does not go on' } });
  const since = at.since + nodes.length;
  if (since >= PAGED_AT_MOST && last !== null) return beyond(last);
  return { after: endCursor, beyond: at.beyond, last, since };
}
