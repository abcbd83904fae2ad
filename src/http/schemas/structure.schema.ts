import { z } from 'zod';
import { timestamp } from './common.schema.ts';

const slug = z.string().min(1).max(100);
const count = z.int().min(0);
const restBase = z.string().max(200).exactOptional();
const label = z.string().max(500);

const postTypeFields = {
  label,
  count,
  rest_base: restBase,
  hierarchical: z.boolean().exactOptional(),
  taxonomies: z.array(slug).max(1_000).exactOptional(),
};
const taxonomyFields = {
  label,
  count,
  rest_base: restBase,
  hierarchical: z.boolean().exactOptional(),
  post_types: z.array(slug).max(1_000).exactOptional(),
};

/** The report of a site about its structure. The output is a `SiteStructure`. */
export const structureRequest = z.strictObject({
  post_types: z.record(slug, z.strictObject(postTypeFields)),
  taxonomies: z.record(slug, z.strictObject(taxonomyFields)),
  plugin_connection_enabled: z.boolean(),
  two_way_sync_enabled: z.boolean(),
  timestamp: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' }),
});

const enabled = z.boolean();

const contentTypesSchema = z
  .object({
    post_types: z.record(
      slug,
      z.object({
        ...postTypeFields,
        enabled,
        fetch_limit: z.int().nullable(),
        synced_count: z.int(),
        last_synced_at: timestamp.nullable(),
      }),
    ),
    taxonomies: z.record(slug, z.object({ ...taxonomyFields, enabled, synced_count: z.int() })),
    plugin_connection_enabled: z.boolean(),
    two_way_sync_enabled: z.boolean(),
    last_structure_fetch: timestamp.nullable(),
  })
  .meta({ id: 'ContentTypes' });

export const contentTypesResponse = z.object({ content_types: contentTypesSchema });

export const structureResponse = z.object({
  applied: z
    .boolean()
    .meta({ description: 'false: the report is older than the stored report, which stays.' }),
  content_types: contentTypesSchema,
});
