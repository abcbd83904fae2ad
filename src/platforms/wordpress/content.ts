import { z } from 'zod';
import type { RemoteContent } from '../contentPart.ts';
import type { Connection, ContentTerm, JsonObject, WantedContent } from '../platform.ts';
import type { DiagnosisOptions } from './diagnosis.ts';
import { decodeCharacterReferences } from './htmlText.ts';
import { fault } from './messages.ts';
import { openSiteApi } from './siteApi.ts';

const CONTENT_BUDGET_MS = 20_000;

/**
 * Raw values alone: what `rendered` holds costs WordPress several times as much to make. Terms come embedded,
 * since the fields of a post hold only their ids (`wp:term`, since WordPress 5.4 by `_embed=wp:term`).
 */
const FIELDS =
  'context=edit&_embed=wp:term&_fields=id,type,status,slug,link,modified_gmt,title.raw,content.raw,excerpt.raw,' +
  'meta,featured_media,_links.wp:term,_embedded.wp:term';

const raw = z.object({ raw: z.string() }).optional();
const post = z.object({
  id: z.int(),
  type: z.string(),
  status: z.string(),
  slug: z.string().default(''),
  link: z.string().nullish(),
  modified_gmt: z.string().nullish(),
  title: raw,
  content: raw,
  excerpt: raw,
  // PHP writes an empty map as [].
  meta: z
    .union([z.record(z.string(), z.json()), z.array(z.unknown()).transform((): JsonObject => ({}))])
    .optional(),
  featured_media: z.int().optional(),
  _embedded: z
    .object({
      'wp:term': z
        // One that may not be read stands there as an error.
        .array(z.array(z.unknown()))
        .optional(),
    })
    .optional(),
});

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
  const read = post.safeParse(answer.value);
  if (!read.success) {
    throw fault('unexpected_answer', {
      values: { ...api.client.values, found: 'a post without its fields' },
    });
  }
  return read.data.type === wanted.contentType ? remoteContent(read.data) : null;
}

/** Core's own types, for a site whose structure is not known yet. */
const BASES: Readonly<Record<string, string>> = { post: 'posts', page: 'pages' };

function remoteContent(from: z.output<typeof post>): RemoteContent {
  return {
    externalId: String(from.id),
    contentType: from.type,
    title: from.title?.raw ?? '',
    slug: from.slug,
    body: from.content?.raw ?? '',
    excerpt: from.excerpt?.raw ?? '',
    externalStatus: from.status,
    status: localStatus(from.status),
    url: from.link ?? null,
    modifiedAt: utc(from.modified_gmt ?? null),
    terms: termsOf(from._embedded?.['wp:term'] ?? []),
    metadata: {
      ...(from.meta ?? {}),
      ...(from.featured_media ? { featured_media: from.featured_media } : {}),
    },
    tag: null,
    contentId: null,
  };
}

/** What a post status of WordPress means here; null for one that takes the post out of the site's content. */
export function localStatus(status: string): 'draft' | 'published' | null {
  if (status === 'trash' || status === 'deleted' || status === 'auto-draft') return null;
  return status === 'publish' || status === 'private' ? 'published' : 'draft';
}

/** WordPress writes `modified_gmt` without an offset, and zeros for a draft that was never dated. */
function utc(time: string | null): string | null {
  if (time === null || time.startsWith('0000')) return null;
  const parsed = Date.parse(/[Zz]$|[+-]\d\d:?\d\d$/.test(time) ? time : `${time}Z`);
  return Number.isNaN(parsed) ? null : new Date(parsed).toISOString();
}

function termsOf(groups: unknown[][]): ContentTerm[] {
  const term = z.object({ taxonomy: z.string(), slug: z.string(), name: z.string() });
  return groups.flat().flatMap((value) => {
    const read = term.safeParse(value);
    return read.success ? [{ ...read.data, name: decodeCharacterReferences(read.data.name) }] : [];
  });
}
