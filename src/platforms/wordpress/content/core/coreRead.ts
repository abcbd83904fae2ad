import type { JsonObject } from '../../../connection.ts';
import type { ContentPage, ReadAllRequest } from '../../../contentPart.ts';
import type { ItemFault } from '../../../remoteContent.ts';
import { totalIn } from '../../site/listings.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { readAllById } from './byIdReading.ts';
import type { CorePosts, ReadPosts } from './corePosts.ts';
import { type Gap, OutOfOrder, walkIds } from './idWalk.ts';
import { readFirst } from './listPage.ts';
import { findUnlisted, MOST_GAPS } from './unlisted.ts';
import { Watermark } from './watermark.ts';

/** How far a read has come. Another process can continue from here. */
interface Position {
  /** The offset at which the read began: 0, or that of the newest posts. */
  start: number;
  offset: number;
  lastId: number;
  /** How many items came so far, with those that cannot be read; null if an earlier version has not counted. */
  came: number | null;
  /** How many of them cannot be read. */
  faulty: number;
  watermark: Watermark;
}

/**
 * Reads every post of a type; see `ContentSession.readAll`. A list that is not in the order of ids, or the newest
 * posts of a list that is not counted, are read by their ids.
 */
export async function* readAllPosts(
  requests: SiteRequests,
  posts: CorePosts,
  request: ReadAllRequest,
): AsyncGenerator<ContentPage> {
  const isById = request.cursor?.by_id !== undefined;
  const position = isById
    ? null
    : (readCursor(request.cursor) ?? (await firstPosition(requests, posts, request.newest)));
  if (position === null) {
    yield* readAllById(requests, posts, request);
    return;
  }
  try {
    yield* readInOrder(requests, posts, position);
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error;
    yield* readAllById(requests, posts, { ...request, cursor: null });
  }
}

async function* readInOrder(
  requests: SiteRequests,
  posts: CorePosts,
  position: Position,
): AsyncGenerator<ContentPage> {
  const { start, watermark } = position;
  let { came, faulty } = position;
  let least: number | null = null;
  const gaps: Gap[] = [];
  let cursor: JsonObject = writeCursor(position);
  const list = { ...posts.list, fields: await posts.fields() };
  const count = ({ items, faults }: ReadPosts) => {
    for (const { modifiedAt } of items) watermark.saw(modifiedAt);
    if (came !== null) came += items.length + faults.length;
    faulty += faults.length;
  };
  for await (const stretch of walkIds(requests, list, position)) {
    watermark.readAt(stretch.siteTime);
    gaps.push(...stretch.gaps.slice(0, MOST_GAPS - gaps.length));
    if (stretch.total !== null) least = Math.min(stretch.total, least ?? stretch.total);
    const expected = stretch.total === null ? null : Math.max(0, stretch.total - start);
    let held: ReadPosts = { items: [], faults: [...nameless(stretch.nameless), ...stretch.faults] };
    count(held);
    for await (const part of posts.ofEntries(stretch.entries, stretch.damaged)) {
      count(part);
      // The cursor stays until the whole stretch was yielded: another process would have to read the stretch
      // again.
      if (held.items.length > 0) yield { ...held, cursor, expected };
      held = { items: part.items, faults: [...(held.items.length > 0 ? [] : held.faults), ...part.faults] };
    }
    cursor = writeCursor({ start, ...stretch.next, came, faulty, watermark });
    const of = came === null || least === null ? null : Math.max(0, least - start);
    const end = { gaps, of, came: came ?? 0, faulty, watermark };
    yield stretch.last
      ? await lastPage(requests, posts, { ...held, cursor, expected }, end)
      : { ...held, cursor, expected };
  }
}

/** Looks for the items that did not come, adds them to the last page, and ends the reading. */
async function lastPage(
  requests: SiteRequests,
  posts: CorePosts,
  page: ContentPage,
  read: { gaps: readonly Gap[]; of: number | null; came: number; faulty: number; watermark: Watermark },
): Promise<ContentPage> {
  const { of, came, watermark } = read;
  const wanted = of === null ? 0 : of - came;
  const unlisted =
    wanted > 0 ? await findUnlisted(requests, posts, wanted, { first: [], gaps: read.gaps }) : null;
  const { items, faults } = unlisted?.found ?? { items: [], faults: [] };
  const refused = unlisted?.refused ?? [];
  const unseen = read.faulty + faults.length + refused.length;
  const told = came + items.length + faults.length + refused.length;
  return {
    ...page,
    items: [...page.items, ...items],
    faults: [...page.faults, ...faults],
    end: {
      watermark: watermark.next(requests.root.zone, { unseen, refused }),
      missing: [],
      ...(of !== null && told < of ? { incomplete: { read: told, of } } : {}),
    },
  };
}

/** The faults for items without an id. */
function nameless(count: number): ItemFault[] {
  const message = 'The site gave an item without a usable id.';
  return Array.from({ length: count }, () => ({ externalId: null, code: 'no_id', message }));
}

/** The start of a read; null if it is unknown, as the site does not count its posts. */
async function firstPosition(
  requests: SiteRequests,
  posts: CorePosts,
  newest: number | null,
): Promise<Position | null> {
  const position = { start: 0, offset: 0, lastId: 0, came: 0, faulty: 0, watermark: new Watermark(null) };
  if (newest === null) return position;
  const answer = await readFirst(requests, posts.route, posts.list.query);
  const total = totalIn(answer.response, Array.isArray(answer.value) ? answer.value.length : 0);
  if (total === null) return null;
  const start = Math.max(0, total - newest);
  position.watermark.readAt(answer.siteTime);
  return { ...position, start, offset: start };
}

function writeCursor({ start, offset, lastId, came, faulty, watermark }: Position): JsonObject {
  return { start, offset, last_id: lastId, came, faulty, ...watermark.seen() };
}

function readCursor(cursor: JsonObject | null): Position | null {
  if (cursor === null) return null;
  const number = (name: string) => {
    const value = cursor[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
  };
  const [start, offset, lastId] = [number('start'), number('offset'), number('last_id')];
  if (start === null || offset === null || lastId === null) return null;
  const came = number('came');
  return { start, offset, lastId, came, faulty: number('faulty') ?? 0, watermark: new Watermark(cursor) };
}
