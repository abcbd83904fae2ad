import { z } from 'zod';
import { fault } from '../faults.ts';

/**
 * Whether a connection has a next page, and after which cursor.
 * https://shopify.dev/docs/api/usage/pagination-graphql
 */
export const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

const connection = z.object({ nodes: z.array(z.unknown()), pageInfo });

/**
 * Reads one page of a list, whatever its nodes are. Throws ExplainedFault `unexpected_answer` if it is not a
 * page.
 */
export function readConnection(value: unknown): z.output<typeof connection> {
  const { data } = connection.safeParse(value);
  if (!data) throw fault('unexpected_answer', { values: { found: 'a list without nodes' } });
  return data;
}
