import type { JsonObject } from '../../connection.ts';
import type { ContentTerm, ItemFault, RemoteContent, Visibility } from '../../remoteContent.ts';
import { isRecord } from '../site/siteClient.ts';
import { builderInRaw, toldBuilder } from './builders.ts';
import { FieldReader } from './fieldReader.ts';
import type { ItemTerms } from './termMap.ts';
import { readUuid } from './uuid.ts';

/** A post that was read, or why it has no usable id. */
type PostReading = { post: RemoteContent; fault: null } | { post: null; fault: ItemFault };

/** How far the date of a post and that of its change may be apart when one save sets both. Milliseconds. */
const SAVING_MS = 2_000;

/**
 * The meta that holds the key of a content on a site without the connector, if the site registers it for
 * REST.
 */
export const KEY_META = 'sitebridge_key';

/** Facts about a post besides its record. */
interface Known {
  /** The type whose posts were requested. */
  type: string;
  terms: ItemTerms;
  /** The answer held bytes that are not UTF-8. */
  damaged: boolean;
}

/**
 * Reads a post from core REST (`context=edit`) or the connector. Only a post without an id is refused; every
 * other field that cannot be read is one of `unread`. Written by hand and not as a schema, because it runs for
 * every post that is synced.
 */
export function readPost(record: Record<string, unknown>, { type, terms, damaged }: Known): PostReading {
  const externalId = postId(record);
  if (externalId === null) {
    const message = 'The site gave an item without a usable id.';
    return { post: null, fault: { externalId: null, code: 'no_id', message } };
  }
  const fields = new FieldReader(record, damaged);
  const status = fields.text('status', 'status');
  if (status === '' && fields.unread.length === 0) fields.leave('status', 'There is no status.');
  if (terms.fault !== null) fields.leave('terms', terms.fault);
  const author = fields.number('author');
  const date = fields.time('date_gmt', 'metadata.date_gmt');
  const isRead = (field: string) => !fields.unread.some((each) => each.field === field);
  if (!isRead('metadata.author')) fields.leave('birth.author');
  if (!isRead('metadata.date_gmt')) fields.leave('birth.date');
  const modifiedAt = fields.time('modified_gmt', 'modifiedAt');
  const body = fields.text('content', 'body');
  // Core REST tells no builder, but two builders leave a mark in the body.
  const builtWith =
    'built_with' in record ? toldBuilder(record.built_with) : (builderInRaw(body) ?? undefined);
  const post: RemoteContent = {
    externalId,
    contentType: fields.text('type', 'contentType') || type,
    title: fields.text('title', 'title'),
    slug: fields.text('slug', 'slug'),
    body,
    excerpt: fields.text('excerpt', 'excerpt'),
    externalStatus: status,
    status: localStatus(status),
    visibility: visibilityOf(status, record, fields),
    ...(builtWith === undefined ? {} : { builtWith }),
    url: fields.url('link'),
    modifiedAt,
    terms: [...terms.list].sort(byTaxonomyAndSlug),
    metadata: metadataOf(fields, { author, date }),
    tag: typeof record.hash === 'string' && /^[0-9a-f]{16}$/.test(record.hash) ? record.hash : null,
    contentKey: readUuid(record.content_key) ?? keyInMeta(record),
    legacyContentId: contentIdOf(record),
    birth: {
      date: birthDate({ date, modified: modifiedAt, status }),
      author: author === null || author === 0 ? null : String(author),
    },
  };
  return { post: fields.unread.length === 0 ? post : { ...post, unread: fields.unread }, fault: null };
}

/** Core REST says by `content.protected` whether a post has a password, the connector by `protected`. */
function visibilityOf(
  status: string,
  { content, protected: isProtected }: Record<string, unknown>,
  fields: FieldReader,
): Visibility {
  const told = isProtected ?? (isRecord(content) ? content.protected : undefined);
  const hasPassword = fields.hasPassword(told);
  if (status === 'private') return 'private';
  return hasPassword ? 'password' : 'public';
}

function contentIdOf({ content_id: id }: Record<string, unknown>): number | null {
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : null;
}

function keyInMeta({ meta }: Record<string, unknown>): string | null {
  return isRecord(meta) ? readUuid(meta[KEY_META]) : null;
}

/**
 * The date of a post's creation; null for a draft without a date of its own. Each save gives such a draft a
 * new date (wp_update_post), so its date is that of the last change.
 */
function birthDate(known: { date: string | null; modified: string | null; status: string }): string | null {
  const { date, modified, status } = known;
  const canFloat = (status === 'draft' || status === 'pending') && date !== null && modified !== null;
  return canFloat && Math.abs(Date.parse(date) - Date.parse(modified)) <= SAVING_MS ? null : date;
}

/** The id of a post as text; null if it has none. */
export function postId({ id }: Record<string, unknown>): string | null {
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? String(id) : null;
}

/**
 * Translates a WordPress status into ours; null for a status that takes the post out of the site's content.
 */
export function localStatus(status: string): 'draft' | 'published' | null {
  if (status === 'trash' || status === 'deleted' || status === 'auto-draft') return null;
  return status === 'publish' || status === 'private' ? 'published' : 'draft';
}

/** The meta that is registered for REST, and the fields of a post that have no column of their own here. */
function metadataOf(
  fields: FieldReader,
  { author, date }: { author: number | null; date: string | null },
): JsonObject {
  const { [KEY_META]: _, ...metadata } = fields.meta();
  const numbers = {
    featured_media: fields.number('featured_media'),
    author,
    parent: fields.number('parent'),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== null && value !== 0) metadata[name] = value;
  }
  if (date !== null) metadata.date_gmt = date;
  return metadata;
}

function byTaxonomyAndSlug(one: ContentTerm, other: ContentTerm): number {
  return compare(one.taxonomy, other.taxonomy) || compare(one.slug, other.slug);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
