import { type PageArguments, paged } from './connections.ts';
import type { Kind, SimulatedBlog, SimulatedItem, SimulatedState } from './state.ts';

export const TYPES: Readonly<Record<Kind, string>> = {
  article: 'Article',
  page: 'Page',
  product: 'Product',
  collection: 'Collection',
};

export function gid(type: string, id: number): string {
  return `gid://shopify/${type}/${id}`;
}

/** The number in a global id of this type. NaN for any other text. */
export function idIn(value: string | null | undefined, type: string): number {
  return Number(new RegExp(`^gid://shopify/${type}/(\\d+)$`).exec(value ?? '')?.[1] ?? Number.NaN);
}

/** An item in the form that GraphQL resolves. Fields with arguments are functions. */
export function itemNode(state: SimulatedState, item: SimulatedItem): Record<string, unknown> {
  const common = {
    __typename: TYPES[item.kind],
    id: gid(TYPES[item.kind], item.id),
    handle: item.handle,
    title: item.title,
    templateSuffix: item.templateSuffix,
    createdAt: item.createdAt,
    updatedAt: item.updatedAt,
    metafield: ({ namespace, key }: { namespace?: string; key: string }) => {
      const found = item.metafields.get(`${namespace ?? ''}.${key}`);
      return found ? { namespace, key, ...found } : null;
    },
    publishedOnPublication: ({ publicationId }: { publicationId: string }) =>
      item.publications.includes(idIn(publicationId, 'Publication')),
  };
  const image = item.imageUrl === null ? null : { url: item.imageUrl, altText: null };
  const collections = () =>
    state.items.filter((each) => each.kind === 'collection' && item.collections.includes(each.id));
  switch (item.kind) {
    case 'article':
      return {
        ...common,
        author: { name: item.author },
        blog: blogNode(state, state.blogs.find(({ id }) => id === item.blog) ?? state.blogs[0]),
        body: item.body,
        summary: item.summary === '' ? null : item.summary,
        tags: item.tags.toSorted(),
        image,
        isPublished: item.isPublished,
        publishedAt: item.publishedAt,
      };
    case 'page':
      return { ...common, body: item.body, isPublished: item.isPublished, publishedAt: item.publishedAt };
    case 'product':
      return {
        ...common,
        descriptionHtml: item.body,
        tags: item.tags.toSorted(),
        productType: item.productType,
        vendor: item.vendor,
        status: item.status,
        priceRangeV2: { minVariantPrice: price(item), maxVariantPrice: price(item) },
        seo: item.seo,
        featuredMedia: image === null ? null : { preview: { image } },
        collections: (page: PageArguments) => itemConnection(state, collections(), page),
      };
    case 'collection':
      return {
        ...common,
        descriptionHtml: item.body,
        sortOrder: item.sortOrder,
        seo: item.seo,
        image,
        productsCount: exactly(state.items.filter((each) => each.collections.includes(item.id)).length),
      };
  }
}

function price(item: SimulatedItem) {
  return { amount: item.price, currencyCode: 'EUR' };
}

export function itemConnection(state: SimulatedState, items: readonly SimulatedItem[], page: PageArguments) {
  const { nodes, pageInfo } = paged(items, page, ({ id }) => String(id));
  return { nodes: nodes.map((item) => itemNode(state, item)), pageInfo };
}

export function blogNode(state: SimulatedState, blog: SimulatedBlog | undefined) {
  if (blog === undefined) return null;
  return {
    __typename: 'Blog',
    id: gid('Blog', blog.id),
    handle: blog.handle,
    title: blog.title,
    articlesCount: () =>
      exactly(state.items.filter((item) => item.kind === 'article' && item.blog === blog.id).length),
  };
}

export function exactly(count: number) {
  return { count, precision: 'EXACT' };
}
