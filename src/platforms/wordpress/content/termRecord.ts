/** Terms as core REST gives them. */
import type { ContentTerm, RemoteTerm, UnreadField } from '../../remoteContent.ts';
import { decodeCharacterReferences } from '../site/htmlText.ts';
import { isRecord } from '../site/siteClient.ts';
import { isStorable } from './fieldReader.ts';
import type { SiteAnswer, SiteRequests } from './siteRequests.ts';
import type { Taxonomy } from './siteTypes.ts';

/** A term that was read. */
export interface TermRecord {
  id: number;
  parent: number;
  count: number;
  slug: string;
  /** The slug, if the name cannot be read. */
  name: string;
  /** `slug` and `name`, if they cannot be read. */
  unread: UnreadField[];
}

/** Reads a term from REST, with its name decoded to plain text; null for a term without a usable id. */
export function readTerm(record: unknown): TermRecord | null {
  if (!isRecord(record)) return null;
  const { id, parent, count } = record;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return null;
  return {
    id,
    parent: typeof parent === 'number' && Number.isSafeInteger(parent) ? parent : 0,
    count: typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0,
    ...readNames(record),
  };
}

/** Reads the slug and the name of a term. */
export function readNames({
  slug,
  name,
}: Record<string, unknown>): Pick<TermRecord, 'slug' | 'name' | 'unread'> {
  const isNamed = isText(name);
  const isSlug = isText(slug) && slug !== '';
  const unread: UnreadField[] = [];
  if (!isSlug) unread.push({ field: 'slug', message: 'The slug is not a text.' });
  if (!isNamed) unread.push({ field: 'name', message: 'The name is not a text.' });
  const own = isSlug ? slug : '';
  return { slug: own, name: isNamed ? decodeCharacterReferences(name) : own, unread };
}

/** The term as items hold it; null without a slug. */
export function itemTerm(
  { slug, name }: Pick<TermRecord, 'slug' | 'name'>,
  taxonomy: string,
): ContentTerm | null {
  return slug === '' ? null : { taxonomy, slug, name };
}

/** A sentence about a term of an item whose names cannot be read; null if they can be read. */
export function faultOfTerm({ unread }: Pick<RemoteTerm, 'unread'>, taxonomy: string): string | null {
  const [first] = unread ?? [];
  return first === undefined ? null : `A term of ${taxonomy}: the ${first.field} is not a text.`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && isStorable(value);
}

/** Reads terms as an editor, or as a visitor if the user may not edit them. Throws RemoteError. */
export async function getTerms(requests: SiteRequests, { route }: Taxonomy, query: string) {
  const answer = await requests.get(route, `context=edit&${query}`, { divisible: true });
  if (answer.error === null) return answer;
  const { status } = answer.error;
  if (status === 401 || status === 403) return requests.read(route, query, { divisible: true });
  throw requests.refusal(answer, answer.error);
}

/**
 * Requests one term as an editor, or as a visitor if the user may not edit it. Returns refusals too. Throws
 * RemoteError.
 */
export async function getTerm(
  requests: SiteRequests,
  { route }: Taxonomy,
  id: number,
  fields: string,
): Promise<SiteAnswer> {
  const query = `_fields=${fields}`;
  const options = { divisible: true };
  const answer = await requests.get(`${route}/${id}`, `context=edit&${query}`, options);
  const status = answer.error?.status;
  return status === 401 || status === 403 ? requests.get(`${route}/${id}`, query, options) : answer;
}
