import type { ItemFault } from '../../remoteContent.ts';
import type { GraphqlError } from './graphqlAnswer.ts';

/**
 * Errors that accompany partial data, by the node that each error damages. GraphQL names the place of an
 * error by a path, and puts null there or further up:
 * https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
 */
interface SpoiledNodes {
  byIndex: ReadonlyMap<number, GraphqlError>;
  /** Errors that name no node of the list. */
  elsewhere: readonly GraphqlError[];
}

/** `listPath` is the path of the node list in the data. */
export function spoiledNodes(errors: readonly GraphqlError[], listPath: readonly string[]): SpoiledNodes {
  const byIndex = new Map<number, GraphqlError>();
  const elsewhere: GraphqlError[] = [];
  for (const error of errors) {
    const path = error.path ?? [];
    const index = path[listPath.length];
    if (listPath.every((name, depth) => path[depth] === name) && typeof index === 'number')
      byIndex.set(index, error);
    else elsewhere.push(error);
  }
  return { byIndex, elsewhere };
}

/** The fault for a node with an error. Its item is not taken, as a part of it is missing. */
export function spoiledFault(error: GraphqlError, externalId: string | null): ItemFault {
  const denied = error.extensions?.code === 'ACCESS_DENIED';
  return {
    externalId,
    code: denied ? 'forbidden' : 'unreadable',
    message: error.message.slice(0, 500) || 'Shopify gave an error in place of the item.',
  };
}
