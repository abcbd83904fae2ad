import type { ContentPage, ReadChangesRequest, ReadOutcome } from '../../../contentPart.ts';
import type { KnownContents } from '../../../knownContents.ts';
import { totalIn } from '../../site/listings.ts';
import { ahead, parts } from '../ahead.ts';
import { readUtc } from '../fieldReader.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { walkList } from './anyOrder.ts';
import { type CorePosts, isPostId } from './corePosts.ts';
import { idOf, readFirst, recordsOf } from './listPage.ts';
import { readFragile, readSomePosts } from './singlePost.ts';
import { type Differences, isBelow, sameMoment, sweep, type Window } from './sweep.ts';
import { Watermark } from './watermark.ts';

/** The posts that were modified lately. */
interface Changed {
  ids: string[];
  /** How many of them are new here. */
  unknown: number;
  /** Did all of them come that the site counts? */
  isWhole: boolean;
}

/**
 * Reads what has changed; see `ContentSession.readChanges`. This takes two requests if nothing has changed:
 * one for the posts that were modified lately, one for the number of posts. Both miss a change that leaves
 * the date and the number as they were, such as a change of terms or meta by a plugin. Posts that were to be published
 * later take one request more.
 */
export async function* readChangedPosts(
  requests: SiteRequests,
  posts: CorePosts,
  { newest, watermark: stored, known }: ReadChangesRequest,
): AsyncGenerator<ContentPage> {
  const before = new Watermark(stored);
  const watermark = new Watermark({ modified: stored.modified ?? null });
  const smallest = newest === null ? null : await smallestKnown(known);
  const window = { newest, smallest };
  const modified = await changedIds(requests, posts, known, before, watermark, window);
  const published = await publishedSince(requests, posts, known);
  // Items that failed alone are tried again, each by itself, so that they do not spoil the parts of others.
  const failing = (await known.failing()).filter((id) => isPostId(id) && !isBelow(Number(id), window));
  const changed = { ...modified, ids: [...new Set([...modified.ids, ...published])] };
  const { ids, missing, onSite, refused, ...compared } = await withCountChecked(
    requests,
    posts,
    known,
    changed,
    before,
    window,
  );

  let explained = compared.unseen;
  let gone = 0;
  const fragile = new Set(failing);
  const others = ids.filter((id) => !fragile.has(id));
  for await (const some of readInTurn(requests, posts, failing, others)) {
    explained += some.faults.length;
    const items = some.items.filter(({ status }) => status !== null);
    gone += some.gone.length + some.items.length - items.length;
    // As in a list, items that the user may not see are left out.
    const faults = some.faults.filter(({ code }) => code !== 'forbidden');
    // A post that failed alone and is gone now may be stored here.
    missing.push(...some.gone.filter((id) => fragile.has(id) && !missing.includes(id)));
    yield { items, faults, cursor: {}, expected: ids.length };
  }
  // By now the caller has stored what it was given. An item that it did not store is in the site's next count
  // again. It is expected there only if the site itself has said why it does not come.
  const notStored = Math.max(0, onSite - ((await known.count()) - missing.length));
  const unseen = Math.min(notStored, explained);
  const lacking = Math.max(notStored - unseen - gone, compared.isWhole ? 0 : 1);
  const told = { unseen, refused: [...refused] };
  const end = {
    // If items lack, edits may be among them: the next read begins where this read has begun.
    watermark: lacking > 0 ? { ...stored, ...told } : watermark.next(requests.root.zone, told),
    missing,
    ...(lacking > 0 ? { incomplete: { read: Math.max(0, onSite - lacking), of: onSite } } : {}),
  };
  yield { items: [], faults: [], cursor: {}, expected: ids.length, end };
}

/** Reads posts that failed alone, one by one, then the others. */
async function* readInTurn(
  requests: SiteRequests,
  posts: CorePosts,
  failing: readonly string[],
  others: readonly string[],
): AsyncGenerator<ReadOutcome> {
  for (const id of failing) yield await readFragile(posts, id);
  const read = (part: string[]) => readSomePosts(posts, part);
  yield* ahead(parts(others, posts.idsAtOnce), read, requests.pace.atOnce);
}

