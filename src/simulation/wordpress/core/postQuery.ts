import type { SimulatedSite } from '../site.ts';
import { isContent, type SimulatedPost, type SimulatedUser } from '../state.ts';
import { mayEditType } from './access.ts';
import type { Parameters } from './parameters.ts';
import { WpError } from './restAnswer.ts';
import { slugForQuery } from './slug.ts';
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

/** The filters and the order of a list of posts. */
interface PostQuery {
  statuses: readonly string[];
  orderBy: Order;
  descending: boolean;
  include: number[] | undefined;
  exclude: number[];
  slugs: string[] | undefined;
  authors: number[] | undefined;
  parents: number[] | undefined;
  words: string[];
  /** Bounds in local time, because the database compares local times. */
  modified: Bounds;
  dated: Bounds;
  /** Lists of term ids. A post must have at least one term of each list. */
  terms: number[][];
}
interface Bounds {
  after: string | null;
  before: string | null;
}

/**
 * Reads the parameters of WP_REST_Posts_Controller::get_items(). Wrong values are recorded in the parameters.
 */
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
    statuses: statuses(site, type, parameters, user),
    orderBy: parameters.choice('orderby', ORDERS) ?? 'date',
    descending: (parameters.choice('order', ['asc', 'desc']) ?? 'desc') === 'desc',
    include: parameters.integers('include'),
    exclude: parameters.integers('exclude') ?? [],
    slugs: parameters.texts('slug')?.map(slugForQuery),
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

/**
 * All posts that match a query, in the order of the query. Throws WpError when the order lacks its parameter.
 */
export function findPosts(site: SimulatedSite, type: string, query: PostQuery): SimulatedPost[] {
  checkOrder(query);
  const any = query.statuses.includes('any');
  const { hiddenStatuses } = site.state;
  const conditions = conditionsOf(site, query);
  const found = candidates(site, query.include).filter(
    (post) =>
      post.type === type &&
      (query.statuses.includes(post.status) ||
        (any && isContent(post.status) && !hiddenStatuses.includes(post.status))) &&
      conditions.every((holds) => holds(post)),
  );
  return sorted(site, found, query);
}

function statuses(
  site: SimulatedSite,
  type: string,
  parameters: Parameters,
  user: SimulatedUser | null,
): readonly string[] {
  const usual = type === 'attachment' ? 'inherit' : 'publish';
  const asked = parameters.texts('status') ?? [usual];
  for (const status of asked) {
    if (status === usual) continue;
    if (!mayEditType(user, type)) parameters.refuse('status', 'Status is forbidden.');
    else if (!STATUSES.includes(status) && !site.state.hiddenStatuses.includes(status))
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

type Condition = (post: SimulatedPost) => boolean;

/** The requested conditions besides type and status. Others are left out, because there may be many posts. */
function conditionsOf(site: SimulatedSite, query: PostQuery): Condition[] {
  const oneOf = <T>(list: readonly T[] | undefined, value: (post: SimulatedPost) => T): Condition[] =>
    list === undefined || list.length === 0 ? [] : [(post) => list.includes(value(post))];
  // As in WP_Query, `exclude` is ignored when `include` is given.
  const excludes = (query.include ?? []).length === 0 && query.exclude.length > 0;
  return [
    ...(excludes ? [(post: SimulatedPost) => !query.exclude.includes(post.id)] : []),
    ...oneOf(query.slugs, (post) => post.slug),
    ...oneOf(query.authors, (post) => post.author ?? 0),
    ...oneOf(query.parents, (post) => post.parent ?? 0),
    ...query.terms.map((ids) => (post: SimulatedPost) => ids.some((id) => post.terms?.includes(id))),
    ...(query.words.length > 0 ? [(post: SimulatedPost) => holdsWords(post, query.words)] : []),
    ...within(site, query.modified, (post) => post.modified_gmt),
    ...within(site, query.dated, (post) => post.date_gmt ?? post.modified_gmt),
  ];
}

function holdsWords(post: SimulatedPost, words: readonly string[]): boolean {
  const text = `${post.title}\n${post.excerpt ?? ''}\n${post.content}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A post's time must be strictly between the bounds, compared in seconds. */
function within(
  site: SimulatedSite,
  { after, before }: Bounds,
  gmt: (post: SimulatedPost) => string,
): Condition[] {
  if (after === null && before === null) return [];
  return [
    (post) => {
      const local = site.clock.toLocal(gmt(post), post.modifiedOffset);
      return (after === null || local > after) && (before === null || local < before);
    },
  ];
}

function sorted(site: SimulatedSite, found: SimulatedPost[], query: PostQuery): SimulatedPost[] {
  const { orderBy, descending } = query;
  if (orderBy === 'id') return descending ? found.reverse() : found;
  if (orderBy === 'include') return byPosition(found, query.include ?? [], (post) => post.id);
  if (orderBy === 'include_slugs') return byPosition(found, query.slugs ?? [], (post) => post.slug);
  // Equal posts stay in the order of their ids, which is reversed too when descending.
  const ascending = found.sort(comparison(site, orderBy));
  return descending ? ascending.reverse() : ascending;
}

function byPosition<T>(
  found: SimulatedPost[],
  list: readonly T[],
  key: (post: SimulatedPost) => T,
): SimulatedPost[] {
  return found.sort((a, b) => list.indexOf(key(a)) - list.indexOf(key(b)));
}

type Comparison = (a: SimulatedPost, b: SimulatedPost) => number;

function comparison(site: SimulatedSite, orderBy: Order): Comparison {
  if (orderBy === 'title') return (a, b) => compareNames(a.title, b.title);
  if (orderBy === 'slug') return (a, b) => compareNames(a.slug, b.slug);
  if (orderBy === 'author') return (a, b) => (a.author ?? 0) - (b.author ?? 0);
  if (orderBy === 'parent') return (a, b) => (a.parent ?? 0) - (b.parent ?? 0);
  const gmt = (post: SimulatedPost) =>
    orderBy === 'modified' ? post.modified_gmt : (post.date_gmt ?? post.modified_gmt);
  return (a, b) => {
    const left = site.clock.toLocal(gmt(a), a.modifiedOffset);
    const right = site.clock.toLocal(gmt(b), b.modifiedOffset);
    return left < right ? -1 : left > right ? 1 : 0;
  };
}
