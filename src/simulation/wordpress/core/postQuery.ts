import type { SimulatedSite } from '../site.ts';
import { isContent, type SimulatedPost, type SimulatedUser } from '../state.ts';
import { mayEditType } from './access.ts';
import type { Parameters } from './parameters.ts';
import { WpError } from './restAnswer.ts';
import { compareNames } from './termName.ts';

const ORDERS = [
  'author',
  'date',
  'id',
  'include',
  'modified',
  'parent',
  'relevance',
  'slug',
  'include_slugs',
  'title',
] as const;
type Order = (typeof ORDERS)[number];
const STATUSES = [
  'publish',
  'future',
  'draft',
  'pending',
  'private',
  'trash',
  'auto-draft',
  'inherit',
  'any',
];

/** What a list of posts is asked for. */
export interface PostQuery {
  statuses: readonly string[];
  orderBy: Order;
  descending: boolean;
  include: number[] | undefined;
  exclude: number[];
  slugs: string[] | undefined;
  authors: number[] | undefined;
  parents: number[] | undefined;
  words: string[];
  /** In local time, as the database compares them. */
  modified: Bounds;
  dated: Bounds;
  /** Ids of terms, of which a post must have one in each list. */
  terms: number[][];
}
interface Bounds {
  after: string | null;
  before: string | null;
}

/** Reads the parameters of WP_REST_Posts_Controller::get_items(); what is wrong is noted in them. */
export function readPostQuery(
  site: SimulatedSite,
  type: string,
  parameters: Parameters,
  user: SimulatedUser | null,
): PostQuery {
  const bounds = (after: string, before: string): Bounds => ({
    after: localBound(site, parameters, after),
    before: localBound(site, parameters, before),
  });
  return {
    statuses: statuses(type, parameters, user),
    orderBy: parameters.choice('orderby', ORDERS) ?? 'date',
    descending: (parameters.choice('order', ['asc', 'desc']) ?? 'desc') === 'desc',
    include: parameters.integers('include'),
    exclude: parameters.integers('exclude') ?? [],
    slugs: parameters.texts('slug'),
    authors: parameters.integers('author'),
    parents: parameters.integers('parent'),
    words: (parameters.text('search') ?? '').toLowerCase().split(/\s+/).filter(Boolean),
    modified: bounds('modified_after', 'modified_before'),
    dated: bounds('after', 'before'),
    terms: (site.state.postTypes[type]?.related ?? []).flatMap((taxonomy) => {
      const asked = parameters.integers(site.state.taxonomies[taxonomy]?.rest_base ?? taxonomy);
      return asked === undefined || asked.length === 0 ? [] : [asked];
    }),
  };
}

/** All posts that a query finds, in its order. */
export function findPosts(site: SimulatedSite, type: string, query: PostQuery): SimulatedPost[] {
  checkOrder(query);
  const found = candidates(site, query.include).filter((post) => matches(site, type, query, post));
  return sorted(site, found, query);
}

function statuses(type: string, parameters: Parameters, user: SimulatedUser | null): readonly string[] {
  const usual = type === 'attachment' ? 'inherit' : 'publish';
  const asked = parameters.texts('status') ?? [usual];
  for (const status of asked) {
    if (status === usual) continue;
    if (!mayEditType(user, type)) parameters.refuse('status', 'Status is forbidden.');
    else if (!STATUSES.includes(status))
      parameters.refuse('status', `status[0] is not one of ${STATUSES.join(', ')}.`);
  }
  return asked;
}

function localBound(site: SimulatedSite, parameters: Parameters, name: string): string | null {
  const time = parameters.time(name);
  return typeof time === 'string' ? site.clock.toLocal(site.clock.read(time)) : null;
}

