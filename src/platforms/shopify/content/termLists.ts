/** The terms in the lists of a shop, with what the lists lack. */
import { z } from 'zod';
import { double } from '../../connection.ts';
import { incompleteList } from '../../incompleteList.ts';
import type { RemoteTerm, UnreadField } from '../../remoteContent.ts';
import type { AdminAnswer, Operation } from '../api/adminClient.ts';
import { readConnection } from '../api/graphqlPage.ts';
import { fault } from '../faults.ts';
import { slugOf } from './slug.ts';

export type Query = (operation: Operation, variables: Record<string, unknown>) => Promise<AdminAnswer>;

const counted = z.object({ count: double }).nullish().catch(null);
const text = z.string().nullish().catch(null);
const termNode = z.object({
  id: text,
  handle: text,
  title: text,
  name: text,
  namespace: text,
  key: text,
  articlesCount: counted,
  productsCount: counted,
});

/** The request for the terms in a connection of the query root. */
export function list(
  field: string,
  nodes: string,
  first: number,
  nodeCost: number,
  args = '',
): Operation & { field: string } {
  return {
    field,
    name: `${field} terms${args}`,
    document: `query Terms($after: String) {
  ${field}(first: ${first}, after: $after${args}) { nodes { ${nodes} } pageInfo { hasNextPage endCursor } }
}`,
    cost: 3 + first * nodeCost,
  };
}

interface PartOfTerm {
  externalId: string | null;
  slug: string | null | undefined;
  name: string | null | undefined;
  count?: number | undefined;
}

/**
 * The terms of a connection. A node without an id is counted as missing.
 * @param counted how many terms Shopify counts; null if it does not count them.
 */
export async function* connectionTerms(
  query: Query,
  operation: Operation & { field: string },
  read: (node: z.output<typeof termNode>) => PartOfTerm,
  counted: () => Promise<number | null> = async () => null,
): AsyncIterable<RemoteTerm[]> {
  const seen = new Set<string>();
  let unusable = 0;
  for await (const nodes of connectionPages(query, operation)) {
    const terms = nodes.flatMap((node) => {
      const parsed = termNode.safeParse(node);
      const part = parsed.success ? read(parsed.data) : null;
      return part?.externalId == null ? [] : [termOf({ ...part, externalId: part.externalId })];
    });
    unusable += nodes.length - terms.length;
    for (const { externalId } of terms) seen.add(externalId);
    yield terms;
  }
  const of = Math.max(seen.size + unusable, (await counted()) ?? 0);
  if (of > seen.size) throw incompleteList(seen.size, of);
}

function termOf({ externalId, slug, name, count = 0 }: PartOfTerm & { externalId: string }): RemoteTerm {
  const unread: UnreadField[] = [];
  if (slug == null) unread.push({ field: 'slug', message: 'The handle is not a text.' });
  if (!name) unread.push({ field: 'name', message: 'The title is not a text.' });
  const own = slug === '' ? externalId : (slug ?? '');
  const term = { externalId, parentExternalId: null, slug: own, name: name || own, count };
  return unread.length === 0 ? term : { ...term, unread };
}

/** Terms that are plain texts; the text is also the id. Shopify does not count how often each is used. */
export async function* textTerms(query: Query, field: string): AsyncIterable<RemoteTerm[]> {
  const operation = {
    field,
    name: `${field} terms`,
    document: `query Terms($after: String) {
  ${field}(first: 250, after: $after) { nodes pageInfo { hasNextPage endCursor } }
}`,
    cost: 253,
  };
  let read = 0;
  let unusable = 0;
  for await (const nodes of connectionPages(query, operation)) {
    const texts = nodes.filter((node) => typeof node === 'string');
    unusable += nodes.length - texts.length;
    read += texts.length;
    yield texts.filter((each) => each !== '').map(textTerm);
  }
  if (unusable > 0) throw incompleteList(read, read + unusable);
}

async function* connectionPages(
  query: Query,
  operation: Operation & { field: string },
): AsyncIterable<unknown[]> {
  for (let after: string | null = null; ; ) {
    const answer: AdminAnswer = await query(operation, { after });
    const { nodes, pageInfo } = readConnection(answer.data[operation.field]);
    yield nodes;
    const { hasNextPage, endCursor } = pageInfo;
    if (!hasNextPage) return;
    if (!endCursor || endCursor === after)
      throw fault('unexpected_answer', { values: { found: 'a list that does not go on' } });
    after = endCursor;
  }
}

/** The term for a plain text. */
export function textTerm(name: string): RemoteTerm {
  return { externalId: name, parentExternalId: null, slug: slugOf(name) || name, name, count: 0 };
}
