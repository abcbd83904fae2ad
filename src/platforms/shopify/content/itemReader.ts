import { RemoteError } from '../../../errors.ts';
import type { Pace, ReadOutcome } from '../../contentPart.ts';
import type { ItemFault, RemoteContent } from '../../remoteContent.ts';
import type { AdminAnswer, AdminClient, Operation } from '../api/adminClient.ts';
import { globalId, isId, nodeId } from '../api/globalId.ts';
import { readConnection } from '../api/graphqlPage.ts';
import { spoiledFault, spoiledFields, spoiledNodes } from '../api/partialAnswer.ts';
import type { ShopFacts } from '../api/shopFacts.ts';
import { fault } from '../faults.ts';
import { type ContentKind, fieldsOf } from './contentKinds.ts';
import { beyond, following, type Listing, listOperation, type Position, searchFor } from './listing.ts';
import { readItem, readMemberships } from './remoteItem.ts';

/**
 * Ids alone cost little, so a page has as many as Shopify allows:
 * https://shopify.dev/docs/api/usage/pagination-graphql
 */
const IDS_AT_ONCE = 250;

export interface ItemPage {
  items: RemoteContent[];
  faults: ItemFault[];
  /** The position of the next page; null after the last page. */
  next: Position | null;
  answeredAt: string | null;
}

interface ReadNodes {
  items: RemoteContent[];
  faults: ItemFault[];
  /** Requested ids that Shopify does not know. */
  absent: string[];
}

/** Reads items of a shop, in lists and by their ids. Throws ExplainedFault. */
export class ItemReader {
  readonly #client: AdminClient;
  readonly #pace: Pace;
  readonly facts: ShopFacts;

  constructor(client: AdminClient, pace: Pace, facts: ShopFacts) {
    this.#client = client;
    this.#pace = pace;
    this.facts = facts;
  }

