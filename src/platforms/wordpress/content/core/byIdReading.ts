import type { JsonObject } from '../../../connection.ts';
import type { ContentPage, ReadAllRequest } from '../../../contentPart.ts';
import type { ItemFault } from '../../../remoteContent.ts';
import { ahead, parts } from '../ahead.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { walkAnyOrder } from './anyOrder.ts';
import type { CorePosts } from './corePosts.ts';
import type { IdList } from './listPage.ts';
import { readSomePosts } from './singlePost.ts';
import { findUnlisted } from './unlisted.ts';
import { Watermark } from './watermark.ts';

/**
 * Reads every post of a type whose list is not in the order of ids: first all ids in the order in which they come,
 * then the posts by their ids. The ids are held in memory. See `ContentSession.readAll`.
 */
export async function* readAllById(
  requests: SiteRequests,
  posts: CorePosts,
  { newest, cursor: stored }: ReadAllRequest,
): AsyncGenerator<ContentPage> {
  const watermark = new Watermark(stored);
  const done = typeof stored?.by_id === 'number' ? stored.by_id : 0;
  const listed = await allIds(requests, { ...posts.list, fields: 'id' }, watermark);
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

async function allIds(requests: SiteRequests, list: IdList, watermark: Watermark | null) {
  const ids = new Set<number>();
  const faults: ItemFault[] = [];
  let total: number | null = null;
  for await (const part of walkAnyOrder(requests, list, 'offset')) {
    watermark?.readAt(part.siteTime);
    for (const { id } of part.entries) ids.add(id);
    faults.push(...part.faults);
    total = part.total;
  }
  return { ids, total, faults };
}

/** The ids that visitors may see and that are not in `known`. */
export async function idsForVisitors(
  requests: SiteRequests,
  posts: CorePosts,
  known: ReadonlySet<number>,
): Promise<number[]> {
  const query = posts.list.query.replace('context=edit', 'context=view');
  const { ids } = await allIds(requests, { ...posts.list, query, fields: 'id' }, null);
  return [...ids].filter((id) => !known.has(id));
}
