import type { SimulatedSite } from '../site.ts';
import type { MetaType, MetaValue, SimulatedPost } from '../state.ts';
import { WpError } from './restAnswer.ts';

const UNSET: Readonly<Record<MetaType, MetaValue>> = { string: '', integer: 0, number: 0, boolean: false };

/**
 * The meta of a post in REST: all registered keys, with or without a value. PHP writes an empty map as [].
 */
export function shownMeta(site: SimulatedSite, post: SimulatedPost): Record<string, MetaValue> | [] {
  const meta = metaOf(site, post);
  return Object.keys(meta).length === 0 ? [] : meta;
}

export function metaOf(site: SimulatedSite, post: SimulatedPost): Record<string, MetaValue> {
  const registered = site.state.postTypes[post.type]?.meta ?? {};
  const unset = Object.entries(registered).map(([key, type]) => [key, UNSET[type]] as const);
  return { ...Object.fromEntries(unset), ...post.meta };
}

/**
 * WP_REST_Meta_Fields::update_value() stores one key after the other. A wrong value throws WpError
 * `rest_invalid_type`, but the post and the keys before it stay stored. Keys that are not registered are
 * ignored.
 */
export function setMeta(site: SimulatedSite, post: SimulatedPost, values: unknown): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return;
  const given = new Map<string, unknown>(Object.entries(values));
  for (const [key, type] of Object.entries(site.state.postTypes[post.type]?.meta ?? {})) {
    const value = given.get(key);
    if (value === undefined) continue;
    const taken = value === null ? UNSET[type] : asType(value, type);
    if (taken === null) {
      throw new WpError('rest_invalid_type', 400, `meta.${key} is not of type ${type}.`, {
        param: `meta.${key}`,
      });
    }
    if (metaOf(site, post)[key] === taken) continue;
    post.meta = { ...post.meta, [key]: taken };
    site.outbox.note(post, 'metadata');
  }
}

/**
 * rest_validate_value_from_schema() and rest_sanitize_value_from_schema() for simple types. Returns null when
 * the value does not have the type.
 */
function asType(value: unknown, type: MetaType): MetaValue | null {
  if (type === 'string') return typeof value === 'string' ? value : null;
  if (type === 'boolean') {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === '1' || value === 1) return true;
    return value === 'false' || value === '0' || value === 0 || value === '' ? false : null;
  }
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return null;
  const number = Number(value);
  if (!Number.isFinite(number) || (type === 'integer' && !Number.isInteger(number))) return null;
  return number;
}
