import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Site, SiteIntegration } from '../../database/generated/client.ts';
import { invalidField } from '../../errors.ts';
import type { JsonObject, JsonValue } from '../../platforms/connection.ts';
import { mergedOuter } from '../../platforms/outer/outerAccess.ts';
import type { Platform } from '../../platforms/platform.ts';
import { matchesSiteKey } from '../../security/siteKey.ts';
import { invalidFields, zodFieldErrors } from '../../zodErrors.ts';
import { siteUrl } from '../sites/site.service.ts';
import { applyChoices, readContentTypes } from './storedStructure.ts';

/** Credentials as sent. A merge into the stored credentials removes each key that is null. */
export type SentCredentials = JsonObject;

/** Checks a `config_json` without the structure that the server stores in it. Throws 400. */
export function validConfig(platform: Platform, config: JsonObject): JsonObject {
  const valid = validated(platform.configSchema, config, 'config_json');
  if (typeof valid.site_url === 'string') valid.site_url = siteUrl('config_json.site_url', valid.site_url);
  return valid;
}

export function validCredentials(platform: Platform, credentials: JsonObject): JsonObject {
  return validated(platform.credentialsSchema, credentials, 'credentials_json');
}

/**
 * Checks the key that was sent with an integration. Each site has one key, and the sent key must be equal to
 * it. The sent key is not stored. Throws a 400 naming the field of the key.
 */
export function checkApiKey(
  platform: Platform,
  site: Pick<Site, 'apiKeyHash'>,
  keys: { topLevel: string | undefined; inCredentials: string | undefined },
  need: 'required' | 'optional',
): void {
  const sent = [
    { field: 'api_key', key: keys.topLevel },
    { field: 'credentials_json.api_key', key: keys.inCredentials },
  ].filter((entry) => entry.key !== undefined);
  if (!platform.capabilities.usesSiteKey) {
    const [first] = sent;
    if (first)
      throw invalidField(first.field, `${platform.name} has no API key of the site.`, 'unknown_field');
    return;
  }
  if (sent.length === 0 && need === 'required') {
    throw invalidField(
      'api_key',
      `${platform.name} needs the site's API key, here or in credentials_json.`,
      'required',
    );
  }
  for (const { field, key = '' } of sent) {
    if (!matchesSiteKey(key, site.apiKeyHash)) {
      throw invalidField(
        field,
        "is not the site's current API key. Rotate it at /api/v1/sites/{id}/api-key to get one.",
        'wrong_key',
      );
    }
  }
}

function validated<T>(schema: z.ZodType<T, T>, value: T, prefix: string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalidFields(zodFieldErrors(result.error, [prefix]));
}

/**
 * Returns `config_json` after a change. In the structure only the choices of the user about its types change.
 * The other fields are merged (RFC 7396), or replaced. Throws 400.
 */
export function changedConfig(
  platform: Platform,
  stored: JsonObject,
  sent: JsonObject | null,
  replace: boolean,
): JsonObject {
  const { content_types: storedTypes, ...own } = stored;
  const { content_types: choices, ...sentOwn } = sent ?? {};
  const merged = sent === null || replace ? sentOwn : mergePatch(own, sentOwn);
  const config = validConfig(platform, merged);
  const types =
    choices === undefined || choices === null
      ? storedTypes
      : toJson(applyChoices(readContentTypes(stored), choices));
  return types === undefined || types === null ? config : { ...config, content_types: types };
}

/** JSON merge patch, RFC 7396. */
function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = mergePatch(isObject(before) ? before : {}, value);
    else result[key] = value;
  }
  return result;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toJson(value: object | null): JsonObject | null {
  return value === null ? null : JSON.parse(JSON.stringify(value));
}

/**
 * Do both configurations reach a site in the same way? The sync settings and the structure are not compared.
 */
export function sameConnection(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(connectionPart(one), connectionPart(other));
}

function connectionPart(config: unknown): object {
  const { sync_settings: _settings, content_types: _types, ...part } = { ...Object(config) };
  return part;
}

/** Separates the site key, which is never stored with credentials, from the credentials of the platform. */
export function splitCredentials(sent: SentCredentials): {
  apiKeyInCredentials: string | undefined;
  credentials: SentCredentials;
} {
  const { api_key: key, ...credentials } = sent;
  return { apiKeyInCredentials: typeof key === 'string' ? key : undefined, credentials };
}

/** The stored credentials after a change, not checked yet. Null removes a credential, or a part of `outer`. */
export function mergedCredentials(stored: JsonObject, sent: SentCredentials): JsonObject {
  const merged: JsonObject = { ...stored, ...sent };
  if (sent.outer !== undefined) {
    const outer = mergedOuter(stored.outer, sent.outer);
    if (outer === undefined) delete merged.outer;
    else merged.outer = outer;
  }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** A caller may send `platform_type`, but it must be the type of the platform. Throws 400. */
export function checkPlatformType(platform: Platform, type: string | undefined): void {
  if (type !== undefined && type !== platform.type) {
    throw invalidField('platform_type', `must be ${platform.type} for ${platform.name}, or be left out.`);
  }
}

/** A caller may send the site and the platform of an integration, but cannot change them. Throws 400. */
export function checkUnmoved(
  row: Pick<SiteIntegration, 'siteId' | 'platform'>,
  input: { siteId?: number | undefined; platform?: string | undefined },
): void {
  const fix = 'cannot be changed. Delete this integration and create another.';
  if (input.siteId !== undefined && input.siteId !== row.siteId)
    throw invalidField('site_id', fix, 'immutable');
  if (input.platform !== undefined && input.platform !== row.platform)
    throw invalidField('platform', fix, 'immutable');
}
