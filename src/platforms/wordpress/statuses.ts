import { isRecord } from './siteClient.ts';

/** Core's own that are shown in REST: `any` finds all of them but the trash, which is no content. */
const CORE_STATUSES = ['publish', 'future', 'draft', 'pending', 'private', 'trash'];

/** What the column `post_status` can hold, and a list in a query too. */
const STATUS = /^[\w-]{1,20}$/;

/**
 * The value of `status` that finds everything that is content. `any` leaves out what a plugin registered
 * with `exclude_from_search`, unless it is named beside it (WP_Query::get_posts).
 * @param listing what `wp/v2/statuses` answers; those that are internal to WordPress or a plugin do not stand in it.
 */
export function everyStatus(listing: unknown): string {
  const slugs = Object.keys(isRecord(listing) ? listing : {});
  const more = slugs.filter((slug) => STATUS.test(slug) && !CORE_STATUSES.includes(slug));
  return [...new Set(['any', ...more])].join(',');
}
