import { z } from 'zod';
import type { Content } from '../../database/generated/client.ts';
import { ContentStatus, ContentVisibility, SyncState } from '../../database/generated/enums.ts';
import { CONTENT_TEXTS, eachText, textsOf } from '../../platforms/contentTexts.ts';
import { BUILDERS } from '../../platforms/remoteContent.ts';
import { builtWithNow } from '../../services/content/builtContents.ts';
import { metadataOf } from '../../services/content/sharedState.ts';
import { bodyId, jsonObject, limitQuery, queryId, timestamp } from './common.schema.ts';

export const contentQuery = z.object({
  site_id: queryId.optional(),
  sync_state: z.enum(SyncState).optional(),
  status: z.enum(ContentStatus).optional(),
  content_type: z.string().max(100).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,10}$/, 'must be the next_cursor of an earlier answer')
    .transform((text) => Math.min(Number(text), 2_147_483_647))
    .optional(),
  limit: limitQuery,
});

export const contentSchema = z
  .object({
    id: z.int(),
    key: z.uuid().meta({ description: 'Identifies the content on other systems; never used again.' }),
    site_id: z.int(),
    ...eachText(() => z.string()),
    content_type: z.string(),
    status: z.enum(ContentStatus),
    visibility: z.enum(ContentVisibility).meta({
      description:
        'Who can read the item on its site. A `private` content says why: `private` or `password`.',
    }),
    terms: z.array(z.object({ taxonomy: z.string(), slug: z.string(), name: z.string() })),
    metadata: jsonObject,
    built_with: z.enum(BUILDERS).nullable().meta({
      description:
        'The page builder that shows its own layout of the item in place of the body, which is read only then.',
    }),
    external_id: z.string().nullable(),
    external_url: z.string().nullable(),
    external_status: z.string().nullable(),
    external_modified_at: timestamp.nullable(),
    sync_state: z.enum(SyncState),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Content' });

export const contentsResponse = z.object({
  results: z.array(contentSchema),
  next_cursor: z.string().nullable(),
});

const writable = {
  ...eachText((name) => {
    const { longest } = CONTENT_TEXTS[name];
    return longest === null ? z.string() : z.string().max(longest);
  }),
  status: z.enum(ContentStatus),
  terms: z
    .array(
      z.strictObject({
        taxonomy: z.string().min(1).max(100),
        slug: z.string().min(1).max(200),
        name: z.string().min(1).max(200),
      }),
    )
    .max(1_000),
  metadata: jsonObject,
};

const edits = Object.fromEntries(
  Object.entries(writable).map(([name, schema]) => [name, schema.exactOptional()]),
) as { [Name in keyof typeof writable]: z.ZodExactOptional<(typeof writable)[Name]> };

export const newContentRequest = z.strictObject({
  site_id: bodyId,
  content_type: z.string().min(1).max(100),
  ...edits,
});
export const editContentRequest = z.strictObject(edits);
export const resolveConflictRequest = z.strictObject({ keep: z.enum(['local', 'remote']) });

export const pullContentRequest = z.strictObject({ content_id: bodyId });
export const pullContentResponse = z.object({
  success: z.boolean(),
  content: contentSchema.nullable(),
  changed: z.boolean(),
  error: z
    .object({ code: z.string(), message: z.string() })
    .optional()
    .meta({ description: 'Why the site could not be read.' }),
});

export function contentBody(content: Content) {
  return {
    id: content.id,
    key: content.key,
    site_id: content.siteId,
    ...textsOf(content),
    content_type: content.contentType,
    status: content.status,
    visibility: content.visibility,
    terms: content.terms,
    metadata: metadataOf(content),
    built_with: builtWithNow({}, content),
    external_id: content.externalId,
    external_url: content.externalUrl,
    external_status: content.externalStatus,
    external_modified_at: content.externalModifiedAt?.toISOString() ?? null,
    sync_state: content.syncState,
    created_at: content.createdAt.toISOString(),
    updated_at: content.updatedAt.toISOString(),
  };
}
