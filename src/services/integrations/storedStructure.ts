import { z } from 'zod';
import { type CallerError, invalidField } from '../../errors.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { SiteStructure } from '../../platforms/platform.ts';
import { invalidFields, zodFieldErrors } from '../../zodErrors.ts';

/**
 * The structure of a site in `config_json.content_types`. It holds facts from the site's report (label,
 * count, REST base) and choices of the user (enabled, fetch_limit). A report never changes a choice.
 */
const postType = z.object({
  label: z.string(),
  count: z.number(),
  rest_base: z.string().optional(),
  hierarchical: z.boolean().optional(),
  taxonomies: z.array(z.string()).optional(),
  enabled: z.boolean(),
  /** The largest number of items to fetch; null for all. */
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
  /** The time of the report by the site's clock. An older report is recognised by it. */
  timestamp: z.string(),
  /** The time of the last applied report, by this server's clock. */
  last_structure_fetch: z.string(),
});

export type ContentTypes = z.output<typeof contentTypes>;

/** The choices that a user may make about a type. Other fields of a sent `content_types` are ignored. */
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

/** The stored structure; null before the first report. */
export function readContentTypes(config: JsonObject): ContentTypes | null {
  return config.content_types === undefined ? null : contentTypes.parse(config.content_types);
}

/**
 * Merges the report of a site into the stored structure. Missing types are removed, new types are enabled,
 * and the choices of the user stay. Returns null when the report is older than the stored structure, which
 * then stays.
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
 * Applies the choices in a sent `config_json.content_types`. Throws a 400 naming the type if the structure of
 * the site does not have the type.
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

/** The entry of a slug from outside. Never an inherited property, such as `constructor`. */
function own<T>(record: Record<string, T> | undefined, slug: string): T | undefined {
  return record && Object.hasOwn(record, slug) ? record[slug] : undefined;
}

function mapValues<T, R>(record: Record<string, T>, map: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