function checkOrder({ orderBy, include, words }: PostQuery): void {
  if (orderBy === 'relevance' && words.length === 0) {
    throw new WpError(
      'rest_no_search_term_defined',
      400,
      'You need to define a search term to order by relevance.',
    );
  }
  if (orderBy === 'include' && (include ?? []).length === 0) {
    throw new WpError(
      'rest_orderby_include_missing_include',
      400,
      'You need to define an include parameter to order by include.',
    );
  }
}

function candidates(site: SimulatedSite, include: readonly number[] | undefined): readonly SimulatedPost[] {
  if (include === undefined || include.length === 0) return site.state.posts;
  return [...new Set(include)].sort((a, b) => a - b).flatMap((id) => site.post(id) ?? []);
}

function matches(site: SimulatedSite, type: string, query: PostQuery, post: SimulatedPost): boolean {
  if (post.type !== type || !hasStatus(query.statuses, post.status)) return false;
  // As WP_Query has it: `exclude` counts only where nothing is included.
  if ((query.include ?? []).length === 0 && query.exclude.includes(post.id)) return false;
  if (query.slugs !== undefined && query.slugs.length > 0 && !query.slugs.includes(post.slug)) return false;
  if (query.authors !== undefined && query.authors.length > 0 && !query.authors.includes(post.author ?? 0))
    return false;
  if (query.parents !== undefined && query.parents.length > 0 && !query.parents.includes(post.parent ?? 0))
    return false;
  if (!query.terms.every((ids) => ids.some((id) => post.terms?.includes(id)))) return false;
  if (query.words.length > 0) {
    const text = `${post.title}\n${post.excerpt ?? ''}\n${post.content}`.toLowerCase();
    if (!query.words.every((word) => text.includes(word))) return false;
  }
  return (
    within(site, query.modified, post.modified_gmt, post.modifiedOffset) &&
    within(site, query.dated, post.date_gmt ?? post.modified_gmt, post.modifiedOffset)
  );
}

function hasStatus(asked: readonly string[], status: string): boolean {
  return asked.includes(status) || (asked.includes('any') && isContent(status));
}

/** Strictly between, to the second. */
function within(
  site: SimulatedSite,
  { after, before }: Bounds,
  gmt: string,
  offset: number | undefined,
): boolean {
  if (after === null && before === null) return true;
  const local = site.clock.toLocal(gmt, offset);
  return (after === null || local > after) && (before === null || local < before);
}

function sorted(site: SimulatedSite, found: SimulatedPost[], query: PostQuery): SimulatedPost[] {
  const { orderBy, descending } = query;
  if (orderBy === 'id') return descending ? found.reverse() : found;
  if (orderBy === 'include') return byPosition(found, query.include ?? [], (post) => post.id);
  if (orderBy === 'include_slugs') return byPosition(found, query.slugs ?? [], (post) => post.slug);
  const key = sortKey(site, orderBy);
  // What is equal stays in the order of ids, descending with the rest.
  const ascending = found.sort((a, b) => compare(key(a), key(b)));
  return descending ? ascending.reverse() : ascending;
}

function byPosition<T>(
  found: SimulatedPost[],
  list: readonly T[],
  key: (post: SimulatedPost) => T,
): SimulatedPost[] {
  return found.sort((a, b) => list.indexOf(key(a)) - list.indexOf(key(b)));
}

function sortKey(site: SimulatedSite, orderBy: Order): (post: SimulatedPost) => string | number {
  if (orderBy === 'modified') return (post) => site.clock.toLocal(post.modified_gmt, post.modifiedOffset);
  if (orderBy === 'title') return (post) => post.title;
  if (orderBy === 'slug') return (post) => post.slug;
  if (orderBy === 'author') return (post) => post.author ?? 0;
  if (orderBy === 'parent') return (post) => post.parent ?? 0;
  return (post) => site.clock.toLocal(post.date_gmt ?? post.modified_gmt, post.modifiedOffset);
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'string' && typeof b === 'string' ? compareNames(a, b) : Number(a) - Number(b);
}
