import type { JsonObject } from '../../../connection.ts';
import type { ContentPage, ReadAllRequest, ReadOutcome } from '../../../contentPart.ts';
import type { ItemFault } from '../../../remoteContent.ts';
import { refusedItem } from '../faultText.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type CorePosts, isPostId, type ReadPosts } from './corePosts.ts';
import { PAGE, totalOf, walkIds } from './idWalk.ts';
import { Watermark } from './watermark.ts';

/** WordPress's code for a post that does not exist, or that is of another type. */
const GONE = 'rest_post_invalid_id';

/** How far a read has come. Another process can continue from here. */
interface Position {
  /** The offset at which the read began: 0, or that of the newest posts. */
  start: number;
  offset: number;
  lastId: number;
  /** How many items were read so far. */
  taken: number;
  watermark: Watermark;
}

/** Reads every post of a type; see `ContentSession.readAll`. */
export async function* readAllPosts(
  requests: SiteRequests,
  posts: CorePosts,
  request: ReadAllRequest,
): AsyncGenerator<ContentPage> {
  const position = readCursor(request.cursor) ?? (await firstPosition(requests, posts, request.newest));
  const { start, watermark } = position;
  let { taken } = position;
  let cursor: JsonObject = writeCursor(position);
  const list = { ...posts.list, fields: await posts.fields() };
  for await (const stretch of walkIds(requests, list, position)) {
    watermark.readAt(stretch.siteTime);
    const faults = nameless(stretch.nameless);
    const expected = Math.max(0, stretch.total - start);
    let held: ReadPosts = { items: [], faults };
    for await (const part of posts.ofEntries(stretch.entries, stretch.damaged)) {
      for (const { modifiedAt } of part.items) watermark.saw(modifiedAt);
      taken += part.items.length;
      // The cursor stays until the whole stretch was yielded: another process would have to read the stretch
      // again.
      if (held.items.length > 0) yield { ...held, cursor, expected };
      held = { items: part.items, faults: [...(held.items.length > 0 ? [] : held.faults), ...part.faults] };
    }
    cursor = writeCursor({ start, ...stretch.next, taken, watermark });
    const unseen = Math.max(0, expected - taken);
    const end = { watermark: watermark.next(requests.root.zone, unseen), missing: [] };
    yield { ...held, cursor, expected, ...(stretch.last ? { end } : {}) };
  }
}

/** Reads some posts; see `ContentSession.read`. */
export async function readSomePosts(posts: CorePosts, externalIds: readonly string[]): Promise<ReadOutcome> {
  const ids = externalIds.filter(isPostId);
  const gone = externalIds.filter((id) => !isPostId(id));
  const outcome: ReadOutcome = { items: [], faults: [], gone };
  const take = ({ items, faults }: ReadPosts) => {
    outcome.items.push(...items.filter(({ externalStatus }) => externalStatus !== 'auto-draft'));
    outcome.faults.push(...faults);
  };
  for (let start = 0; start < ids.length; start += PAGE) {
    const part = ids.slice(start, start + PAGE);
    for await (const read of posts.byIds(part, 'trash')) take(read);
    const told = new Set([...outcome.items, ...outcome.faults].map(({ externalId }) => externalId));
    // A list leaves out both posts that the user may not see and posts that are gone. Only a request for the
    // single post tells which.
    const left = part.filter((id) => !told.has(id));
    await Promise.all(left.map((id) => readSingle(posts, id, outcome, take)));
  }
  return outcome;
}

async function readSingle(
  posts: CorePosts,
  id: string,
  outcome: ReadOutcome,
  take: (read: ReadPosts) => void,
): Promise<void> {
  const { error, value, damaged } = await posts.one(id);
  if (error !== null && error.code !== GONE) {
    outcome.faults.push(
      error.status === 401 || error.status === 403
        ? { ...refusedItem(id, value), code: 'forbidden' }
        : refusedItem(id, value),
    );
    return;
  }
  const record = error === null && typeof value === 'object' && value !== null ? { ...value } : null;
  if (record === null || ('status' in record && record.status === 'auto-draft')) outcome.gone.push(id);
  else take(await posts.contents([record], damaged));
}

/** The faults for items without an id. */
function nameless(count: number): ItemFault[] {
  const message = 'The site gave an item without a usable id.';
  return Array.from({ length: count }, () => ({ externalId: null, code: 'no_id', message }));
}

async function firstPosition(
  requests: SiteRequests,
  posts: CorePosts,
  newest: number | null,
): Promise<Position> {
  const position = { start: 0, offset: 0, lastId: 0, taken: 0, watermark: new Watermark(null) };
  if (newest === null) return position;
  const answer = await requests.read(posts.route, `${posts.list.query}&per_page=1&_fields=id`);
  const start = Math.max(0, totalOf(requests, answer) - newest);
  position.watermark.readAt(answer.siteTime);
  return { ...position, start, offset: start };
}

function writeCursor({ start, offset, lastId, taken, watermark }: Position): JsonObject {
  return { start, offset, last_id: lastId, taken, ...watermark.seen() };
}

function readCursor(cursor: JsonObject | null): Position | null {
  if (cursor === null) return null;
  const number = (name: string) => {
    const value = cursor[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
  };
  const [start, offset, lastId] = [number('start'), number('offset'), number('last_id')];
  if (start === null || offset === null || lastId === null) return null;
  return { start, offset, lastId, taken: number('taken') ?? 0, watermark: new Watermark(cursor) };
}
