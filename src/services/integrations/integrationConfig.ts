import type { JsonObject } from '../../platforms/platform.ts';
import { syncSettingsSchema } from '../../platforms/syncSettings.ts';

const requestsAtOnce = 4;

/** `config_json.sync_settings`, completed with what holds where it says nothing. */
export function readSyncSettings(config: JsonObject) {
  const { conflict, concurrency, schedule } = syncSettingsSchema.parse(config.sync_settings ?? {});
  return {
    conflict: conflict ?? ('flag' as const),
    concurrency: concurrency ?? requestsAtOnce,
    schedule: schedule ? { cron: schedule.cron, timeZone: schedule.time_zone ?? 'UTC' } : null,
  };
}
