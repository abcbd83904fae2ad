import { GraphQLError } from 'graphql';

export interface PageArguments {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  reverse?: boolean | null;
}

/** https://shopify.dev/docs/api/usage/pagination-graphql */
const LARGEST_PAGE = 250;

/**
 * Returns one page of a connection. The opaque cursor names the item before the page.
 * Like Shopify, throws a GraphQLError when the page size is missing or too large, or the cursor is invalid.
 */
export function paged<T>(
  all: readonly T[],
  { first, last, after, reverse }: PageArguments,
  keyOf: (item: T) => string,
  largest = LARGEST_PAGE,
) {
  if (first == null && last == null)
    throw new GraphQLError('you must provide one of first or last', { extensions: { code: 'BAD_REQUEST' } });
  const size = first ?? last ?? 0;
  if (size > largest)
    throw new GraphQLError(`Requested ${size} items, which exceeds the maximum page size of ${largest}.`);
  const ordered = reverse ? all.toReversed() : all;
  let start = 0;
  if (after != null) {
    const key = Buffer.from(after, 'base64url').toString('utf8');
    const before = ordered.findIndex((item) => keyOf(item) === key);
    if (before < 0) throw new GraphQLError('Invalid cursor for current pagination sort.');
    start = before + 1;
  }
  const nodes = ordered.slice(start, start + size);
  const cursor = (item: T | undefined) =>
    item === undefined ? null : Buffer.from(keyOf(item)).toString('base64url');
  return {
    nodes,
    pageInfo: {
      hasNextPage: start + size < ordered.length,
      hasPreviousPage: start > 0,
      startCursor: cursor(nodes[0]),
      endCursor: cursor(nodes.at(-1)),
    },
  };
}
