import { forbidden, mayEdit, mayEditType } from '../core/access.ts';
import type { Parameters } from '../core/parameters.ts';
import { type RestAnswer, reply, WpError } from '../core/restAnswer.ts';
import { givenItems, sizeOfPage } from '../crookedLists.ts';
import { linkRules } from '../permalink.ts';
import type { SimulatedSite } from '../site.ts';
import { isContent, type SimulatedPost, type SimulatedUser } from '../state.ts';
import { contentHash, contentItem } from './contentItem.ts';
import { knowsKeys, lastOperation, tellsLinkRules } from './links.ts';

const MOST_ITEMS = 500;
const MOST_RANGES = 20;

/** A request to a content route of the connector. */
export interface ItemsRequest {
  site: SimulatedSite;
  parameters: Parameters;
  /** The mapped user. */
  user: SimulatedUser | null;
}

/** `GET sitebridge/v1/items`: the items after an id, or the items with the given ids. */
export function readItems(request: ItemsRequest): RestAnswer {
  const { parameters } = request;
  const include = parameters.integers('include');
  if (include !== undefined && (include.length > MOST_ITEMS || include.some((id) => id < 1))) {
    parameters.refuse('include', `include must be at most ${MOST_ITEMS} ids.`);
  }
  const afterId = parameters.integer('after_id', { min: 0 }) ?? 0;
  const limit = parameters.integer('limit', { min: 1, max: MOST_ITEMS }) ?? 100;
  const newest = parameters.integer('newest', { min: 1 });
  const type = typeOf(request);
  if (include !== undefined)
    return reply({
      ...itemsById(request, type, include),
      ...memory(request.site),
      ...links(request.site, type),
    });
  return reply(followingItems(request, type, { afterId, limit, newest }));
}

/**
 * `GET sitebridge/v1/inventory`: one hash per range of ids, or the hashes of all items in the given ranges.
 */
export function readInventory(request: ItemsRequest): RestAnswer {
  const { site, parameters } = request;
  const size = parameters.integer('size', { min: 1, max: 1_000_000 }) ?? 1000;
  const wanted = parameters.integers('in');
  if (wanted !== undefined && wanted.length > MOST_RANGES) {
    parameters.refuse('in', `in must be at most ${MOST_RANGES} ranges.`);
  }
  const type = typeOf(request);
  if (wanted !== undefined) {
    const items = [...new Set(wanted)]
      .sort((a, b) => a - b)
      .flatMap((range) => between(site, type, range * size, (range + 1) * size))
      .map((post) => [post.id, contentHash(site, post)]);
    return reply({ ...memory(site), ...links(site, type), size, items });
  }
  const ranges = new Map<number, { count: number; xor: bigint }>();
  const posts = site.posts(type, 'any');
  for (const post of posts) {
    const number = Math.floor(post.id / size);
    const { count, xor } = ranges.get(number) ?? { count: 0, xor: 0n };
    ranges.set(number, { count: count + 1, xor: xor ^ BigInt(`0x${contentHash(site, post)}`) });
  }
  return reply({
    size,
    total: posts.length,
    ...memory(site),
    ...links(site, type),
    ranges: [...ranges].map(([number, { count, xor }]) => [
      number,
      count,
      xor.toString(16).padStart(16, '0'),
    ]),
  });
}

/** The post type in the parameters. Throws WpError when a parameter is wrong or the user lacks the right. */
export function typeOf({ site, parameters, user }: ItemsRequest): string {
  const type = parameters.text('type');
  if (type === undefined && !parameters.has('type')) {
    throw new WpError('rest_missing_callback_param', 400, 'Missing parameter(s): type', { params: ['type'] });
  }
  parameters.check();
  if (type === undefined || site.state.postTypes[type] === undefined) {
    throw new WpError('sitebridge_unknown_type', 404, 'There is no such post type in the REST API.');
  }
  if (!mayEditType(user, type)) {
    throw forbidden('rest_forbidden', user, 'The user may not edit posts of this type.');
  }
  return type;
}

function followingItems(
  { site, user }: ItemsRequest,
  type: string,
  { afterId, limit, newest }: { afterId: number; limit: number; newest: number | undefined },
) {
  const total = countContent(site, type);
  const first = newest === undefined || newest >= total ? 0 : idOfNewest(site, type, newest);
  const taken: SimulatedPost[] = [];
  const { posts } = site.state;
  let more = false;
  for (let at = site.firstAfter(Math.max(afterId, first - 1)); at < posts.length; at += 1) {
    const post = posts[at];
    if (post === undefined || post.type !== type || !isContent(post.status)) continue;
    more = taken.length === limit;
    if (more) break;
    taken.push(post);
  }
  const { items, forbidden } = split(site, user, taken);
  const given = givenItems(site, items).slice(0, sizeOfPage(site, items.length * 2));
  return {
    items: site.has('order_forced') ? given.toReversed() : given,
    forbidden,
    ...memory(site),
    ...links(site, type),
    next_after_id: more ? (taken.at(-1)?.id ?? null) : null,
    total: Math.min(total, newest ?? total),
  };
}

function itemsById({ site, user }: ItemsRequest, type: string, ids: readonly number[]) {
  const unique = [...new Set(ids)].sort((a, b) => a - b);
  const there = (id: number) => {
    const post = site.post(id);
    return post?.type === type && post.status !== 'auto-draft' ? post : undefined;
  };
  return {
    ...split(
      site,
      user,
      unique.flatMap((id) => there(id) ?? []),
    ),
    gone: unique.filter((id) => there(id) === undefined),
  };
}

function split(site: SimulatedSite, user: SimulatedUser | null, posts: readonly SimulatedPost[]) {
  return {
    items: posts.filter((post) => mayEdit(user, post)).map((post) => contentItem(site, post)),
    forbidden: posts.filter((post) => !mayEdit(user, post)).map((post) => post.id),
  };
}

function countContent(site: SimulatedSite, type: string): number {
  let count = 0;
  for (const post of site.state.posts) if (post.type === type && isContent(post.status)) count += 1;
  return count;
}

/** The lowest id among the `newest` posts with the highest ids. */
function idOfNewest(site: SimulatedSite, type: string, newest: number): number {
  const { posts } = site.state;
  let left = newest;
  for (let at = posts.length - 1; at >= 0; at -= 1) {
    const post = posts[at];
    if (post === undefined || post.type !== type || !isContent(post.status)) continue;
    left -= 1;
    if (left === 0) return post.id;
  }
  return 0;
}

function between(site: SimulatedSite, type: string, from: number, to: number): SimulatedPost[] {
  const { posts } = site.state;
  return posts
    .slice(site.firstAfter(from - 1), site.firstAfter(to - 1))
    .filter((post) => post.type === type && isContent(post.status));
}

function memory(site: SimulatedSite) {
  return site.connector !== null && knowsKeys(site.connector) ? { last_operation: lastOperation(site) } : {};
}

/** What versions from 0.6.0 on say about the links of a type. */
function links(site: SimulatedSite, type: string) {
  return site.connector !== null && tellsLinkRules(site.connector) ? { links: linkRules(site, type) } : {};
}
