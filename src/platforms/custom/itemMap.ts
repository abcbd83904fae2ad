import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../connection.ts';
import type { ContentTerm, ItemFault, RemoteContent } from '../remoteContent.ts';
import type { ContentDescription, ContentMap } from './contentDescription.ts';
import { isDotSegment } from './fields.ts';
import { readPointer } from './jsonPointer.ts';

/** Longer ids do not fit an index of the database. */
const LONGEST_ID = 200;
/** A longer text would keep everybody waiting while it is compared and hashed. Characters. */
const LONGEST_TEXT = 4 * 1024 * 1024;
/** The deepest nesting, the same as for a body of our own API. */
const DEEPEST = 40;

type MappedItem = { content: RemoteContent; fault: null } | { content: null; fault: ItemFault };

/**
 * Reads one item of a list or an answer by the map. A missing or wrong value becomes a fault. Never throws.
 */
export function mapItem(raw: unknown, { map, type }: Pick<ContentDescription, 'map' | 'type'>): MappedItem {
  const externalId = idOf(raw, map);
  const refuse = (code: string, message: string): MappedItem => ({
    content: null,
    fault: { externalId, code, message },
  });
  if (externalId === null) {
    return refuse('no_id', `The item holds no id at ${shown(map.external_id)}.`);
  }
  if (externalId.length > LONGEST_ID) {
    return refuse('too_long', `The id is longer than ${LONGEST_ID} characters.`);
  }
  const texts = { title: '', slug: '', body: '', excerpt: '' };
  for (const field of ['title', 'slug', 'body', 'excerpt'] as const) {
    const pointer = map[field];
    if (pointer === undefined) continue;
    const value = readPointer(raw, pointer);
    if (value === undefined && (field === 'title' || field === 'body'))
      return refuse(...nowhere(field, pointer));
    if (value === undefined || value === null) continue;
    const text = textOf(value);
    if (text === null) return refuse('unreadable', `The ${field} at ${shown(pointer)} is not a text.`);
    if (text.length > LONGEST_TEXT)
      return refuse('too_long', `The ${field} is longer than ${LONGEST_TEXT} characters.`);
    texts[field] = text;
  }
  const status = statusOf(raw, map);
  if ('fault' in status) return refuse(...status.fault);
  const metadata = metadataOf(raw, map);
  const terms = termsOf(raw, map);
  if (
    !isStorable({
      ...texts,
      metadata,
      externalId,
      word: status.word,
      terms: terms.map((term) => ({ ...term })),
    })
  ) {
    return refuse(
      'unreadable',
      'The item holds a NUL character, half of a surrogate pair, or nests too deep.',
    );
  }
  const shared = { ...texts, externalStatus: status.word, url: urlOf(raw, map), terms, metadata };
  return {
    content: {
      externalId,
      contentType: type.slug,
      ...shared,
      status: status.means,
      modifiedAt: timeOf(map.modified_at === undefined ? undefined : readPointer(raw, map.modified_at)),
      tag: createHash('sha256').update(JSON.stringify(shared)).digest('hex').slice(0, 16),
      visibility: 'public',
      contentKey: contentKeyOf(raw, map),
      legacyContentId: contentIdOf(raw, map),
      birth: {
        date: timeOf(map.created_at === undefined ? undefined : readPointer(raw, map.created_at)),
        author: null,
      },
    },
    fault: null,
  };
}

/** The id of an item; null if it has no usable id. */
export function idOf(raw: unknown, map: ContentMap): string | null {
  const value = readPointer(raw, map.external_id);
  // A larger number has lost its last digits in JSON.parse, and may be the id of another item.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  // As parts of a path, `.` and `..` would lead elsewhere.
  return typeof value === 'string' && value.trim() !== '' && !isDotSegment(value) ? value : null;
}

type Refusal = [code: string, message: string];

function nowhere(field: string, pointer: string): Refusal {
  return ['pointer_leads_nowhere', `The item has no ${field}: it holds nothing at ${shown(pointer)}.`];
}

