/** What a site's listings of its types and statuses say. */
import { type ApiAnswer, isRecord } from './siteClient.ts';

/** Core's own that are shown in REST: `any` finds all of them but the trash, which is no content. */
const CORE_STATUSES = ['publish', 'future', 'draft', 'pending', 'private', 'trash'];

/** What the column `post_status` can hold, and a list in a query too. */
const STATUS = /^[\w-]{1,20}$/;

/**
 * The value of `status` that finds everything that is content. `any` leaves out what a plugin registered
 * with `exclude_from_search`, unless it is named beside it (WP_Query::get_posts).
 * @param answer of `wp/v2/statuses`, in which those that are internal to WordPress or a plugin do not stand. One who may
 * not see them, or a site that hides them, is asked for what WordPress itself takes for all.
 */
export function everyStatus({ error, value }: Pick<ApiAnswer, 'error' | 'value'>): string {
  const slugs = Object.keys(error === null && isRecord(value) ? value : {});
  const more = slugs.filter((slug) => STATUS.test(slug) && !CORE_STATUSES.includes(slug));
  return [...new Set(['any', ...more])].join(',');
}

/** Core's own. */
const NAMESPACE = 'wp/v2';

/**
 * The route of a type's items or of a taxonomy's terms. One may have a namespace of its own since WordPress 5.9
 * (register_post_type, register_taxonomy).
 */
export function collectionRoute(restBase: string, namespace?: unknown): string {
  const own = typeof namespace === 'string' && namespace !== '' ? namespace : NAMESPACE;
  return `${own.split('/').map(encodeURIComponent).join('/')}/${encodeURIComponent(restBase)}`;
}
