import { createHash } from 'node:crypto';
import { z } from 'zod';
import { asDouble, asNumber, ExactNumber } from '../../outbound/exactNumber.ts';
import type { JsonObject, JsonValue } from '../connection.ts';
import { type ContentText, eachText } from '../contentTexts.ts';
import type { ContentTerm, ItemFault, RemoteContent, UnreadField } from '../remoteContent.ts';
import type { ContentDescription, ContentMap } from './contentDescription.ts';
import { isDotSegment } from './fields.ts';
import { readPointer } from './jsonPointer.ts';
import { timeOf } from './times.ts';

/** Longer ids do not fit an index of the database. */
const LONGEST_ID = 200;
/** The deepest nesting, the same as for a body of our own API. */
const DEEPEST = 40;

type MappedItem = { content: RemoteContent; fault: null } | { content: null; fault: ItemFault };

/**
 * Reads one item of a list or an answer by the map. Only an item without a usable id is refused; every other value
 * that is missing or wrong is one of `unread`. Never throws.
 */
export function mapItem(raw: unknown, { map, type }: Pick<ContentDescription, 'map' | 'type'>): MappedItem {
  const externalId = idOf(raw, map);
  const fault = idFault(externalId, map);
  if (externalId === null || fault !== null) return { content: null, fault: fault ?? noId(map) };
  const fields = new MappedFields(raw, map);
  const status = fields.status();
  const shared = {
    ...eachText((name) => fields.text(name)),
    externalStatus: status.word,
    url: fields.url(),
    terms: fields.terms(),
    metadata: fields.metadata(),
  };
  const content: RemoteContent = {
    externalId,
    contentType: type.slug,
    ...shared,
    status: status.means,
    modifiedAt: fields.time('modified_at', 'modifiedAt'),
    tag: createHash('sha256').update(JSON.stringify(shared)).digest('hex').slice(0, 16),
    visibility: 'public',
    contentKey: contentKeyOf(raw, map),
    legacyContentId: contentIdOf(raw, map),
    birth: { date: fields.time('created_at', 'birth.date'), author: null },
  };
  const { unread } = fields;
  return { content: unread.length === 0 ? content : { ...content, unread }, fault: null };
}

function idFault(externalId: string | null, map: ContentMap): ItemFault | null {
  if (externalId === null) return noId(map);
  if (externalId.length > LONGEST_ID) {
    return { externalId: null, code: 'too_long', message: `The id is longer than ${LONGEST_ID} characters.` };
  }
  if (isStorable(externalId)) return null;
  const message = 'The id holds a NUL character or half of a surrogate pair.';
  return { externalId: null, code: 'unreadable', message };
}

function noId(map: ContentMap): ItemFault {
  return { externalId: null, code: 'no_id', message: `The item holds no id at ${shown(map.external_id)}.` };
}

/** The id of an item; null if it has no usable id. */
export function idOf(raw: unknown, map: ContentMap): string | null {
  const value: unknown = asNumber(readPointer(raw, map.external_id));
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  if (value instanceof ExactNumber) return /^-?\d+$/.test(value.digits) ? value.digits : null;
  // As parts of a path, `.` and `..` would lead elsewhere.
  return typeof value === 'string' && value.trim() !== '' && !isDotSegment(value) ? value : null;
}

/** The mapped values of one item. A value that cannot be read is added to `unread`, and a default is returned. */
class MappedFields {
  readonly unread: UnreadField[] = [];
  readonly #raw: unknown;
  readonly #map: ContentMap;

  constructor(raw: unknown, map: ContentMap) {
    this.#raw = raw;
    this.#map = map;
  }

