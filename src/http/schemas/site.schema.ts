import { z } from 'zod';
import type { Site } from '../../database/generated/client.ts';
import { maskSiteKey } from '../../security/siteKey.ts';
import { timestamp } from './common.schema.ts';

const name = z.string().trim().min(1, 'must not be empty').max(200);
const url = z.string().min(1, 'must not be empty').max(2_000);

export const createSiteRequest = z.strictObject({ name, url });
export const updateSiteRequest = z.strictObject({ name: name.optional(), url: url.optional() });

export const siteSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    url: z.string(),
    api_key: z.string().nullable().meta({ description: 'Masked; null if the site has no key.' }),
    has_api_key: z.boolean(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Site' });

export const apiKeyResponse = z.object({ api_key: z.string() });

/** A site as the API shows it. */
export function siteBody(site: Site): z.output<typeof siteSchema> {
  return {
    id: site.id,
    name: site.name,
    url: site.url,
    api_key: site.apiKeyLast4 === null ? null : maskSiteKey(site.apiKeyLast4),
    has_api_key: site.apiKeyHash !== null,
    created_at: site.createdAt.toISOString(),
    updated_at: site.updatedAt.toISOString(),
  };
}
