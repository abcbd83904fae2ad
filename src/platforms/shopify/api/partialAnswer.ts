import type { ItemFault } from '../../contentPart.ts';
import type { GraphqlError } from './graphqlAnswer.ts';

/**
 * Errors beside partial data, by the node that each spoils. GraphQL names the place of an error by its path, and
 * puts null there or further up: https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
 */
interface SpoiledNodes {
  byIndex: ReadonlyMap<number, GraphqlError>;
  /** Errors that name no node of the list. */
  elsewhere: readonly GraphqlError[];
}

/** `listPath` is where the list of nodes stands in the data. */
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

/** What was told of an item, so that it is not taken without the part that is wrong. */
export function spoiledFault(error: GraphqlError, externalId: string | null): ItemFault {
  const denied = error.extensions?.code === 'ACCESS_DENIED';
  return {
    externalId,
    code: denied ? 'forbidden' : 'unreadable',
    message: error.message.slice(0, 500) || 'Shopify gave an error in its place.',
  };
}
