import type { UnreadField } from '../../remoteContent.ts';

/** For each field of a node: what takes its place if it cannot be read, and the fields of a content it belongs to. */
const FIELDS: Readonly<Record<string, { instead: unknown; belongsTo: readonly string[] }>> = {
  title: { instead: '', belongsTo: ['title'] },
  handle: { instead: '', belongsTo: ['slug', 'url'] },
  updatedAt: { instead: null, belongsTo: ['modifiedAt'] },
  templateSuffix: { instead: null, belongsTo: ['metadata.template_suffix'] },
  imageSource: { instead: null, belongsTo: ['metadata.featured_image_url'] },
  body: { instead: '', belongsTo: ['body'] },
  descriptionHtml: { instead: '', belongsTo: ['body'] },
  summary: { instead: '', belongsTo: ['excerpt'] },
  tags: { instead: [], belongsTo: ['terms'] },
  blog: { instead: { id: '', handle: '', title: '' }, belongsTo: ['terms', 'url'] },
  productType: { instead: '', belongsTo: ['terms'] },
  collections: { instead: { nodes: [], pageInfo: { hasNextPage: false } }, belongsTo: ['terms'] },
  isPublished: { instead: false, belongsTo: ['status'] },
  publishedAt: { instead: null, belongsTo: ['status'] },
  status: { instead: 'DRAFT', belongsTo: ['status'] },
  isOnline: { instead: false, belongsTo: ['status'] },
  author: { instead: null, belongsTo: ['metadata.author'] },
  vendor: { instead: '', belongsTo: ['metadata.vendor'] },
  seo: { instead: null, belongsTo: ['metadata.seo_title', 'metadata.seo_description'] },
  image: { instead: null, belongsTo: ['metadata.image_url'] },
  featuredMedia: { instead: null, belongsTo: ['metadata.image_url'] },
  sortOrder: { instead: null, belongsTo: ['metadata.sort_order'] },
};

/** Returns the node with defaults in place of fields that cannot be read. */
export function withDefaults(node: unknown, fields: ReadonlyMap<string, string>): unknown {
  if (fields.size === 0 || typeof node !== 'object' || node === null) return node;
  const defaults = [...fields.keys()].map((name) => [name, FIELDS[name]?.instead ?? null]);
  return { ...node, ...Object.fromEntries(defaults) };
}

/** The unread fields of a content, for the fields of a node. */
export function unreadOf(fields: ReadonlyMap<string, string>): UnreadField[] {
  const unread = new Map<string, UnreadField>();
  for (const [name, message] of fields) {
    const [first = name, ...others] = FIELDS[name]?.belongsTo ?? [];
    unread.set(first, { field: first, message });
    for (const field of others) if (!unread.has(field)) unread.set(field, { field });
  }
  return [...unread.values()];
}
