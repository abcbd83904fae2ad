/**
 * A kind of content in a shop, and how to query it. The kind's slug is also the slug of the content type
 * here. https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Article, …/Page, …/Product, …/Collection
 */
export interface ContentKind {
  slug: 'article' | 'page' | 'product' | 'collection';
  label: string;
  /** The type's name in GraphQL and in global ids. */
  type: 'Article' | 'Page' | 'Product' | 'Collection';
  /** The name of the list in a query. */
  list: 'articles' | 'pages' | 'products' | 'collections';
  /**
   * The condition that every search for the kind needs. By default, a search for products finds only active
   * ones.
   */
  search: string;
  taxonomies: string[];
  /** Items on one page, few enough to stay far below the 1,000 points that one query may cost. */
  pageSize: number;
  /** Points for one item with all its fields, as objects and connections count. */
  itemCost: number;
}

/** How many collections are read together with a product. The others are read separately. */
const COLLECTIONS_WITH_PRODUCT = 10;

export const KINDS: readonly ContentKind[] = [
  {
    slug: 'article',
    label: 'Articles',
    type: 'Article',
    list: 'articles',
    search: '',
    taxonomies: ['blog', 'article_tag'],
    pageSize: 50,
    itemCost: 6,
  },
  {
    slug: 'page',
    label: 'Pages',
    type: 'Page',
    list: 'pages',
    search: '',
    taxonomies: [],
    pageSize: 50,
    itemCost: 2,
  },
  {
    slug: 'product',
    label: 'Products',
    type: 'Product',
    list: 'products',
    search: 'status:active,draft,archived,unlisted',
    taxonomies: ['product_type', 'product_tag', 'collection'],
    pageSize: 25,
    itemCost: 22,
  },
  {
    slug: 'collection',
    label: 'Collections',
    type: 'Collection',
    list: 'collections',
    search: '',
    taxonomies: [],
    pageSize: 50,
    itemCost: 5,
  },
];

export function kindOf(slug: string): ContentKind | undefined {
  return KINDS.find((kind) => kind.slug === slug);
}

/**
 * The namespace of the metafields in which we store our own facts about an item. Every app of the shop can
 * see them.
 */
export const OUR_NAMESPACE = 'sitebridge';

/**
 * Before there were keys, the number of a content was stored. A number may be used again for another content.
 */
const LINK = `
  contentKey: metafield(namespace: "${OUR_NAMESPACE}", key: "content_key") { value }
  contentId: metafield(namespace: "${OUR_NAMESPACE}", key: "content_id") { value }`;
const OURS = `${LINK}
  imageSource: metafield(namespace: "${OUR_NAMESPACE}", key: "image_source") { value }`;

/**
 * The GraphQL fields of one item. `onlineStore` is the global id of the Online Store's publication, if it is
 * known.
 */
export function fieldsOf(kind: ContentKind, onlineStore: string | null): string {
  switch (kind.slug) {
    case 'article':
      return `id handle title body summary tags isPublished publishedAt updatedAt templateSuffix
  author { name } blog { id handle title } image { url }${OURS}`;
    case 'page':
      return `id handle title body isPublished publishedAt updatedAt templateSuffix${LINK}`;
    case 'product':
      return `id handle title descriptionHtml tags productType vendor status updatedAt templateSuffix
  seo { title description } featuredMedia { preview { image { url } } }
  collections(first: ${COLLECTIONS_WITH_PRODUCT}) { nodes { id handle title } pageInfo { hasNextPage endCursor } }${OURS}`;
    case 'collection':
      return `id handle title descriptionHtml updatedAt templateSuffix sortOrder
  seo { title description } image { url }${OURS}
  ${onlineStore === null ? '' : `isOnline: publishedOnPublication(publicationId: "${onlineStore}")`}`;
  }
}

/** Translates a status of Shopify into ours. A shop has no trash. */
export function localStatus(externalStatus: string): 'draft' | 'published' {
  return ['published', 'unknown', 'ACTIVE', 'UNLISTED'].includes(externalStatus) ? 'published' : 'draft';
}
