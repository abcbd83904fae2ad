import type { ItemFault } from '../../remoteContent.ts';
import type { GraphqlError } from './graphqlAnswer.ts';

/**
 * Errors that accompany partial data, by the node that each error damages. GraphQL names the place of an
 * error by a path, and puts null there or further up:
 * https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
 */
interface SpoiledNodes {
  byIndex: ReadonlyMap<number, readonly GraphqlError[]>;
  /** Errors that name no node of the list. */
  elsewhere: readonly GraphqlError[];
}

/** `listPath` is the path of the node list in the data. */
export function spoiledNodes(errors: readonly GraphqlError[], listPath: readonly string[]): SpoiledNodes {
  const byIndex = new Map<number, GraphqlError[]>();
  const elsewhere: GraphqlError[] = [];
  for (const error of errors) {
    const path = error.path ?? [];
    const index = path[listPath.length];
    if (listPath.every((name, depth) => path[depth] === name) && typeof index === 'number')
      byIndex.set(index, [...(byIndex.get(index) ?? []), error]);
    else elsewhere.push(error);
  }
  return { byIndex, elsewhere };
}

/** The fields of a node that errors damage, each with the message; null if an error damages the whole node. */
export function spoiledFields(
  errors: readonly GraphqlError[],
  listPath: readonly string[],
): Map<string, string> | null {
  const fields = new Map<string, string>();
  for (const { path, message } of errors) {
    const field = path?.[listPath.length + 1];
    if (typeof field !== 'string') return null;
    fields.set(field, message.slice(0, 500) || 'Shopify gave an error in place of the value.');
  }
  return fields;
}

/** The fault for a node that an error damages as a whole. */
export function spoiledFault(error: GraphqlError, externalId: string | null): ItemFault {
  const denied = error.extensions?.code === 'ACCESS_DENIED';
  return {
    externalId,
    code: denied ? 'forbidden' : 'unreadable',
    message: error.message.slice(0, 500) || 'Shopify gave an error in place of the item.',
  };
}
