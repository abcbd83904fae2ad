/** Themes, plugins and proxies that change the lists of a site. Each function returns a list unchanged without a fault. */
import type { SimulatedSite } from './site.ts';

/** How many items come when a theme sets `posts_per_page`, or a plugin the `number` of terms, for every query. */
const FORCED_SIZE = 3;
/** The largest `per_page` when a plugin lowers it (`rest_{type}_collection_params`). */
const LOWERED_LIMIT = 4;

/** The largest page that the site allows. */
export function largestPage(site: SimulatedSite): number {
  return site.has('page_limit_lowered') ? LOWERED_LIMIT : 100;
}

/** How many items come, whatever was requested: `pre_get_posts` runs after REST has set its query. */
export function sizeOfPage(site: SimulatedSite, requested: number): number {
  return site.has('lists_shortened') ? FORCED_SIZE : requested;
}

/** The items in the order of a theme that sets `orderby` for every query. */
export function inForcedOrder<T extends { id: number }>(
  site: SimulatedSite,
  found: T[],
  textOf: (item: T) => string,
): T[] {
  if (!site.has('order_forced')) return found;
  return found.toSorted((a, b) => (textOf(a) < textOf(b) ? 1 : textOf(a) > textOf(b) ? -1 : b.id - a.id));
}

/** Does a plugin with `items_left_out` take the item out of lists? With `items_closed` it also denies the item itself. */
export function isLeftOut({ id }: { id: number }): boolean {
  return id % 3 === 1;
}

/** The items after a plugin has changed the answer (`rest_post_dispatch`). */
export function givenItems<T extends { id: number }>(site: SimulatedSite, items: T[]): T[] {
  const left = site.has('items_left_out') ? items.filter((item) => !isLeftOut(item)) : items;
  return site.has('items_doubled') ? left.flatMap((item) => [item, item]) : left;
}

/** The headers that count a list, after a proxy has changed them. */
export function countHeaders(site: SimulatedSite, total: number, size: number): Record<string, string> {
  if (site.has('total_stripped')) return {};
  const pages = String(Math.ceil(total / size));
  const count = site.has('total_doubled') ? `${total}, ${total}` : String(total);
  return { 'X-WP-Total': count, 'X-WP-TotalPages': pages };
}