/** A pointer in a message. */
function shown(pointer: string): string {
  return pointer === '' ? 'its top' : pointer;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function statusOf(
  raw: unknown,
  { status }: ContentMap,
): { word: string; means: 'draft' | 'published' | null } | { fault: Refusal } {
  if (status === undefined) return { word: 'published', means: 'published' };
  const value = readPointer(raw, status.at);
  if (value === undefined) return { fault: nowhere('status', status.at) };
  const word = textOf(value) ?? '';
  const { published, draft = [], gone = [] } = status.values;
  const among = (words: readonly unknown[]) => words.some((each) => String(each) === word);
  if (among(published)) return { word, means: 'published' };
  if (among(draft)) return { word, means: 'draft' };
  if (among(gone)) return { word, means: null };
  return {
    fault: ['unknown_status', `The description does not say what the status at ${shown(status.at)} means.`],
  };
}

function urlOf(raw: unknown, { url }: ContentMap): string | null {
  const value = url === undefined ? undefined : readPointer(raw, url);
  if (typeof value !== 'string' || value.length > 2048 || !URL.canParse(value)) return null;
  // The URL is shown as a link, so only web addresses are accepted.
  return /^https?:$/.test(new URL(value).protocol) && isStorable(value) ? value : null;
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(?:([Tt ])\d\d:\d\d(?::\d\d(?:\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;
/** Numbers from here on are milliseconds. As seconds they would be beyond the year 5000. */
const MILLISECONDS_FROM = 1e11;
const YEAR_10000 = Date.UTC(10_000, 0, 1);

/** A time as ISO 8601 UTC; null if the value is not a time. */
function timeOf(value: unknown): string | null {
  const ms =
    typeof value === 'number' ? (value < MILLISECONDS_FROM ? value * 1_000 : value) : parsedTime(value);
  return Number.isFinite(ms) && ms >= 0 && ms < YEAR_10000 ? new Date(ms).toISOString() : null;
}

function parsedTime(value: unknown): number {
  const match = typeof value === 'string' ? ISO_TIME.exec(value) : null;
  if (match === null) return Number.NaN;
  const [text, separator, offset] = match;
  // JavaScript takes a date alone for UTC, but a time without an offset for local time.
  return Date.parse(
    separator === undefined || offset !== undefined ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`,
  );
}

function contentKeyOf(raw: unknown, { content_key }: ContentMap): string | null {
  const value = content_key === undefined ? undefined : readPointer(raw, content_key);
  return typeof value === 'string' ? (z.uuid().safeParse(value.toLowerCase()).data ?? null) : null;
}

function contentIdOf(raw: unknown, { content_id }: ContentMap): number | null {
  const value = content_id === undefined ? undefined : readPointer(raw, content_id);
  const id = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= 2_147_483_647 ? id : null;
}

function termsOf(raw: unknown, { terms }: ContentMap): ContentTerm[] {
  const list = terms === undefined ? undefined : readPointer(raw, terms.at);
  if (terms === undefined || !Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const slug = textOf(readPointer(entry, terms.slug));
    if (slug === null || slug === '') return [];
    const name = terms.name === undefined ? slug : textOf(readPointer(entry, terms.name));
    return [{ taxonomy: terms.taxonomy, slug, name: name ?? slug }];
  });
}

function metadataOf(raw: unknown, { metadata = {} }: ContentMap): JsonObject {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, pointer]) => {
      const value = readPointer(raw, pointer);
      return isJson(value) ? [[name, value]] : [];
    }),
  );
}

/** JSON.parse returns only JSON values. undefined means that a pointer leads nowhere. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** Can PostgreSQL store the value? It takes neither NUL nor half of a surrogate pair. */
function isStorable(value: JsonValue, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEEPEST) return false;
  if (Array.isArray(value)) return value.every((part) => isStorable(part, depth + 1));
  return Object.entries(value).every(([name, part]) => isStorable(name) && isStorable(part, depth + 1));
}