/**
 * The ids of posts that were modified since the watermark, except those that are stored as they are now.
 */
async function changedIds(
  requests: SiteRequests,
  posts: CorePosts,
  known: KnownContents,
  before: Watermark,
  watermark: Watermark,
  window: Window,
): Promise<Changed> {
  const since = before.since(requests.root.zone, requests.root.siteTime);
  const filter = since === null ? '' : `&modified_after=${encodeURIComponent(since)}`;
  const list = { ...posts.list, query: posts.list.query + filter, fields: 'id,modified_gmt' };
  const ids = new Set<string>();
  const unknown = new Set<string>();
  let lacking = 0;
  for await (const part of walkList(requests, list, { offset: 0, lastId: 0 })) {
    watermark.readAt(part.siteTime);
    lacking = part.total === null ? 0 : part.total - part.read;
    const stored = await known.some(part.entries.map(({ id }) => String(id)));
    for (const { id, record } of part.entries) {
      const modifiedAt = readUtc(record?.modified_gmt);
      watermark.saw(modifiedAt);
      const own = stored.get(String(id));
      if (own === undefined && isBelow(id, window)) continue;
      if (own === undefined) unknown.add(String(id));
      if (own === undefined || !sameMoment(own.modifiedAt, modifiedAt) || before.mayHaveChanged(modifiedAt)) {
        ids.add(String(id));
      }
    }
  }
  if (lacking > 0 && before.refused.length > 0) {
    // The site counts the posts that it has refused before, if they were modified too.
    const refused = `${list.query}&include=${before.refused.join(',')}`;
    lacking -= (await countOf(requests, posts, refused))?.total ?? 0;
  }
  return { ids: [...ids], unknown: unknown.size, isWhole: lacking <= 0 };
}

/**
 * The ids of stored posts that the site has published since, as it had been told to: that leaves their dates of
 * modification. See wp_publish_post(): https://developer.wordpress.org/reference/functions/wp_publish_post/
 */
async function publishedSince(
  requests: SiteRequests,
  posts: CorePosts,
  known: KnownContents,
): Promise<string[]> {
  const scheduled = new Set(await known.scheduled());
  if (scheduled.size === 0) return [];
  const list = { route: posts.route, query: 'context=edit&status=future', fields: 'id' };
  for await (const { entries } of walkList(requests, list, { offset: 0, lastId: 0 }))
    for (const { id } of entries) scheduled.delete(String(id));
  return [...scheduled];
}

/** Compares the number of posts with the expected number. If they differ, all ids are compared. */
async function withCountChecked(
  requests: SiteRequests,
  posts: CorePosts,
  known: KnownContents,
  changed: Changed,
  before: Watermark,
  window: Window,
): Promise<Differences> {
  const held = await known.count();
  const expected = held + changed.unknown + before.unseen;
  // With a limit, the oldest of the expected posts is requested. If it is the oldest stored post, the numbers
  // agree.
  const oldest = window.newest === null ? '' : `&orderby=id&order=desc&offset=${Math.max(0, expected - 1)}`;
  const counted = await countOf(requests, posts, posts.list.query + oldest);
  const agrees =
    window.newest === null ? counted.total === expected : (counted.first ?? null) === window.smallest;
  if (agrees && changed.isWhole) {
    const { unseen, refused } = before;
    return { ids: changed.ids, missing: [], onSite: expected, unseen, refused, isWhole: true };
  }
  const offset = Math.max(0, (counted.total ?? 0) - expected - LARGEST_PAGE);
  return sweep({ requests, posts, known, window, before }, changed, offset);
}

/** How many posts a query finds, null if the site does not say, and the id of the first of them. */
async function countOf(requests: SiteRequests, posts: CorePosts, query: string) {
  const answer = await readFirst(requests, posts.route, query);
  const ids = recordsOf(requests, answer).map(idOf);
  return { total: totalIn(answer.response, ids.length), first: ids[0] };
}

async function smallestKnown(known: KnownContents): Promise<number | null> {
  const [first] = (await known.after(null, 1)).keys();
  return first === undefined ? null : Number(first);
}
