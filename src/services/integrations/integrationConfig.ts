import { z } from 'zod';
import type { SiteIntegration } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import { syncSettingsSchema } from '../../platforms/syncSettings.ts';
import { type ContentTypes, readContentTypes } from './storedStructure.ts';

const requestsAtOnce = 4;

const configShape: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** `sync_settings` with defaults for absent fields. */
interface SyncSettings {
  conflict: 'flag' | 'newest' | 'local' | 'remote';
  /** How many requests may run at once to the site. */
  concurrency: number;
  schedule: { cron: string; timeZone: string } | null;
}

/** The stored `config_json`. Each part is parsed once, at its first use. */
class IntegrationConfig {
  /** The whole `config_json`, for the platform. */
  readonly json: JsonObject;
  #syncSettings: SyncSettings | undefined;
  #contentTypes: ContentTypes | null | undefined;

  constructor(json: JsonObject) {
    this.json = json;
  }

  get syncSettings(): SyncSettings {
    this.#syncSettings ??= readSyncSettings(this.json);
    return this.#syncSettings;
  }

  /** The structure of the site; null before the first report. */
  get contentTypes(): ContentTypes | null {
    if (this.#contentTypes === undefined) this.#contentTypes = readContentTypes(this.json);
    return this.#contentTypes;
  }
}

const parsed = new WeakMap<object, IntegrationConfig>();

/**
 * The configuration of an integration. Returns the same object for the same row. Throws ZodError for a
 * configuration that no version of this server has stored.
 */
export function configOf({ config }: Pick<SiteIntegration, 'config'>): IntegrationConfig {
  const known = typeof config === 'object' && config !== null ? parsed.get(config) : undefined;
  if (known) return known;
  const made = new IntegrationConfig(configShape.parse(config));
  if (typeof config === 'object' && config !== null) parsed.set(config, made);
  return made;
}

function readSyncSettings(config: JsonObject): SyncSettings {
  const { conflict, concurrency, schedule } = syncSettingsSchema.parse(config.sync_settings ?? {});
  return {
    conflict: conflict ?? 'flag',
    concurrency: concurrency ?? requestsAtOnce,
    schedule: schedule ? { cron: schedule.cron, timeZone: schedule.time_zone ?? 'UTC' } : null,
  };
}

/** The columns of an integration whose address may have changed: links may begin with the new address. */
export function afterMove(before: unknown, after: unknown): { linksChangedAt?: Date } {
  const addressIn = (config: unknown): unknown =>
    typeof config === 'object' && config !== null ? Reflect.get(config, 'site_url') : undefined;
  const isMoved = after !== undefined && addressIn(before) !== addressIn(after);
  return isMoved ? { linksChangedAt: new Date() } : {};
}
