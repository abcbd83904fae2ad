import type { JsonObject, JsonValue } from '../../connection.ts';
import type { ContentWrite } from '../../contentWrite.ts';
import type { ItemFault, RemoteContent } from '../../remoteContent.ts';
import { type ContentKind, OUR_NAMESPACE } from './contentKinds.ts';

/**
 * The names in `metadata` that are written, each with its path in the mutation's input. All other metadata
 * comes from the shop and is not written.
 */
const METADATA: Readonly<Record<ContentKind['slug'], Readonly<Record<string, string>>>> = {
  article: { author: 'author.name', template_suffix: 'templateSuffix' },
  page: { template_suffix: 'templateSuffix' },
  product: {
    vendor: 'vendor',
    template_suffix: 'templateSuffix',
    seo_title: 'seo.title',
    seo_description: 'seo.description',
  },
  collection: {
    template_suffix: 'templateSuffix',
    sort_order: 'sortOrder',
    seo_title: 'seo.title',
    seo_description: 'seo.description',
  },
};

/** What a mutation sends for one content, except for ids that must be looked up first. */
interface ContentInput {
  input: JsonObject;
  /** For a product: an image that Shopify fetches from its address. */
  media: JsonObject[];
  /** Should the item be visible in the Online Store? null: leave it as it is. */
  online: boolean | null;
  notes: ItemFault[];
}

/**
 * The mutation's input: the fields of `write` that differ from `before`; all fields if `before` is null, as
 * for a create. A field that the shop cannot store becomes a note. Without `mayPublish` the status stays, with a
 * note.
 */
export function contentInput(
  kind: ContentKind,
  write: ContentWrite,
  before: RemoteContent | null,
  { mayPublish }: { mayPublish: boolean },
): ContentInput {
  const input: JsonObject = {};
  const notes: ItemFault[] = [];
  const set = (name: string, value: JsonValue, was: unknown) => {
    if (before === null || value !== was) input[name] = value;
  };
  set('title', write.title, before?.title);
  if (write.slug !== '') set('handle', write.slug, before?.slug);
  set(hasDescription(kind) ? 'descriptionHtml' : 'body', write.body, before?.body);
  if (kind.slug === 'article') set('summary', write.excerpt, before?.excerpt);
  else if (write.excerpt !== '')
    notes.push(note(write, 'excerpt_not_kept', `A ${kind.slug} has no excerpt.`));

  const online = mayPublish ? statusInput(kind, write, before, input) : withhold(write, notes);
  termsInput(kind, write, before, input, notes);
  for (const [name, path] of Object.entries(METADATA[kind.slug])) {
    const value = write.metadata[name];
    if (value === undefined || value === before?.metadata[name]) continue;
    setPath(input, path, value);
  }
  // Both parts or none: Shopify does not document what happens to a part that is not sent.
  if (input.seo !== undefined) {
    const part = (name: string): JsonValue => write.metadata[name] ?? before?.metadata[name] ?? null;
    input.seo = { title: part('seo_title'), description: part('seo_description') };
  }

  const ours: JsonObject[] = [];
  if (before?.contentKey !== write.contentKey)
    ours.push(metafield('content_key', 'single_line_text_field', write.contentKey));
  const image = write.metadata.featured_image_url;
  const media: JsonObject[] = [];
  if (typeof image === 'string' && image !== '' && image !== before?.metadata.featured_image_url) {
    if (kind.slug === 'page') notes.push(note(write, 'image_not_kept', 'A page has no image of its own.'));
    else {
      // Stored with the image, so that the same address is uploaded only once.
      ours.push(metafield('image_source', 'single_line_text_field', image));
      if (kind.slug === 'product') media.push({ originalSource: image, mediaContentType: 'IMAGE' });
      else input.image = kind.slug === 'article' ? { url: image } : { src: image };
    }
  }
  if (ours.length > 0) input.metafields = ours;
  return { input, media, online, notes };
}

export function note(write: ContentWrite, code: string, message: string): ItemFault {
  return { externalId: write.externalId, code, message };
}

function hasDescription(kind: ContentKind): boolean {
  return kind.slug === 'product' || kind.slug === 'collection';
}

const NO_PRICE =
  'It was not published, because it has no price. Set the price in Shopify, then publish it there or here.';

function withhold(write: ContentWrite, notes: ItemFault[]): null {
  notes.push({ ...note(write, 'no_price', NO_PRICE), explains: 'status' });
  return null;
}

/** Shall an item that is not published become published? */
export function asksToPublish({ status }: ContentWrite, before: RemoteContent | null): boolean {
  return status === 'published' && before?.status !== 'published';
}

/** Sets the status in `input`. Returns the visibility that only a publication can set; null to leave it. */
function statusInput(
  kind: ContentKind,
  { status }: ContentWrite,
  before: RemoteContent | null,
  input: JsonObject,
): boolean | null {
  // A finer status of the shop, such as UNLISTED or ARCHIVED, stays if its meaning does not change.
  if (status === null || status === before?.status) return null;
  const published = status === 'published';
  if (kind.slug === 'article' || kind.slug === 'page') {
    input.isPublished = published;
    return null;
  }
  if (kind.slug === 'product') {
    input.status = published ? 'ACTIVE' : 'DRAFT';
    // A new product is in no publication. A draft is not visible in any publication.
    return published ? true : null;
  }
  return published;
}

function termsInput(
  kind: ContentKind,
  write: ContentWrite,
  before: RemoteContent | null,
  input: JsonObject,
  notes: ItemFault[],
): void {
  const names = (terms: ContentWrite['terms'], taxonomy: string) =>
    terms.filter((term) => term.taxonomy === taxonomy).map((term) => term.name);
  const tags = kind.slug === 'article' ? 'article_tag' : kind.slug === 'product' ? 'product_tag' : null;
  if (tags !== null) {
    const wanted = names(write.terms, tags);
    const had = before === null ? [] : names(before.terms, tags);
    if (wanted.toSorted().join('\n') !== had.toSorted().join('\n')) input.tags = wanted;
  }
  if (kind.slug === 'product') {
    const [wanted = '', ...others] = names(write.terms, 'product_type');
    const [had = ''] = before === null ? [] : names(before.terms, 'product_type');
    if (wanted !== had) input.productType = wanted;
    if (others.length > 0)
      notes.push(note(write, 'one_type_only', 'A product has one type: the first was taken.'));
  }
  const foreign = write.terms.filter(({ taxonomy }) => !kind.taxonomies.includes(taxonomy));
  if (foreign.length > 0) {
    const named = [...new Set(foreign.map(({ taxonomy }) => taxonomy))].join(', ');
    notes.push(note(write, 'unknown_taxonomy', `A ${kind.slug} is not sorted by ${named}.`));
  }
}

function metafield(key: string, type: string, value: string): JsonObject {
  return { namespace: OUR_NAMESPACE, key, type, value };
}

function setPath(input: JsonObject, path: string, value: JsonValue): void {
  const [name = '', inner] = path.split('.');
  if (inner === undefined) input[name] = value;
  else {
    const holder = input[name];
    const known = typeof holder === 'object' && holder !== null && !Array.isArray(holder) ? holder : {};
    input[name] = { ...known, [inner]: value };
  }
}
