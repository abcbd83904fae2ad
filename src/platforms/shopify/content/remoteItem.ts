import { z } from 'zod';
import type { JsonObject } from '../../connection.ts';
import type { ContentTerm, ItemFault, RemoteContent } from '../../remoteContent.ts';
import { nodeId } from '../api/globalId.ts';
import { pageInfo } from '../api/graphqlPage.ts';
import type { ShopFacts } from '../api/shopFacts.ts';
import { type ContentKind, localStatus } from './contentKinds.ts';
import { collectionTerm, tagTerms, term } from './itemTerms.ts';
import { unreadOf, withDefaults } from './spoiledNode.ts';

const text = z.string();
const metafield = z.object({ value: text }).nullish();
const image = z.object({ url: text }).nullish();
const seo = z.object({ title: text.nullish(), description: text.nullish() }).nullish();

const common = {
  id: text,
  handle: text,
  title: text,
  updatedAt: text.nullish(),
  templateSuffix: text.nullish(),
  contentKey: metafield,
  contentId: metafield,
  imageSource: metafield,
};

const article = z.object({
  ...common,
  body: text,
  summary: text.nullish(),
  tags: z.array(text),
  isPublished: z.boolean(),
  publishedAt: text.nullish(),
  author: z.object({ name: text }).nullish(),
  blog: z.object({ id: text, handle: text, title: text }),
  image,
});

const page = z.object({ ...common, body: text, isPublished: z.boolean(), publishedAt: text.nullish() });

const memberships = z.object({
  nodes: z.array(z.object({ id: text, handle: text, title: text })),
  pageInfo,
});

const product = z.object({
  ...common,
  descriptionHtml: text,
  tags: z.array(text),
  productType: text,
  vendor: text,
  status: text,
  seo,
  featuredMedia: z.object({ preview: z.object({ image }).nullish() }).nullish(),
  collections: memberships,
});

const collection = z.object({
  ...common,
  descriptionHtml: text,
  sortOrder: text.nullish(),
  seo,
  image,
  isOnline: z.boolean().nullish(),
});

/** An item that was read, or why it has no usable id. */
type ReadItem = { content: RemoteContent; restOfCollections: string | null } | { fault: ItemFault };

/**
 * Reads one node of an answer as a content. `restOfCollections` is the cursor after which a product's other
 * collections come. Never throws: a field that cannot be read becomes one of `unread`, and a node without an id a
 * fault. `spoiled`: the fields that errors of the answer damage, with their messages.
 */
export function readItem(
  kind: ContentKind,
  node: unknown,
  facts: ShopFacts,
  spoiled: ReadonlyMap<string, string> = new Map(),
): ReadItem {
  const id = nodeId(node, kind.type);
  if (id === null) {
    const message =
      node === null ? 'Shopify gave nothing in place of the item.' : `The item has no id of a ${kind.slug}.`;
    return { fault: { externalId: null, code: 'no_id', message } };
  }
  const base: Base = (from, path) => ({
    externalId: id,
    contentType: kind.slug,
    title: from.title,
    slug: from.handle,
    excerpt: '',
    url: `${facts.url}/${path}${encodeURIComponent(from.handle)}`,
    modifiedAt: utc(from.updatedAt),
    visibility: 'public',
    // Shopify makes no hash of an item.
    tag: null,
    contentKey: z.uuid().safeParse(from.contentKey?.value.toLowerCase()).data ?? null,
    legacyContentId: contentIdOf(from.contentId?.value),
    // Shopify never uses an id again: https://shopify.dev/docs/api/usage/gids
    birth: null,
  });
  const unread = new Map(spoiled);
  try {
    return withUnread(readers[kind.slug](withDefaults(node, unread), base), unread);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    for (const { path } of error.issues) {
      const field = String(path[0]);
      if (!unread.has(field)) unread.set(field, `The ${field} of the ${kind.slug} cannot be read.`);
    }
    return withUnread(readers[kind.slug](withDefaults(node, unread), base), unread);
  }
}

/** The fields that every kind of item has. */
type Base = (
  from: z.output<z.ZodObject<typeof common>>,
  path: string,
) => Omit<RemoteContent, 'body' | 'externalStatus' | 'status' | 'terms' | 'metadata'>;

