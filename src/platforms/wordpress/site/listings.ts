/** Reads a site's listings of its types and statuses. */
import { type ApiAnswer, isRecord } from './siteClient.ts';

/** Core's own statuses that REST shows. `any` finds all of them but the trash, which is not content. */
const CORE_STATUSES = ['publish', 'future', 'draft', 'pending', 'private', 'trash'];

/** A value that fits the column `post_status`, and also a list in a query. */
const STATUS = /^[\w-]{1,20}$/;

/**
 * The value of `status` that finds all content. `any` leaves out a status that a plugin registered with
 * `exclude_from_search`, unless the query names it too (WP_Query::get_posts).
 * @param answer of `wp/v2/statuses`. It leaves out statuses that are internal to WordPress or a plugin. If
 * the user may not see the listing, or the site hides it, only `any` is requested.
 */
export function everyStatus({ error, value }: Pick<ApiAnswer, 'error' | 'value'>): string {
  const slugs = Object.keys(error === null && isRecord(value) ? value : {});
  const more = slugs.filter((slug) => STATUS.test(slug) && !CORE_STATUSES.includes(slug));
  return [...new Set(['any', ...more])].join(',');
}

/**
 * How many items a list has in all, by X-WP-Total; null if the answer does not say. A proxy may remove the header or
 * repeat it, and a plugin may keep WordPress from counting: the count is then below the items that came.
 * @param came how many items there are at least.
 */
export function totalIn(
  { headers }: { headers: Readonly<Record<string, string>> },
  came: number,
): number | null {
  const values = new Set((headers['x-wp-total'] ?? '').split(',').map((value) => value.trim()));
  const [value = ''] = values;
  if (values.size !== 1 || !/^\d{1,15}$/.test(value)) return null;
  return Number(value) < came ? null : Number(value);
}

/** The namespace of core. */
const NAMESPACE = 'wp/v2';

/**
 * The route of a type's items or of a taxonomy's terms. Since WordPress 5.9, a type or taxonomy may have its
 * own namespace (register_post_type, register_taxonomy).
 */
export function collectionRoute(restBase: string, namespace?: unknown): string {
  const own = typeof namespace === 'string' && namespace !== '' ? namespace : NAMESPACE;
  return `${own.split('/').map(encodeURIComponent).join('/')}/${encodeURIComponent(restBase)}`;
}
