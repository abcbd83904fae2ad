import { GraphQLError } from 'graphql';
import { type PageArguments, paged } from './connections.ts';
import { blogNode, exactly, gid, idIn, itemConnection, itemNode, TYPES } from './nodes.ts';
import { searchFor } from './search.ts';
import type { Kind, SimulatedState } from './state.ts';

interface ListArguments extends PageArguments {
  query?: string | null;
  sortKey?: string;
}

/** The scopes that each kind needs: "Requires … access scope" on each page of the reference. */
const SCOPES: Readonly<Record<Kind | 'publication', readonly string[]>> = {
  article: ['content', 'online_store_pages'],
  page: ['content', 'online_store_pages'],
  product: ['products'],
  collection: ['products'],
  publication: ['publications'],
};

/**
 * Throws ACCESS_DENIED when the app lacks the scope that it needs. A scope for writing also allows reading.
 * https://shopify.dev/changelog/new-error-messages-for-graphql-operations-without-necessary-access-scopes
 */
export function demand(
  scopes: readonly string[],
  action: 'read' | 'write',
  what: Kind | 'publication',
  field: string,
): void {
  const names = SCOPES[what].map((name) => `${action}_${name}`);
  const enough = [...names, ...(action === 'read' ? SCOPES[what].map((name) => `write_${name}`) : [])];
  if (scopes.some((scope) => enough.includes(scope))) return;
  const requiredAccess = `${names.map((name) => `\`${name}\``).join(' or ')} access scope.`;
  throw new GraphQLError(`Access denied for ${field} field. Required access: ${requiredAccess}`, {
    extensions: {
      code: 'ACCESS_DENIED',
      documentation: 'https://shopify.dev/api/usage/access-scopes',
      requiredAccess,
    },
  });
}

/** The query fields of what a shop has set up: publications, and definitions of metafields. */
function settingQueries(state: SimulatedState, scopes: readonly string[]): Record<string, unknown> {
  return {
    publications: (page: PageArguments) => {
      demand(scopes, 'read', 'publication', 'publications');
      const { nodes, pageInfo } = paged(state.publications, page, ({ id }) => String(id));
      return {
        nodes: nodes.map(({ id, name, channel }) => ({
          __typename: 'Publication',
          id: gid('Publication', id),
          name,
          channels: (channels: PageArguments) =>
            paged([{ id: gid('Channel', id), handle: channel, name }], channels, ({ handle }) => handle),
        })),
        pageInfo,
      };
    },
    metafieldDefinitions: ({ ownerType, ...page }: PageArguments & { ownerType: string }) => {
      const owned = state.definitions.filter(({ owner }) => owner.toUpperCase() === ownerType);
      const { nodes, pageInfo } = paged(owned, page, ({ id }) => String(id));
      return {
        nodes: nodes.map(({ id, name, namespace, key }) => ({
          __typename: 'MetafieldDefinition',
          id: gid('MetafieldDefinition', id),
          name,
          namespace,
          key,
        })),
        pageInfo,
      };
    },
  };
}

/** The fields of the query root, for an app with these scopes. */
export function queryRoot(state: SimulatedState, scopes: readonly string[]): Record<string, unknown> {
  const ofKind = (kind: Kind) =>
    state.items.filter((item) => item.kind === kind).toSorted((a, b) => a.id - b.id);
  const list = (kind: Kind, field: string) => (args: ListArguments) => {
    demand(scopes, 'read', kind, field);
    const found = ofKind(kind).filter(searchFor(args.query));
    if (args.sortKey === 'UPDATED_AT')
      found.sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt) || a.id - b.id);
    return itemConnection(state, found, args);
  };
  const count = (kind: Kind, field: string) => (args: ListArguments) => {
    demand(scopes, 'read', kind, field);
    return exactly(ofKind(kind).filter(searchFor(args.query)).length);
  };
  const node = ({ id }: { id: string }) => {
    for (const [kind, type] of entries(TYPES)) {
      const found = state.items.find((item) => item.kind === kind && item.id === idIn(id, type));
      if (found === undefined) continue;
      demand(scopes, 'read', kind, 'nodes');
      return itemNode(state, found);
    }
    if (!/^gid:\/\/shopify\/\w+\/\d+/.test(id))
      throw new GraphQLError('Invalid global id', { extensions: { code: 'argumentLiteralsIncompatible' } });
    return null;
  };
  const texts =
    (of: (kindItem: (typeof state.items)[number]) => string[], largest: number) => (page: PageArguments) => {
      demand(scopes, 'read', 'product', 'productTags');
      const all = [...new Set(ofKind('product').flatMap(of))].filter((text) => text !== '').toSorted();
      return paged(all, page, (text) => text, largest);
    };
  return {
    shop: {
      name: state.name,
      myshopifyDomain: state.myshopifyDomain,
      primaryDomain: { host: state.domain, url: `https://${state.domain}` },
    },
    currentAppInstallation: {
      id: gid('AppInstallation', 1),
      accessScopes: scopes.map((handle) => ({ handle, description: handle.replaceAll('_', ' ') })),
    },
    node,
    nodes: ({ ids }: { ids: string[] }) => ids.map((id) => node({ id })),
    articles: list('article', 'articles'),
    articleTags: ({ limit }: { limit: number }) => {
      demand(scopes, 'read', 'article', 'articleTags');
      return [...new Set(ofKind('article').flatMap((item) => item.tags))].toSorted().slice(0, limit);
    },
    blogs: (page: PageArguments) => {
      demand(scopes, 'read', 'article', 'blogs');
      const { nodes, pageInfo } = paged(state.blogs, page, ({ id }) => String(id));
      return { nodes: nodes.map((blog) => blogNode(state, blog)), pageInfo };
    },
    blogsCount: () => {
      demand(scopes, 'read', 'article', 'blogsCount');
      return exactly(state.blogs.length);
    },
    pages: list('page', 'pages'),
    pagesCount: count('page', 'pagesCount'),
    product: ({ id }: { id: string }) => {
      demand(scopes, 'read', 'product', 'product');
      const found = ofKind('product').find((item) => item.id === idIn(id, 'Product'));
      return found ? itemNode(state, found) : null;
    },
    // Without a status in the search, Shopify returns active products only. See the argument `query` on the
    // reference page of the query `products`.
    products: (args: ListArguments) =>
      list('product', 'products')({ ...args, query: withStatus(args.query) }),
    productsCount: (args: ListArguments) =>
      count('product', 'productsCount')({ ...args, query: withStatus(args.query) }),
    productTags: texts((item) => item.tags, 5000),
    productTypes: texts((item) => [item.productType], 1000),
    collections: list('collection', 'collections'),
    collectionsCount: count('collection', 'collectionsCount'),
    collectionByIdentifier: ({ identifier }: { identifier: { handle?: string; id?: string } }) => {
      demand(scopes, 'read', 'collection', 'collectionByIdentifier');
      const found = ofKind('collection').find(
        ({ handle, id }) => handle === identifier.handle || id === idIn(identifier.id, 'Collection'),
      );
      return found ? itemNode(state, found) : null;
    },
    ...settingQueries(state, scopes),
  };
}

function withStatus(query: string | null | undefined): string {
  const asked = query ?? '';
  return /\bstatus:/.test(asked)
    ? asked
    : [asked, 'status:active'].filter((part) => part !== '').join(' AND ');
}

function entries<K extends string, V>(table: Readonly<Record<K, V>>): Array<[K, V]> {
  const names: K[] = [];
  for (const name in table) names.push(name);
  return names.map((name) => [name, table[name]]);
}