  text(field: ContentText): string {
    const pointer = this.#map[field];
    if (pointer === undefined) return '';
    const value = readPointer(this.#raw, pointer);
    if (value === undefined || value === null) {
      // An API may leave out an empty slug or excerpt. Without a title or a body the pointer is likely wrong.
      if (value === undefined && (field === 'title' || field === 'body')) this.#nowhere(field, pointer);
      return '';
    }
    const text = textOf(value);
    if (text !== null && isStorable(text)) return text;
    const what = text === null ? 'is not a text' : 'holds a NUL character or half of a surrogate pair';
    this.#leave(field, `The ${field} at ${shown(pointer)} ${what}.`, value);
    return '';
  }

  status(): { word: string; means: 'draft' | 'published' | null } {
    const { status } = this.#map;
    if (status === undefined) return { word: 'published', means: 'published' };
    const value = readPointer(this.#raw, status.at);
    const word = textOf(value) ?? '';
    const { published, draft = [], gone = [] } = status.values;
    const among = (words: readonly unknown[]) => words.some((each) => String(each) === word);
    if (among(published)) return { word, means: 'published' };
    if (among(draft)) return { word, means: 'draft' };
    if (among(gone)) return { word, means: null };
    if (value === undefined) this.#nowhere('status', status.at);
    else {
      const message = `The description does not say what the status at ${shown(status.at)} means.`;
      this.#leave('status', message, value);
    }
    return { word: '', means: 'draft' };
  }

  url(): string | null {
    const pointer = this.#map.url;
    const value = pointer === undefined ? null : (readPointer(this.#raw, pointer) ?? null);
    if (pointer === undefined || value === null || value === '') return null;
    // The URL is shown as a link, so only web addresses are accepted.
    const isUrl =
      typeof value === 'string' && value.length <= 2048 && isStorable(value) && isWebAddress(value);
    if (isUrl) return value;
    this.#leave('url', `The url at ${shown(pointer)} is not a web address.`);
    return null;
  }

  /** `field`: the name of the time in a content. */
  time(name: 'modified_at' | 'created_at', field: string): string | null {
    const pointer = this.#map[name];
    const value = pointer === undefined ? null : (readPointer(this.#raw, pointer) ?? null);
    const time = timeOf(asDouble(value));
    if (pointer !== undefined && value !== null && value !== '' && time === null) {
      this.#leave(field, `The ${name} at ${shown(pointer)} is not a time.`);
    }
    return time;
  }

  terms(): ContentTerm[] {
    const { terms } = this.#map;
    const list = terms === undefined ? null : (readPointer(this.#raw, terms.at) ?? null);
    if (terms === undefined || list === null) return [];
    const read = Array.isArray(list) ? list.map((entry: unknown) => termOf(entry, terms)) : [null];
    if (!read.includes(null)) return read.flatMap((term) => term ?? []);
    this.#leave('terms', `The terms at ${shown(terms.at)} are not a list of terms.`, list);
    return [];
  }

  metadata(): JsonObject {
    const entries: JsonObject = {};
    for (const [name, pointer] of Object.entries(this.#map.metadata ?? {})) {
      const value = readPointer(this.#raw, pointer);
      if (value === undefined) continue;
      if (isJson(value) && isStorable(value)) setEntry(entries, name, value);
      else {
        const what =
          'holds a NUL character, half of a surrogate pair, or a number out of range, or nests too deep';
        this.#leave(`metadata.${name}`, `The value at ${shown(pointer)} ${what}.`, value);
      }
    }
    return entries;
  }

  #nowhere(field: string, pointer: string): void {
    this.#leave(field, `The item has no ${field}: it holds nothing at ${shown(pointer)}.`);
  }

  #leave(field: string, message: string, raw?: unknown): void {
    this.unread.push(isJson(raw) ? { field, message, raw } : { field, message });
  }
}

/** A pointer in a message. */
function shown(pointer: string): string {
  return pointer === '' ? 'its top' : pointer;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || value instanceof ExactNumber;
  return isPlain ? String(value) : null;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function contentKeyOf(raw: unknown, { content_key }: ContentMap): string | null {
  const value = content_key === undefined ? undefined : readPointer(raw, content_key);
  return typeof value === 'string' ? (z.uuid().safeParse(value.toLowerCase()).data ?? null) : null;
}

function contentIdOf(raw: unknown, { content_id }: ContentMap): number | null {
  const value = content_id === undefined ? undefined : readPointer(raw, content_id);
  const id: unknown = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : asNumber(value);
  return typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= 2_147_483_647 ? id : null;
}

/** Reads an entry of a list of terms: empty for an entry without a slug, null for a value that is no term. */
function termOf(entry: unknown, terms: NonNullable<ContentMap['terms']>): ContentTerm[] | null {
  const value = readPointer(entry, terms.slug) ?? '';
  if (value === '') return [];
  const slug = textOf(value);
  const name = terms.name === undefined ? slug : (textOf(readPointer(entry, terms.name)) ?? slug);
  const isTerm = slug !== null && name !== null && isStorable(slug) && isStorable(name);
  return isTerm ? [{ taxonomy: terms.taxonomy, slug, name }] : null;
}

/** A parser of JSON returns only JSON values. undefined means that a pointer leads nowhere. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** Defines the entry, so that a name such as `__proto__` is a name like any other. */
function setEntry(entries: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(entries, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Can PostgreSQL store the value? It takes neither NUL nor half of a surrogate pair. */
function isStorable(value: JsonValue, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return true;
  if (depth > DEEPEST) return false;
  if (Array.isArray(value)) return value.every((part) => isStorable(part, depth + 1));
  return Object.entries(value).every(([name, part]) => isStorable(name) && isStorable(part, depth + 1));
}
