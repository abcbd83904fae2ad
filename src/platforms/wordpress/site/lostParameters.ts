import { isRecord } from './siteClient.ts';

/** The texts of a post, which have their raw form only with `context=edit` (WP_REST_Posts_Controller). */
const TEXTS = ['title', 'content', 'excerpt'];

/**
 * The parameters of a request for posts that the answer shows to be lost on the way, by name. A record with a raw text
 * proves the context. So does an answer without records or texts, since it shows nothing.
 * @param query as it was sent, encoded
 */
export function lostParameters(query: string, value: unknown): string[] {
  const records = (Array.isArray(value) ? value : [value]).filter(isRecord);
  if (records.length === 0) return [];
  const asked = new URLSearchParams(query);
  const fields = asked.get('_fields');
  const lost: string[] = [];
  if (asked.get('context') === 'edit' && records.every(lacksRawTexts)) lost.push('context');
  if (records.length > Number(asked.get('per_page') ?? Number.POSITIVE_INFINITY)) lost.push('per_page');
  // WordPress leaves out the links unless they are requested.
  if (fields !== null && records.every((record) => '_links' in record)) lost.push('_fields');
  return lost;
}

function lacksRawTexts(record: Record<string, unknown>): boolean {
  const texts = TEXTS.map((name) => record[name]).filter((text) => text !== undefined);
  return texts.length > 0 && texts.every(isWithoutRaw);
}

/** PHP writes an empty map as []. A plugin may put values of other types in the place of a text. */
function isWithoutRaw(text: unknown): boolean {
  return isRecord(text) ? !('raw' in text) : Array.isArray(text) && text.length === 0;
}
