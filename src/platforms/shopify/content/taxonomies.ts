import { z } from 'zod';
import { double } from '../../connection.ts';
import type { RemoteTerm } from '../../remoteContent.ts';
import type { AdminAnswer, Operation } from '../api/adminClient.ts';
import { numberIn } from '../api/globalId.ts';
import { readConnection } from '../api/graphqlPage.ts';
import { fault } from '../faults.ts';
import { slugOf } from './slug.ts';

type Query = (operation: Operation, variables: Record<string, unknown>) => Promise<AdminAnswer>;

/**
 * The groupings of a shop's contents, as taxonomies: an article is in a blog, a product is in collections and
 * has a type, and both have tags. Publications (where products and collections are sold) and metafield
 * definitions (which further fields the shop has defined) do not group contents. They are listed as
 * taxonomies too, because the structure of a site has no other place for named lists.
 */
interface ShopTaxonomy {
  slug: string;
  label: string;
  postTypes: string[];
  /** The scope that the app needs to read it. */
  scope: string;
  /** Its terms, page by page. Throws ExplainedFault. */
  terms(query: Query): AsyncIterable<RemoteTerm[]>;
}

export const TAXONOMIES: readonly ShopTaxonomy[] = [
  {
    slug: 'blog',
    label: 'Blogs',
    postTypes: ['article'],
    scope: 'read_content',
    terms: (query) =>
      connectionTerms(
        query,
        list('blogs', 'id handle title articlesCount(limit: null) { count }', 50, 2),
        (node) => ({
          externalId: numberIn(node.id, 'Blog'),
          slug: node.handle,
          name: node.title,
          count: node.articlesCount?.count,
        }),
      ),
  },
  {
    slug: 'article_tag',
    label: 'Article tags',
    postTypes: ['article'],
    scope: 'read_content',
    async *terms(query) {
      const answer = await query(ARTICLE_TAGS, {});
      const tags = z.array(z.string()).safeParse(answer.data.articleTags);
      if (!tags.success) throw fault('unexpected_answer', { values: { found: 'no tags of articles' } });
      yield tags.data.map(textTerm);
    },
  },
  {
    slug: 'product_type',
    label: 'Product types',
    postTypes: ['product'],
    scope: 'read_products',
    terms: (query) => textTerms(query, 'productTypes'),
  },
  {
    slug: 'product_tag',
    label: 'Product tags',
    postTypes: ['product'],
    scope: 'read_products',
    terms: (query) => textTerms(query, 'productTags'),
  },
  {
    slug: 'collection',
    label: 'Collections',
    postTypes: ['product'],
    scope: 'read_products',
    terms: (query) =>
      connectionTerms(
        query,
        list('collections', 'id handle title productsCount { count }', 100, 2),
        (node) => ({
          externalId: numberIn(node.id, 'Collection'),
          slug: node.handle,
          name: node.title,
          count: node.productsCount?.count,
        }),
      ),
  },
  {
    slug: 'publication',
    label: 'Publications',
    postTypes: ['product', 'collection'],
    scope: 'read_publications',
    terms: (query) =>
      connectionTerms(query, list('publications', 'id name', 50, 1), (node) => ({
        externalId: numberIn(node.id, 'Publication'),
        slug: slugOf(node.name ?? ''),
        name: node.name,
      })),
  },
  ...(['article', 'page', 'product', 'collection'] as const).map(
    (owner): ShopTaxonomy => ({
      slug: `${owner}_metafield`,
      label: `Metafield definitions (${owner})`,
      postTypes: [owner],
      scope: owner === 'article' || owner === 'page' ? 'read_content' : 'read_products',
      terms: (query) =>
        connectionTerms(
          query,
          list(
            `metafieldDefinitions`,
            'id name namespace key',
            100,
            1,
            `, ownerType: ${owner.toUpperCase()}`,
          ),
          (node) => ({
            externalId: numberIn(node.id, 'MetafieldDefinition'),
            slug: node.namespace && node.key ? `${node.namespace}.${node.key}` : null,
            name: node.name,
          }),
        ),
    }),
  ),
];

const ARTICLE_TAGS: Operation = {
  name: 'Article tags',
  document: 'query ArticleTags { articleTags(limit: 1000, sort: ALPHABETICAL) }',
  cost: 1,
};

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

function list(
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

/** The terms of a connection. A node without an id or a name is left out. */
async function* connectionTerms(
  query: Query,
  operation: Operation & { field: string },
  read: (node: z.output<typeof termNode>) => PartOfTerm,
): AsyncIterable<RemoteTerm[]> {
  for await (const nodes of connectionPages(query, operation)) {
    yield nodes.flatMap((node) => {
      const parsed = termNode.safeParse(node);
      if (!parsed.success) return [];
      const { externalId, slug, name, count = 0 } = read(parsed.data);
      if (externalId === null || !name) return [];
      return [{ externalId, parentExternalId: null, slug: slug || externalId, name, count }];
    });
  }
}

/** Terms that are plain texts; the text is also the id. Shopify does not count how often each is used. */
async function* textTerms(query: Query, field: string): AsyncIterable<RemoteTerm[]> {
  const operation = {
    field,
    name: `${field} terms`,
    document: `query Terms($after: String) {
  ${field}(first: 250, after: $after) { nodes pageInfo { hasNextPage endCursor } }
}`,
    cost: 253,
  };
  for await (const nodes of connectionPages(query, operation)) {
    yield nodes.filter((node): node is string => typeof node === 'string' && node !== '').map(textTerm);
  }
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

function textTerm(name: string): RemoteTerm {
  return { externalId: name, parentExternalId: null, slug: slugOf(name) || name, name, count: 0 };
}
