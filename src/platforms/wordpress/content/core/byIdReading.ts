import type { JsonObject } from '../../../connection.ts';
import type { ContentPage, ReadAllRequest } from '../../../contentPart.ts';
import type { ItemFault } from '../../../remoteContent.ts';
import { ahead, parts } from '../ahead.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type ListPart, walkAnyOrder } from './anyOrder.ts';
import type { CorePosts } from './corePosts.ts';
import { readSomePosts } from './singlePost.ts';
import { findUnlisted } from './unlisted.ts';
import { Watermark } from './watermark.ts';

/**
 * Reads every post of a type whose list is not in the order of ids: first all ids in the order in which they come,
 * then the posts by their ids. The ids are held in memory. The first page has no posts, and comes after the first ids. See `ContentSession.readAll`.
 */
export async function* readAllById(
  requests: SiteRequests,
  posts: CorePosts,
  { newest, cursor: stored }: ReadAllRequest,
): AsyncGenerator<ContentPage> {
  const watermark = new Watermark(stored);
  const done = typeof stored?.by_id === 'number' ? stored.by_id : 0;
  const listed: ListedIds = { ids: new Set(), total: null, faults: [] };
  for await (const part of walkAnyOrder(requests, { ...posts.list, fields: 'id' }, 'offset')) {
    // A caller that only wants to know whether the list can be read need not wait for all ids.
    if (listed.ids.size === 0)
      yield { items: [], faults: [], cursor: { by_id: done, ...watermark.seen() }, expected: null };
    watermark.readAt(part.siteTime);
    addPart(listed, part);
  }
  const unnamed = listed.faults.length;
  const wanted = listed.total === null ? 0 : listed.total - listed.ids.size - unnamed;
  const hidden = wanted > 0 ? await idsForVisitors(requests, posts, listed.ids) : [];
  const unlisted = await findUnlisted(requests, posts, wanted, { first: hidden, gaps: [] });
  const refused = [...unlisted.refused];
  const { found } = unlisted;
  for (const { externalId } of [...found.items, ...found.faults]) listed.ids.add(Number(externalId));
  const sorted = [...listed.ids].sort((one, other) => one - other);
  const ids = newest === null ? sorted : sorted.slice(-newest);
  const left = ids.filter((id) => id > done).map(String);
  const expected = ids.length;
  let faulty = unnamed;
  let cursor: JsonObject = { by_id: done, ...watermark.seen() };
  const read = async (part: string[]) => ({ part, ...(await readSomePosts(posts, part)) });
  for await (const { part, items, ...told } of ahead(
    parts(left, posts.idsAtOnce),
    read,
    requests.pace.atOnce,
  )) {
    const faults = told.faults.filter(({ code }) => code !== 'forbidden');
    for (const { modifiedAt } of items) watermark.saw(modifiedAt);
    faulty += faults.length;
    cursor = { by_id: Number(part.at(-1) ?? done), ...watermark.seen() };
    yield { items: items.filter(({ status }) => status !== null), faults, cursor, expected };
  }
  const of = listed.total ?? listed.ids.size;
  const told = listed.ids.size + unnamed + refused.length;
  const unseen = faulty + refused.length;
  yield {
    items: [],
    faults: listed.faults,
    cursor,
    expected,
    end: {
      watermark: watermark.next(requests.root.zone, { unseen, refused }),
      missing: [],
      ...(told < of ? { incomplete: { read: told, of } } : {}),
    },
  };
}

/** The ids of a list. */
interface ListedIds {
  ids: Set<number>;
  /** How many items the site counts; null if it does not count them. */
  total: number | null;
  /** Items that fail alone and whose ids could not be found. */
  faults: ItemFault[];
}

function addPart(listed: ListedIds, { entries, faults, total }: ListPart): void {
  for (const { id } of entries) listed.ids.add(id);
  listed.faults.push(...faults);
  listed.total = total;
}

/** The ids that visitors may see and that are not in `known`. */
export async function idsForVisitors(
  requests: SiteRequests,
  posts: CorePosts,
  known: ReadonlySet<number>,
): Promise<number[]> {
  const query = posts.list.query.replace('context=edit', 'context=view');
  const listed: ListedIds = { ids: new Set(), total: null, faults: [] };
  for await (const part of walkAnyOrder(requests, { ...posts.list, query, fields: 'id' }, 'offset'))
    addPart(listed, part);
  return [...listed.ids].filter((id) => !known.has(id));
}
