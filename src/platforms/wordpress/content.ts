import type { RemoteContent } from '../contentPart.ts';
import type { Connection, ContentTerm, WantedContent } from '../platform.ts';
import { readPost } from './content/postFields.ts';
import { readTerm } from './content/termMap.ts';
import type { DiagnosisOptions } from './diagnosis.ts';
import { fault } from './messages.ts';
import { openSiteApi } from './siteApi.ts';
import { isRecord } from './siteClient.ts';

const CONTENT_BUDGET_MS = 20_000;

/**
 * Raw values alone: what `rendered` holds costs WordPress several times as much to make. Terms come embedded,
 * since the fields of a post hold only their ids (`wp:term`, since WordPress 5.4 by `_embed=wp:term`).
 */
const FIELDS =
  'context=edit&_embed=wp:term&_fields=id,type,status,slug,link,date_gmt,modified_gmt,author,parent,title.raw,' +
  'content.raw,excerpt.raw,meta,featured_media,_links.wp:term,_embedded.wp:term';

/** Error codes by which WordPress says that there is no such post, or that it is of another type. */
const GONE = new Set(['rest_post_invalid_id', 'rest_no_route']);

/** Reads one post, page or item of a custom type; null when there is none. Throws WordpressFault. */
export async function readWordpressContent(
  connection: Connection,
  wanted: WantedContent,
  options: DiagnosisOptions,
): Promise<RemoteContent | null> {
  if (!/^[1-9]\d{0,18}$/.test(wanted.externalId)) return null;
  const api = await openSiteApi(connection, options, CONTENT_BUDGET_MS);
  const base = wanted.structure?.rest_base ?? BASES[wanted.contentType] ?? wanted.contentType;
  const answer = await api.get(`wp/v2/${encodeURIComponent(base)}/${wanted.externalId}`, FIELDS);
  if (answer.error !== null) {
    if (GONE.has(answer.error.code)) return null;
    throw api.refusal(answer, answer.error);
  }
  const record = isRecord(answer.value) ? answer.value : {};
  const { post, fault: unreadable } = readPost(record, termsOf(record._embedded));
  if (post === null) {
    throw fault('unexpected_answer', { values: { ...api.client.values, found: unreadable.message } });
  }
  return post.contentType === wanted.contentType ? post : null;
}

/** Core's own types, for a site whose structure is not known yet. */
const BASES: Readonly<Record<string, string>> = { post: 'posts', page: 'pages' };

/** The terms embedded in a post. One that may not be read stands there as an error. */
function termsOf(embedded: unknown): ContentTerm[] {
  const groups = isRecord(embedded) && Array.isArray(embedded['wp:term']) ? embedded['wp:term'] : [];
  return groups.flat().flatMap((value: unknown) => {
    const taxonomy = isRecord(value) && typeof value.taxonomy === 'string' ? value.taxonomy : '';
    const read = taxonomy === '' ? null : readTerm(value, taxonomy);
    return read === null ? [] : [read.term];
  });
}
