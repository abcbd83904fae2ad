import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fromJsonColumn } from '../../database/exactJson.ts';
import type { Content } from '../../database/generated/client.ts';
import { asNumber, ExactNumber } from '../../outbound/exactNumber.ts';
import { type JsonObject, type JsonValue, jsonValue } from '../../platforms/connection.ts';
import { CONTENT_TEXTS, type ContentTexts, contentTextNames, textsOf } from '../../platforms/contentTexts.ts';
import type { ContentTerm, RemoteContent } from '../../platforms/remoteContent.ts';

/** The part of a content that both sides have. Changes are found by comparing this part. */
export interface SharedState extends ContentTexts {
  status: string;
  terms: ContentTerm[];
  metadata: JsonObject;
}

const storedTerms = z.array(z.object({ taxonomy: z.string(), slug: z.string(), name: z.string() }));
const storedMetadata = z.record(z.string(), jsonValue);

/** Returns the shared state of a stored content. */
export function sharedState(
  content: Pick<Content, keyof ContentTexts | 'status' | 'terms' | 'metadata'>,
): SharedState {
  return {
    ...textsOf(content),
    // The platforms do not distinguish a private item from a published one: its visibility does.
    status: content.status === 'private' ? 'published' : content.status,
    terms: storedTerms.parse(content.terms),
    metadata: metadataOf(content),
  };
}

/** Returns the metadata of a stored content, each number to the digit. */
export function metadataOf({ metadata }: Pick<Content, 'metadata'>): JsonObject {
  return storedMetadata.parse(fromJsonColumn(metadata));
}

/** Returns the shared state of an item, with `status` as its status here. */
export function remoteState(remote: RemoteContent, status: 'draft' | 'published'): SharedState {
  return { ...textsOf(remote), status, terms: remote.terms, metadata: remote.metadata };
}

/** From this version on, a hash lists its terms, so that a statement can change a term in many hashes. */
const termsApartSince = 2;

/** The version of new hashes. It grows when a text is added to the hash. */
const hashVersion = Math.max(termsApartSince, ...Object.values(CONTENT_TEXTS).map(({ since }) => since));

/**
 * Hashes a state. The order of terms and of keys does not matter, and neither do zeros at the end of a fraction.
 * From version 2 on, the hash begins with its version, and ends with the marks of its terms in order:
 * `2:HASH:MARK.MARK`.
 */
export function contentHash(state: SharedState, version = hashVersion): string {
  const texts = contentTextNames
    .filter((name) => CONTENT_TEXTS[name].since <= version)
    .map((name) => state[name]);
  if (version >= termsApartSince) {
    const rest = sha256(JSON.stringify([...texts, state.status, ordered(state.metadata)]));
    const marks = [...new Set(state.terms.map((term) => termMark(term).whole))].sort();
    return `${version}:${rest}:${marks.join('.')}`;
  }
  const terms = state.terms.map((term) => `${term.taxonomy}\0${term.slug}\0${term.name}`).sort();
  return sha256(JSON.stringify([...texts, state.status, terms, ordered(state.metadata)]));
}

/**
 * The mark of a term in a hash. Marks of one taxonomy begin with `taxonomy`, and marks of one term under any of
 * its names begin with `term`.
 */
export function termMark({ taxonomy, slug, name }: ContentTerm): {
  taxonomy: string;
  term: string;
  whole: string;
} {
  const ofTaxonomy = sha256(taxonomy).slice(0, 6);
  const ofTerm = ofTaxonomy + sha256(`${taxonomy}\0${slug}`).slice(0, 16);
  return { taxonomy: ofTaxonomy, term: ofTerm, whole: ofTerm + sha256(name).slice(0, 12) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Is `hash` the hash of the state? A hash of an earlier version does not cover texts that were added later,
 * so that an upgrade causes neither updates nor conflicts. `now`: the state's current hash, if the caller has
 * it.
 */
export function isHashOf(hash: string | null, state: SharedState, now?: string): boolean {
  if (hash === null) return false;
  const version = Number(/^(\d+):/.exec(hash)?.[1] ?? 1);
  return hash === (now !== undefined && version === hashVersion ? now : contentHash(state, version));
}

function ordered(value: JsonValue): JsonValue {
  if (value instanceof ExactNumber) return asNumber(value);
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.keys(value)
    .sort()
    .map((key): JsonValue => [key, ordered(value[key] ?? null)]);
}
