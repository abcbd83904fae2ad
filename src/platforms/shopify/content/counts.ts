import { z } from 'zod';
import { double } from '../../connection.ts';
import type { AdminAnswer, Operation } from '../api/adminClient.ts';
import type { ContentKind } from './contentKinds.ts';

type Query = (operation: Operation, variables: Record<string, unknown>) => Promise<AdminAnswer>;

const count = z.object({ count: double.refine(Number.isInteger), precision: z.string() });

/** Matches only if all blogs are on one page. With more blogs, articles are not counted. */
const blogs = z.object({
  nodes: z.array(z.object({ articlesCount: count })),
  pageInfo: z.object({ hasNextPage: z.literal(false) }),
});

const QUERIES: Readonly<Record<ContentKind['list'], Operation>> = {
  // Shopify has no count of all articles, but one for each blog.
  articles: {
    name: 'Count articles',
    document: `query CountArticles {
  blogs(first: 100) { nodes { articlesCount(limit: null) { count precision } } pageInfo { hasNextPage } }
}`,
    cost: 204,
  },
  pages: {
    name: 'Count pages',
    document: 'query CountPages { pagesCount(limit: null) { count precision } }',
    cost: 2,
  },
  products: {
    name: 'Count products',
    document:
      'query CountProducts($query: String) { productsCount(limit: null, query: $query) { count precision } }',
    cost: 2,
  },
  collections: {
    name: 'Count collections',
    document: 'query CountCollections { collectionsCount(limit: null) { count precision } }',
    cost: 2,
  },
};

const COUNT_BLOGS: Operation = {
  name: 'Count blogs',
  document: 'query CountBlogs { blogsCount(limit: null) { count precision } }',
  cost: 2,
};

/** The number of blogs; null if Shopify does not count them exactly. */
export async function countBlogs(query: Query): Promise<number | null> {
  return exactly((await query(COUNT_BLOGS, {})).data.blogsCount);
}

/** The number of collections; null if Shopify does not count them exactly. */
export async function countCollections(query: Query): Promise<number | null> {
  return exactly((await query(QUERIES.collections, {})).data.collectionsCount);
}

function exactly(value: unknown): number | null {
  const { data } = count.safeParse(value);
  return data?.precision === 'EXACT' ? data.count : null;
}

/** The number of items of a kind; null if Shopify does not count them exactly. */
export async function countItems(kind: ContentKind, query: Query): Promise<number | null> {
  const { data } = await query(QUERIES[kind.list], kind.list === 'products' ? { query: kind.search } : {});
  const counted =
    kind.list === 'articles' ? blogs.safeParse(data.blogs) : count.safeParse(data[`${kind.list}Count`]);
  if (!counted.success) return null;
  const parts =
    'nodes' in counted.data ? counted.data.nodes.map((node) => node.articlesCount) : [counted.data];
  if (parts.some(({ precision }) => precision !== 'EXACT')) return null;
  return parts.reduce((sum, part) => sum + part.count, 0);
}
