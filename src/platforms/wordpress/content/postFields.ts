import type { JsonObject, JsonValue } from '../../connection.ts';
import type { ContentTerm, ItemFault, RemoteContent, Visibility } from '../../remoteContent.ts';
import { isRecord } from '../site/siteClient.ts';
import { readUuid } from './uuid.ts';

/** A post that was read, or why it cannot be taken. */
type PostReading = { post: RemoteContent; fault: null } | { post: null; fault: ItemFault };

/**
 * The longest texts that can be stored here, in UTF-16 units. WordPress itself limits only the slug, to 200.
 */
const LIMITS: Readonly<Record<string, number>> = { title: 10_000, excerpt: 60_000, slug: 200 };

const DEEPEST_META = 50;

/** How far the date of a post and that of its change may be apart when one save sets both. Milliseconds. */
const SAVING_MS = 2_000;

/**
 * The meta that holds the key of a content on a site without the connector, if the site registers it for
 * REST.
 */
export const KEY_META = 'sitebridge_key';

/**
 * Reads a post from core REST (`context=edit`) or the connector. Written by hand and not as a schema, because
 * it runs for every post that is synced. `damaged`: the answer held bytes that are not UTF-8.
 */
export function readPost(
  record: Record<string, unknown>,
  terms: ContentTerm[],
  damaged = false,
): PostReading {
  const externalId = postId(record);
  if (externalId === null) {
    const message = 'The site gave an item without a usable id.';
    return { post: null, fault: { externalId: null, code: 'no_id', message } };
  }
  try {
    const text = (field: string) => readText(record, field, damaged);
    const status = text('status');
    const contentType = text('type');
    if (status === '' || contentType === '') throw new Unfit('unreadable', 'It has no status or no type.');
    return {
      post: {
        externalId,
        contentType,
        title: text('title'),
        slug: text('slug'),
        body: text('content'),
        excerpt: text('excerpt'),
        externalStatus: status,
        status: localStatus(status),
        visibility: visibilityOf(status, record),
        url: readUrl(record.link),
        modifiedAt: readUtc(record.modified_gmt),
        terms: [...terms].sort(byTaxonomyAndSlug),
        metadata: readMetadata(record),
        tag: typeof record.hash === 'string' && /^[0-9a-f]{16}$/.test(record.hash) ? record.hash : null,
        contentKey: readUuid(record.content_key) ?? keyInMeta(record),
        legacyContentId: readNumber(record, 'content_id'),
        birth: { date: birthDate(record, status), author: authorOf(record) },
      },
      fault: null,
    };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { post: null, fault: { externalId, code: error.code, message: error.message } };
  }
}

/** Core REST says by `content.protected` whether a post has a password, the connector by `protected`. */
function visibilityOf(
  status: string,
  { content, protected: isProtected }: Record<string, unknown>,
): Visibility {
  if (status === 'private') return 'private';
  return isProtected === true || (isRecord(content) && content.protected === true) ? 'password' : 'public';
}

function keyInMeta({ meta }: Record<string, unknown>): string | null {
  return isRecord(meta) ? readUuid(meta[KEY_META]) : null;
}

/**
 * The date of a post's creation; null for a draft without a date of its own. Each save gives such a draft a
 * new date (wp_update_post), so its date is that of the last change.
 */
function birthDate(record: Record<string, unknown>, status: string): string | null {
  const date = readUtc(record.date_gmt);
  const modified = readUtc(record.modified_gmt);
  const canFloat = (status === 'draft' || status === 'pending') && date !== null && modified !== null;
  return canFloat && Math.abs(Date.parse(date) - Date.parse(modified)) <= SAVING_MS ? null : date;
}

function authorOf(record: Record<string, unknown>): string | null {
  const author = readNumber(record, 'author');
  return author === null || author === 0 ? null : String(author);
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

/** A time from WordPress, which has no offset, as ISO 8601 UTC; null for zeros and for other values. */
export function readUtc(time: unknown): string | null {
  if (typeof time !== 'string' || time.startsWith('0000')) return null;
  const parsed = Date.parse(/[Zz]$|[+-]\d\d:?\d\d$/.test(time) ? time : `${time}Z`);
  const iso = Number.isNaN(parsed) ? '' : new Date(parsed).toISOString();
  return /^\d{4}-/.test(iso) && !iso.startsWith('0000') ? iso : null;
}

/** Can the text be stored? PostgreSQL takes neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

class Unfit extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

function readText(record: Record<string, unknown>, field: string, damaged: boolean): string {
  const value = record[field];
  const text = isRecord(value) ? value.raw : (value ?? '');
  if (typeof text !== 'string') throw new Unfit('unreadable', `Its ${field} is not a text.`);
  const limit = LIMITS[field] ?? Number.POSITIVE_INFINITY;
  if (text.length > limit) {
    throw new Unfit('too_long', `Its ${field} has ${text.length} characters, more than ${limit}.`);
  }
  if (!isStorable(text) || (damaged && text.includes('\uFFFD'))) {
    throw new Unfit('unreadable_text', `Its ${field} holds bytes that are no text.`);
  }
  return text;
}

function readUrl(link: unknown): string | null {
  return typeof link === 'string' && link !== '' && link.length <= 2048 && isStorable(link) ? link : null;
}

function readNumber(record: Record<string, unknown>, field: string): number | null {
  const value = record[field] ?? null;
  if (value === null || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
  throw new Unfit('unreadable', `Its ${field} is not a whole number.`);
}

/** The meta that is registered for REST, and the fields of a post that have no column of their own here. */
function readMetadata(record: Record<string, unknown>): JsonObject {
  // PHP writes an empty map as [].
  const meta = isRecord(record.meta) ? readJson(record.meta, 0) : {};
  const { [KEY_META]: _, ...metadata }: JsonObject = isRecord(meta) ? meta : {};
  for (const field of ['featured_media', 'author', 'parent']) {
    const value = readNumber(record, field);
    if (value !== null && value !== 0) metadata[field] = value;
  }
  const date = readUtc(record.date_gmt);
  if (date !== null) metadata.date_gmt = date;
  return metadata;
}

function readJson(value: unknown, depth: number): JsonValue {
  if (depth > DEEPEST_META) throw new Unfit('unreadable', 'Its meta is nested too deeply.');
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (isStorable(value)) return value;
    throw new Unfit('unreadable_text', 'Its meta holds bytes that are no text.');
  }
  if (Array.isArray(value)) return value.map((each) => readJson(each, depth + 1));
  if (!isRecord(value)) throw new Unfit('unreadable', 'Its meta is not JSON.');
  const copy: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    if (!isStorable(key)) throw new Unfit('unreadable_text', 'Its meta holds bytes that are no text.');
    // An assignment to this key would change the object itself.
    if (key !== '__proto__') copy[key] = readJson(each, depth + 1);
  }
  return copy;
}

function byTaxonomyAndSlug(one: ContentTerm, other: ContentTerm): number {
  return compare(one.taxonomy, other.taxonomy) || compare(one.slug, other.slug);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
