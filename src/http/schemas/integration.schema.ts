import { z } from 'zod';
import { SyncStatus } from '../../database/generated/enums.ts';
import type {
  CreateIntegration,
  UpdateIntegration,
} from '../../services/integrations/integration.service.ts';
import type { IntegrationView } from '../../services/integrations/integrationReads.ts';
import { connectionStatusOf } from '../../services/integrations/sitePauses.ts';
import { bodyId, jsonObject, pageQuery, queryBoolean, queryId, timestamp } from './common.schema.ts';

const secret = z.string().max(10_000);
const fields = {
  site_id: bodyId,
  platform: z.string().max(50),
  platform_type: z.string().max(50).optional(),
  config_json: jsonObject.nullable().optional(),
  credentials_json: z
    .object({
      outer: jsonObject.nullable().optional().meta({
        description:
          'Opens what stands before a site of WordPress or a described API: {basic: {username, password}, headers: {NAME: VALUE}}. A PATCH merges its parts. A part, or a header, that is null is removed.',
      }),
    })
    .catchall(secret.nullable())
    .nullable()
    .optional()
    .meta({
      description:
        'Write-only. A PATCH merges the keys. A key that is null is removed; null instead of the object removes all.',
    }),
  api_key: secret
    .optional()
    .meta({ description: "The site's current key, as a proof. It is stored with the site only." }),
  is_active: z.boolean().optional(),
  sync_enabled: z.boolean().optional(),
};

export const createIntegrationRequest = z.strictObject(fields);
export const updateIntegrationRequest = z.strictObject({
  ...fields,
  site_id: fields.site_id.optional(),
  platform: fields.platform.optional(),
});

export const integrationQuery = pageQuery.extend({
  site_id: queryId.optional(),
  platform: z.string().max(50).optional(),
  is_active: queryBoolean.optional(),
});

export const integrationSchema = z
  .object({
    id: z.int(),
    site_id: z.int(),
    site_name: z.string(),
    platform: z.string(),
    platform_type: z.string(),
    config_json: jsonObject,
    api_key: z.string().nullable().meta({ description: 'Masked, except in the response to a create.' }),
    has_credentials: z.boolean(),
    is_active: z.boolean(),
    sync_enabled: z.boolean(),
    sync_status: z.enum(SyncStatus),
    last_sync_at: timestamp.nullable(),
    sync_error: z.string().nullable(),
    connection_status: z.enum(['untested', 'healthy', 'failing']),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Integration' });

/** The facts about a platform that its integrations show. */
export interface PlatformFacts {
  type: string;
  usesSiteKey: boolean;
}

/** An integration as the API shows it, with a masked key. */
export function integrationBody(row: IntegrationView, platform: PlatformFacts) {
  const last4 = platform.usesSiteKey ? row.site.apiKeyLast4 : null;
  return {
    id: row.id,
    site_id: row.siteId,
    site_name: row.site.name,
    platform: row.platform,
    platform_type: platform.type,
    config_json: row.config,
    api_key: last4 === null ? null : `sbk_…${last4}`,
    has_credentials: row.credentialsEncrypted !== null,
    is_active: row.isActive,
    sync_enabled: row.syncEnabled,
    sync_status: row.syncStatus,
    last_sync_at: row.lastSyncAt?.toISOString() ?? null,
    sync_error: row.syncError,
    connection_status: connectionStatusOf(row, Date.now()),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** Converts the body of a request to the input of the service. */
export function integrationInput(body: z.output<typeof createIntegrationRequest>): CreateIntegration;
export function integrationInput(body: z.output<typeof updateIntegrationRequest>): UpdateIntegration;
export function integrationInput(body: z.output<typeof updateIntegrationRequest>): UpdateIntegration {
  return {
    ...(body.site_id === undefined ? {} : { siteId: body.site_id }),
    ...(body.platform === undefined ? {} : { platform: body.platform }),
    platformType: body.platform_type,
    config: body.config_json,
    credentials: body.credentials_json,
    apiKey: body.api_key,
    isActive: body.is_active,
    syncEnabled: body.sync_enabled,
  };
}