  /** Sends a query when it is its turn, and again after a temporary fault. */
  query(operation: Operation, variables: Record<string, unknown>): Promise<AdminAnswer> {
    const { signal } = this.#pace;
    return this.#pace.send(() => this.#client.ask(operation, variables, { signal }), {
      repeatable: true,
      writes: false,
    });
  }

  /**
   * Reads one page of a list in the order of ids. The page is smaller if Shopify cannot answer a full one.
   */
  async page(listing: Listing, at: Position, atMost: number): Promise<ItemPage> {
    const { kind } = listing;
    const fields = fieldsOf(kind, this.facts.onlineStore);
    const size = Math.min(kind.pageSize, atMost);
    const { answer, nodes, next } = await this.#list(listing, at, fields, kind.itemCost, size);
    const read = await this.#items(kind, nodes, answer, [kind.list, 'nodes']);
    const items = [...new Map(read.items.map((item) => [item.externalId, item])).values()];
    return { items, faults: read.faults, next, answeredAt: answer.answeredAt };
  }

  /** Reads one page of ids only. */
  async ids(listing: Listing, at: Position): Promise<{ ids: string[]; next: Position | null }> {
    const { nodes, next } = await this.#list(listing, at, 'id', 1, IDS_AT_ONCE);
    return { ids: nodes.flatMap((node) => nodeId(node, listing.kind.type) ?? []), next };
  }

  /** Reads some items in their current state. */
  async byId(kind: ContentKind, externalIds: readonly string[]): Promise<ReadOutcome> {
    const outcome: ReadOutcome = { items: [], gone: [], faults: [] };
    // A text that is not an id of Shopify cannot belong to an existing item.
    outcome.gone.push(...externalIds.filter((id) => !isId(id)));
    const ids = externalIds.filter(isId);
    for (let start = 0; start < ids.length; start += kind.pageSize) {
      const read = await this.#nodes(kind, ids.slice(start, start + kind.pageSize));
      outcome.items.push(...read.items);
      outcome.faults.push(...read.faults);
      outcome.gone.push(...read.absent);
    }
    return outcome;
  }

  /** Reads items by id, in one answer, or in halves if one answer would be too large. */
  async #nodes(kind: ContentKind, ids: readonly string[]): Promise<ReadNodes> {
    try {
      const answer = await this.query(nodesOperation(kind, this.facts.onlineStore, ids.length), {
        ids: ids.map((id) => globalId(kind.type, id)),
      });
      const { nodes } = answer.data;
      if (!Array.isArray(nodes) || nodes.length !== ids.length)
        throw fault('unexpected_answer', { values: { found: 'other nodes than asked for' } });
      return await this.#items(kind, nodes, answer, ['nodes'], ids);
    } catch (error) {
      if (!isTooMuch(error) || ids.length === 1) throw error;
      const half = Math.ceil(ids.length / 2);
      const first = await this.#nodes(kind, ids.slice(0, half));
      const second = await this.#nodes(kind, ids.slice(half));
      return {
        items: [...first.items, ...second.items],
        faults: [...first.faults, ...second.faults],
        absent: [...first.absent, ...second.absent],
      };
    }
  }

  async #list(listing: Listing, from: Position, fields: string, itemCost: number, largest: number) {
    const { kind, reverse } = listing;
    let at = from;
    for (let size = largest; ; ) {
      const query = searchFor(listing, at);
      const operation = listOperation(kind, fields, 2 + size * itemCost);
      try {
        const answer = await this.query(operation, { first: size, after: at.after, query, reverse });
        const { nodes, pageInfo } = readConnection(answer.data[kind.list]);
        const next = pageInfo.hasNextPage ? following(listing, at, nodes, pageInfo.endCursor ?? null) : null;
        return { answer, nodes, next };
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        if (isTooMuch(error) && size > 1) size = Math.floor(size / 2);
        else if (at.after !== null && at.last !== null && /cursor/i.test(error.message))
          // Shopify may not know an old cursor any more. The list then restarts after the last id that was
          // read.
          at = beyond(at.last);
        else throw error;
      }
    }
  }

  /**
   * Reads `nodes` into items, faults and absent ids. `asked` holds the requested ids in the same order, for a
   * request by id.
   */
  async #items(
    kind: ContentKind,
    nodes: readonly unknown[],
    answer: AdminAnswer,
    listPath: readonly string[],
    asked?: readonly string[],
  ): Promise<ReadNodes> {
    const spoiled = spoiledNodes(answer.errors, listPath);
    const faults = spoiled.elsewhere.map((error) => spoiledFault(error, null));
    const items: RemoteContent[] = [];
    const absent: string[] = [];
    for (const [index, node] of nodes.entries()) {
      const errors = spoiled.byIndex.get(index) ?? [];
      const fields = node === null ? null : spoiledFields(errors, listPath);
      const [error] = errors;
      const id = asked?.[index];
      if (error !== undefined && fields === null) {
        faults.push(spoiledFault(error, id ?? nodeId(node, kind.type)));
      } else if (node === null && id !== undefined) {
        // An error that names no node may concern this node, so null does not prove that the item is gone.
        if (spoiled.elsewhere.length === 0) absent.push(id);
        else
          faults.push({
            externalId: id,
            code: 'unreadable',
            message: 'Shopify does not say whether the item exists.',
          });
      } else {
        const read = readItem(kind, node, this.facts, fields ?? undefined);
        if ('fault' in read) faults.push(read.fault);
        else {
          await this.#addCollections(read.content, read.restOfCollections);
          items.push(read.content);
        }
      }
    }
    return { items, faults, absent };
  }

  /**
   * Reads the other collections of a product that is in very many. Without them, the product would seem to
   * have left them.
   */
  async #addCollections(content: RemoteContent, after: string | null): Promise<void> {
    for (let cursor = after; cursor !== null; ) {
      const { data } = await this.query(MEMBERSHIPS, {
        id: globalId('Product', content.externalId),
        after: cursor,
      });
      const { product } = data;
      const value =
        typeof product === 'object' && product !== null && 'collections' in product
          ? product.collections
          : undefined;
      const read = readMemberships(value);
      if (read === null || read.rest === cursor)
        throw fault('unexpected_answer', { values: { found: 'a product without its collections' } });
      content.terms.push(...read.terms);
      cursor = read.rest;
    }
  }
}

const MEMBERSHIPS: Operation = {
  name: 'Memberships',
  document: `query Memberships($id: ID!, $after: String) {
  product(id: $id) { collections(first: 100, after: $after) {
    nodes { id handle title } pageInfo { hasNextPage endCursor }
  } }
}`,
  cost: 104,
};

/** The query for some items by id. */
function nodesOperation(kind: ContentKind, onlineStore: string | null, count: number): Operation {
  return {
    name: `${kind.type} nodes`,
    document: `query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) { ... on ${kind.type} { ${fieldsOf(kind, onlineStore)} } }
}`,
    cost: count * kind.itemCost,
  };
}

/** Could a smaller request succeed? */
function isTooMuch(error: unknown): boolean {
  return error instanceof RemoteError && (error.code === 'too_large' || error.code === 'too_costly');
}
