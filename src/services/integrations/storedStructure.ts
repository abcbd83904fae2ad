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
/**
 * Types that an earlier report had and the newest has not: their plugin is switched off. They keep their facts, as their
 * site is asked for them again, and their choices.
 */
const goneTypes = z.object({
  post_types: z.record(z.string(), postType.extend({ gone_since: z.string() })),
  taxonomies: z.record(z.string(), taxonomy.extend({ gone_since: z.string() })),
});
const contentTypes = z.object({
  post_types: z.record(z.string(), postType),
  taxonomies: z.record(z.string(), taxonomy),
  /** Absent while no type is gone. */
  gone: goneTypes.optional(),
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

/** Says which types are gone; their names follow. */
export const TYPE_GONE_MESSAGE =
  'The site does not have these content types any more, for example because their plugin is switched off. Their contents stay here as they are:';

/** How many gone types of each kind are remembered. */
const mostGone = 100;

/**
 * Merges the report of a site into the stored structure. Missing types become `gone`, new types are enabled,
 * and the choices of the user stay, also while a type is gone. Returns null when the report is older than the stored structure, which
 * then stays.
 */
export function mergeStructure(
  stored: ContentTypes | null,
  report: SiteStructure,
  now: Date,
): ContentTypes | null {
  if (stored && Date.parse(report.timestamp) < Date.parse(stored.timestamp)) return null;
  const known = (slug: string) => own(stored?.post_types, slug) ?? own(stored?.gone?.post_types, slug);
  const knownTaxonomy = (slug: string) =>
    own(stored?.taxonomies, slug) ?? own(stored?.gone?.taxonomies, slug);
  const gone = {
    post_types: goneOf(stored?.post_types, stored?.gone?.post_types, report.post_types, now),
    taxonomies: goneOf(stored?.taxonomies, stored?.gone?.taxonomies, report.taxonomies, now),
  };
  const isAnyGone = Object.keys({ ...gone.post_types, ...gone.taxonomies }).length > 0;
  return {
    post_types: mapValues(report.post_types, (type, slug) => ({
      ...type,
      enabled: known(slug)?.enabled ?? true,
      fetch_limit: known(slug)?.fetch_limit ?? null,
    })),
    taxonomies: mapValues(report.taxonomies, (type, slug) => ({
      ...type,
      enabled: knownTaxonomy(slug)?.enabled ?? true,
    })),
    ...(isAnyGone ? { gone } : {}),
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
    const type = own(result?.post_types, slug) ?? own(result?.gone?.post_types, slug);
    if (!type) throw unknownType(`${field}.post_types.${slug}`);
    if (choice.enabled !== undefined) type.enabled = choice.enabled;
    if (choice.fetch_limit !== undefined) type.fetch_limit = choice.fetch_limit;
  }
  for (const [slug, choice] of Object.entries(taxonomies)) {
    const type = own(result?.taxonomies, slug) ?? own(result?.gone?.taxonomies, slug);
    if (!type) throw unknownType(`${field}.taxonomies.${slug}`);
    if (choice.enabled !== undefined) type.enabled = choice.enabled;
  }
  return result;
}

/** The types that a report lacks, the latest first. */
function goneOf<T>(
  before: Record<string, T> = {},
  goneBefore: Record<string, T & { gone_since: string }> = {},
  now: Record<string, unknown>,
  at: Date,
): Record<string, T & { gone_since: string }> {
  const gone_since = at.toISOString();
  const newly = mapValues(before, (type) => ({ ...type, gone_since }));
  const all = Object.entries({ ...goneBefore, ...newly }).filter(([slug]) => !Object.hasOwn(now, slug));
  const latest = all.sort(([, one], [, other]) => other.gone_since.localeCompare(one.gone_since));
  return Object.fromEntries(latest.slice(0, mostGone));
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
