/** Terms as core REST gives them. */
import type { ContentTerm } from '../../remoteContent.ts';
import { decodeCharacterReferences } from '../site/htmlText.ts';
import { isRecord } from '../site/siteClient.ts';
import { isStorable } from './fieldReader.ts';
import type { SiteAnswer, SiteRequests } from './siteRequests.ts';
import type { Taxonomy } from './siteTypes.ts';

/** Reads a term from REST, with its name decoded to plain text; null for a term that cannot be stored. */
export function readTerm(
  record: unknown,
  taxonomy: string,
): { id: number; parent: number; count: number; term: ContentTerm } | null {
  if (!isRecord(record)) return null;
  const { id, slug, name, parent, count } = record;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return null;
  if (typeof slug !== 'string' || typeof name !== 'string' || !isStorable(slug + name)) return null;
  return {
    id,
    parent: typeof parent === 'number' && Number.isSafeInteger(parent) ? parent : 0,
    count: typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0,
    term: { taxonomy, slug, name: decodeCharacterReferences(name) },
  };
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