/** Read a node of each kind. Throw ZodError for a node that cannot be read. */
const readers: Record<ContentKind['slug'], (node: unknown, base: Base) => ReadItem> = {
  article(node, base) {
    const from = article.parse(node);
    const blog = { taxonomy: 'blog', slug: from.blog.handle, name: from.blog.title };
    return item({
      ...base(from, `blogs/${encodeURIComponent(from.blog.handle)}/`),
      body: from.body,
      excerpt: from.summary ?? '',
      ...publication(from),
      terms: [...(blog.slug === '' ? [] : [blog]), ...tagTerms('article_tag', from.tags)],
      metadata: present({
        author: from.author?.name,
        template_suffix: from.templateSuffix,
        image_url: from.image?.url,
        featured_image_url: from.imageSource?.value,
      }),
    });
  },
  page(node, base) {
    const from = page.parse(node);
    return item({
      ...base(from, 'pages/'),
      body: from.body,
      ...publication(from),
      terms: [],
      metadata: present({ template_suffix: from.templateSuffix }),
    });
  },
  product(node, base) {
    const from = product.parse(node);
    const collections = membershipsIn(from.collections);
    const content: RemoteContent = {
      ...base(from, 'products/'),
      body: from.descriptionHtml,
      externalStatus: from.status,
      status: localStatus(from.status),
      terms: [
        ...(from.productType === '' ? [] : [term('product_type', from.productType)]),
        ...tagTerms('product_tag', from.tags),
        ...collections.terms,
      ],
      metadata: present({
        vendor: from.vendor,
        template_suffix: from.templateSuffix,
        seo_title: from.seo?.title,
        seo_description: from.seo?.description,
        image_url: from.featuredMedia?.preview?.image?.url,
        featured_image_url: from.imageSource?.value,
      }),
    };
    return { content, restOfCollections: collections.rest };
  },
  collection(node, base) {
    const from = collection.parse(node);
    // If the app may not see publications, the status is unknown. It then counts as published, as most
    // collections are.
    const online = from.isOnline ?? null;
    const status = online === null ? 'unknown' : online ? 'published' : 'unpublished';
    return item({
      ...base(from, 'collections/'),
      body: from.descriptionHtml,
      externalStatus: status,
      status: localStatus(status),
      terms: [],
      metadata: present({
        template_suffix: from.templateSuffix,
        sort_order: from.sortOrder,
        seo_title: from.seo?.title,
        seo_description: from.seo?.description,
        image_url: from.image?.url,
        featured_image_url: from.imageSource?.value,
      }),
    });
  },
};

/** Reads a further page of a product's collections; null if the value is not such a page. */
export function readMemberships(value: unknown): { terms: ContentTerm[]; rest: string | null } | null {
  const { data } = memberships.safeParse(value);
  return data ? membershipsIn(data) : null;
}

function membershipsIn({ nodes, pageInfo: { hasNextPage, endCursor } }: z.output<typeof memberships>) {
  return { terms: nodes.map(collectionTerm), rest: hasNextPage ? (endCursor ?? null) : null };
}

function withUnread(read: ReadItem, fields: ReadonlyMap<string, string>): ReadItem {
  if ('fault' in read || fields.size === 0) return read;
  return { ...read, content: { ...read.content, unread: unreadOf(fields) } };
}

function item(content: RemoteContent): ReadItem {
  return { content, restOfCollections: null };
}

/** An unpublished item with a date is scheduled: Shopify publishes it then. */
function publication(from: { isPublished: boolean; publishedAt?: string | null | undefined }) {
  const planned = !from.isPublished && Boolean(from.publishedAt);
  const externalStatus = from.isPublished ? 'published' : planned ? 'scheduled' : 'unpublished';
  return { externalStatus, status: localStatus(externalStatus) };
}

function contentIdOf(value: string | undefined): number | null {
  const id = Number(value ?? Number.NaN);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

function utc(time: string | null | undefined): string | null {
  const parsed = Date.parse(time ?? '');
  return Number.isNaN(parsed) ? null : new Date(parsed).toISOString();
}

/** Only the values that are present and not empty. */
function present(values: Record<string, string | null | undefined>): JsonObject {
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(values)) if (value) kept[name] = value;
  return kept;
}
