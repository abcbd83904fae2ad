import { z } from 'zod';
import type { JsonObject } from '../platforms/platform.ts';

const requestsAtOnce = 4;

const settingsShape = z.object({
  conflict: z.enum(['flag', 'newest', 'local', 'remote']).default('flag'),
  concurrency: z.int().default(requestsAtOnce),
  schedule: z.object({ cron: z.string(), time_zone: z.string().default('UTC') }).optional(),
});
export type SyncSettings = z.output<typeof settingsShape>;

/** `config_json.sync_settings`, complete. */
export function readSyncSettings(config: JsonObject): SyncSettings {
  return settingsShape.parse(config.sync_settings ?? {});
}
