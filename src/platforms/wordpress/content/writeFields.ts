import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../../connection.ts';
import type { ContentWrite } from '../../contentWrite.ts';
import type { ContentTerm, ItemFault, RemoteContent } from '../../remoteContent.ts';
import { siteSlug } from '../../siteSlug.ts';
import { isRecord } from '../site/siteClient.ts';
import { readUtc } from './fieldReader.ts';
import type { MediaLibrary } from './media.ts';
import { KEY_META, localStatus } from './postFields.ts';

/**
 * The statuses that are written to WordPress. Its other statuses mean one of these two, and are left as they
 * are.
 */
const STATUS = { published: 'publish', draft: 'draft' } as const;

/**
 * The fields of a post that come from the content's metadata, and notes about those that were not used. A
 * request holds them beside the meta.
 */
interface ExtraFields {
  fields: JsonObject;
  notes: ItemFault[];
}

/**
 * The metadata of a write that differs from the site's, as fields of a request. The image is uploaded. Throws
 * RemoteError.
 */
export async function extraFields(
  write: ContentWrite,
  onSite: RemoteContent | null,
  media: MediaLibrary,
): Promise<ExtraFields> {
  const { featured_image_url: image, featured_image_alt: alt, ...metadata } = write.metadata;
  const notes: ItemFault[] = [];
  const meta: JsonObject = {};
  const fields: JsonObject = {};
  if (typeof image === 'string' && image !== '') {
    const id = await media.idOf(image, typeof alt === 'string' ? alt : '');
    if (typeof id === 'number') metadata.featured_media = id;
    else notes.push({ ...id, externalId: write.externalId });
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (onSite !== null && isDeepStrictEqual(onSite.metadata[key], value)) continue;
    const read = FIELDS[key];
    const field = read?.(value);
    if (read === undefined) meta[key] = value;
    else if (field === undefined) {
      const message = `The value of ${key} cannot be used.`;
      notes.push({ externalId: write.externalId, code: 'bad_metadata', message });
    } else if (!isSame(field, onSite, key)) fields[key] = field;
  }
  return { fields: Object.keys(meta).length === 0 ? fields : { ...fields, meta }, notes };
}

/** The status to request; undefined to leave it. A status of the site with the same meaning is left. */
export function statusField(write: ContentWrite, onSite: RemoteContent | null): string | undefined {
  if (write.status === null) return undefined;
  if (onSite !== null && localStatus(onSite.externalStatus) === write.status) return undefined;
  return STATUS[write.status];
}

/** Notes about meta that was sent and that the site did not take. */
export function metaNotes(sent: JsonValue | undefined, record: Record<string, unknown>): ItemFault[] {
  const held = isRecord(record.meta) ? record.meta : {};
  return Object.entries(isRecord(sent) ? sent : {}).flatMap(([key, value]) =>
    key in held || value === null || key === KEY_META
      ? []
      : [
          {
            externalId: null,
            code: 'unknown_meta',
            message: `The site has no meta ${key} that is registered for its REST API.`,
          },
        ],
  );
}

/** The taxonomies in which the terms differ from the site's. */
export function differingTaxonomies(
  terms: readonly ContentTerm[],
  onSite: RemoteContent | null,
): Set<string> {
  const own = slugsByTaxonomy(terms);
  const theirs = slugsByTaxonomy(onSite?.terms ?? []);
  return new Set(
    [...own.keys(), ...theirs.keys()].filter(
      (taxonomy) => !isDeepStrictEqual(own.get(taxonomy), theirs.get(taxonomy)),
    ),
  );
}

/** The slug of a term as the site writes it. The slug of a write may be a path. */
function termSlug(slug: string): string {
  return slug
    .split('/')
    .map((part) => siteSlug(part))
    .join('/');
}

function slugsByTaxonomy(terms: readonly ContentTerm[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { taxonomy, slug } of terms)
    found.set(taxonomy, (found.get(taxonomy) ?? new Set()).add(termSlug(slug)));
  return found;
}

const FIELDS: Readonly<Record<string, (value: JsonValue) => JsonValue | undefined>> = {
  author: (value) => (value === null || value === 0 ? undefined : idField(value)),
  parent: idField,
  featured_media: idField,
  date_gmt: (value) => readUtc(value)?.replace(/\.\d+Z$/, ''),
};

/** A whole number, also from a text; null becomes 0. undefined for any other value. */
function idField(value: JsonValue): number | undefined {
  const id = typeof value === 'string' && value !== '' ? Number(value) : (value ?? 0);
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}

/** Compares both values as fields, as the site may write the same value differently. */
function isSame(field: JsonValue, onSite: RemoteContent | null, key: string): boolean {
  if (onSite === null) return false;
  return isDeepStrictEqual(FIELDS[key]?.(onSite.metadata[key] ?? null) ?? 0, field);
}
