import { z } from 'zod';
import { type CallerError, invalidField } from '../../errors.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { SiteStructure } from '../../platforms/platform.ts';
import { invalidFields, zodFieldErrors } from '../../zodErrors.ts';

/**
 * The structure of a site as `config_json.content_types` keeps it: facts that the site reports (label, count,
 * REST base), and beside them what the user decided (enabled, fetch_limit), which no report may change.
 */
const postType = z.object({
  label: z.string(),
  count: z.number(),
  rest_base: z.string().optional(),
  hierarchical: z.boolean().optional(),
  taxonomies: z.array(z.string()).optional(),
  enabled: z.boolean(),
  /** Most items to fetch; null is all. */
  fetch_limit: z.number().nullable(),
});
const taxonomy = z.object({
  label: z.string(),
  count: z.number(),
  rest_base: z.string().optional(),
  hierarchical: z.boolean().optional(),
  post_types: z.array(z.string()).optional(),
  enabled: z.boolean(),
});
const contentTypes = z.object({
  post_types: z.record(z.string(), postType),
  taxonomies: z.record(z.string(), taxonomy),
  plugin_connection_enabled: z.boolean(),
  two_way_sync_enabled: z.boolean(),
  /** The site's own time of the reading: what an older report is told by. */
  timestamp: z.string(),
  /** Our time of the last report that was taken. */
  last_structure_fetch: z.string(),
});

export type ContentTypes = z.output<typeof contentTypes>;

/** What a user may decide about a type; everything else in a sent `content_types` is the site's word and is left aside. */
const choices = z.object({
  post_types: z
    .record(
      z.string(),
      z.looseObject({
        enabled: z.boolean().optional(),
        fetch_limit: z.number().int().min(1).max(1_000_000).nullable().optional(),
      }),
    )
    .optional(),
  taxonomies: z.record(z.string(), z.looseObject({ enabled: z.boolean().optional() })).optional(),
});

/** The stored structure; null before the first. */
export function readContentTypes(config: JsonObject): ContentTypes | null {
  return config.content_types === undefined ? null : contentTypes.parse(config.content_types);
}

/**
 * Merges a site's report into what is stored: types that are gone go, new ones come enabled, and what the user
 * decided stays. Returns null when the report is older than the stored one, which then stays as it is.
 */
export function mergeStructure(
  stored: ContentTypes | null,
  report: SiteStructure,
  now: Date,
): ContentTypes | null {
  if (stored && Date.parse(report.timestamp) < Date.parse(stored.timestamp)) return null;
  return {
    post_types: mapValues(report.post_types, (type, slug) => ({
      ...type,
      enabled: own(stored?.post_types, slug)?.enabled ?? true,
      fetch_limit: own(stored?.post_types, slug)?.fetch_limit ?? null,
    })),
    taxonomies: mapValues(report.taxonomies, (type, slug) => ({
      ...type,
      enabled: own(stored?.taxonomies, slug)?.enabled ?? true,
    })),
    plugin_connection_enabled: report.plugin_connection_enabled,
    two_way_sync_enabled: report.two_way_sync_enabled,
    timestamp: new Date(report.timestamp).toISOString(),
    last_structure_fetch: now.toISOString(),
  };
}

/**
 * Takes over what a user decided in a sent `config_json.content_types`.
 * Throws a 400 naming the type when the site's structure has no such one.
 */
export function applyChoices(stored: ContentTypes | null, sent: unknown): ContentTypes | null {
  const field = 'config_json.content_types';
  const parsed = choices.safeParse(sent, { reportInput: true });
  if (!parsed.success) throw invalidFields(zodFieldErrors(parsed.error, field.split('.')));
  const { post_types: types = {}, taxonomies = {} } = parsed.data;
  const result = structuredClone(stored);
  for (const [slug, choice] of Object.entries(types)) {
    const type = own(result?.post_types, slug);
    if (!type) throw unknownType(`${field}.post_types.${slug}`);
    if (choice.enabled !== undefined) type.enabled = choice.enabled;
    if (choice.fetch_limit !== undefined) type.fetch_limit = choice.fetch_limit;
  }
  for (const [slug, choice] of Object.entries(taxonomies)) {
    const type = own(result?.taxonomies, slug);
    if (!type) throw unknownType(`${field}.taxonomies.${slug}`);
    if (choice.enabled !== undefined) type.enabled = choice.enabled;
  }
  return result;
}

function unknownType(field: string): CallerError {
  return invalidField(field, 'is not in the structure of the site; sync its metadata first.', 'unknown_type');
}

/** What stands under a slug that came from outside; never what every object inherits, such as `constructor`. */
function own<T>(record: Record<string, T> | undefined, slug: string): T | undefined {
  return record && Object.hasOwn(record, slug) ? record[slug] : undefined;
}

function mapValues<T, R>(record: Record<string, T>, map: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
