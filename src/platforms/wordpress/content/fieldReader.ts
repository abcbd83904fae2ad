import { asNumber, ExactNumber } from '../../../outbound/exactNumber.ts';
import type { JsonObject, JsonValue } from '../../connection.ts';
import type { UnreadField } from '../../remoteContent.ts';
import { isRecord } from '../site/siteClient.ts';

/**
 * The longest texts that can be stored here, in UTF-16 units. WordPress itself limits only the slug, to 200.
 */
const LIMITS: Readonly<Record<string, number>> = { title: 10_000, excerpt: 60_000, slug: 200 };

const DEEPEST_META = 50;

/** Can the text be stored? PostgreSQL takes neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/**
 * Reads the fields of one post. A value that cannot be read is added to `unread`, and a default is returned. A
 * field that is absent is no fault: WordPress leaves out what a type does not support.
 */
export class FieldReader {
  readonly unread: UnreadField[] = [];
  readonly #record: Record<string, unknown>;
  readonly #damaged: boolean;

  /** `damaged`: the answer held bytes that are not UTF-8. */
  constructor(record: Record<string, unknown>, damaged: boolean) {
    this.#record = record;
    this.#damaged = damaged;
  }

  /** Adds a field to `unread`. Without a message, another field tells of the fault. */
  leave(field: UnreadField['field'], message?: string): void {
    this.unread.push(message === undefined ? { field } : { field, message });
  }

  /** A raw text. `field`: our name of the field `name`. */
  text(name: string, field: string): string {
    const value = this.#record[name];
    if (value === undefined) return '';
    const text = isRecord(value) ? value.raw : value;
    const message = typeof text === 'string' ? this.#faultOf(name, text) : `The ${name} is not a text.`;
    if (message === null && typeof text === 'string') return text;
    this.leave(field, message ?? '');
    return '';
  }

  /** A whole number that becomes an entry of the metadata; null if there is none. */
  number(name: string): number | null {
    const value: unknown = asNumber(this.#record[name]);
    if (value === undefined) return null;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    this.leave(`metadata.${name}`, `The ${name} is not a whole number.`);
    return null;
  }

  /** A time as ISO 8601 UTC; null for a post without one. `field`: our name of the field `name`. */
  time(name: string, field: string): string | null {
    const value = this.#record[name] ?? null;
    const time = readUtc(value);
    if (value !== null && time === null) this.leave(field, `The ${name} is not a date.`);
    return time;
  }

  url(name: string): string | null {
    const value = this.#record[name] ?? '';
    if (value === '') return null;
    if (typeof value === 'string' && value.length <= 2048 && isStorable(value)) return value;
    this.leave('url', `The ${name} is not an address.`);
    return null;
  }

  /** Does the post have a password? If that cannot be read, the post counts as closed, so that nothing leaks. */
  hasPassword(told: unknown): boolean {
    if (typeof told === 'boolean' || told === undefined) return told === true;
    this.leave('visibility', 'The protection is neither true nor false.');
    return true;
  }

  /** The meta that is registered for REST. */
  meta(): JsonObject {
    const { meta } = this.#record;
    // PHP writes an empty map as [].
    if (meta === undefined || (Array.isArray(meta) && meta.length === 0)) return {};
    if (!isRecord(meta)) {
      this.leave('metadata', 'The meta is not an object.');
      return {};
    }
    const entries: JsonObject = {};
    for (const [key, value] of Object.entries(meta)) {
      // An assignment to this key would change the object itself.
      if (key === '__proto__') continue;
      const read = isStorable(key) ? storableJson(value, 1) : undefined;
      if (read !== undefined) entries[key] = read;
      else if (isStorable(key))
        this.leave(`metadata.${key}`, `The meta ${key.slice(0, 100)} cannot be stored.`);
      else this.leave('meta', 'The meta has a name that cannot be stored.');
    }
    return entries;
  }

  #faultOf(name: string, text: string): string | null {
    const limit = LIMITS[name] ?? Number.POSITIVE_INFINITY;
    if (text.length > limit) return `The ${name} is longer than ${limit} characters.`;
    const isText = isStorable(text) && !(this.#damaged && text.includes('\uFFFD'));
    return isText ? null : `The ${name} holds bytes that are no text.`;
  }
}

/** A time from WordPress, which has no offset, as ISO 8601 UTC; null for zeros and for other values. */
export function readUtc(time: unknown): string | null {
  if (typeof time !== 'string' || time.startsWith('0000')) return null;
  const parsed = Date.parse(/[Zz]$|[+-]\d\d:?\d\d$/.test(time) ? time : `${time}Z`);
  const iso = Number.isNaN(parsed) ? '' : new Date(parsed).toISOString();
  return /^\d{4}-/.test(iso) && !iso.startsWith('0000') ? iso : null;
}

/** A copy of a value of JSON; undefined if it nests too deeply, or holds a value that cannot be stored. */
function storableJson(value: unknown, depth: number): JsonValue | undefined {
  if (depth > DEEPEST_META) return undefined;
  if (value === null || typeof value === 'boolean' || value instanceof ExactNumber) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string') return isStorable(value) ? value : undefined;
  if (Array.isArray(value)) {
    const copies = value.map((each) => storableJson(each, depth + 1));
    return copies.includes(undefined) ? undefined : copies.filter((each) => each !== undefined);
  }
  if (!isRecord(value)) return undefined;
  const copy: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    if (key === '__proto__') continue;
    const read = isStorable(key) ? storableJson(each, depth + 1) : undefined;
    if (read === undefined) return undefined;
    copy[key] = read;
  }
  return copy;
}
