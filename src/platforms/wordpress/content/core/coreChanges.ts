import type { ContentPage, ReadChangesRequest } from '../../../contentPart.ts';
import type { KnownContents } from '../../../knownContents.ts';
import { knownIds } from '../../../knownIds.ts';
import { ahead, parts } from '../ahead.ts';
import { readUtc } from '../postFields.ts';
import type { SiteRequests } from '../siteRequests.ts';
import type { CorePosts, ReadPosts } from './corePosts.ts';
import { idOf, PAGE, recordsOf, totalOf, walkIds } from './idWalk.ts';
import { Watermark } from './watermark.ts';

/** The differences between a site and the stored contents. */
interface Differences {
  /** Items to read completely. */
  ids: string[];
  /** Items that are stored, but not on the site. */
  missing: string[];
  /** How many items the site counts in the part of the type that is stored here. */
  onSite: number;
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
  const changed = { ...modified, ids: [...new Set([...modified.ids, ...published])] };
  const { ids, missing, onSite } = await withCountChecked(requests, posts, known, changed, before, window);

  const read = async (part: string[]) => {
    const found: ReadPosts[] = [];
    for await (const each of posts.byIds(part)) found.push(each);
    return found;
  };
  for await (const found of ahead(parts(ids, PAGE), read, requests.pace.atOnce)) {
    for (const part of found) yield { ...part, cursor: {}, expected: ids.length };
  }
  // By now the caller has stored what it was given. The items that it did not store are in the site's next
  // count again.
  const unseen = Math.max(0, onSite - ((await known.count()) - missing.length));
  const end = { watermark: watermark.next(requests.root.zone, unseen), missing };
  yield { items: [], faults: [], cursor: {}, expected: ids.length, end };
}

/** Which part of a type is stored here: all of it, or the newest items. */
interface Window {
  newest: number | null;
  /** The smallest id that is stored; null if it does not matter, or if no id is stored. */
  smallest: number | null;
}

/**
 * The ids of posts that were modified since the watermark, except those that are stored as they are now.
 * `unknown` is the number of posts that are new here.
 */
async function changedIds(
  requests: SiteRequests,
  posts: CorePosts,
  known: KnownContents,
  before: Watermark,
  watermark: Watermark,
  window: Window,
): Promise<{ ids: string[]; unknown: number }> {
  const since = before.since(requests.root.zone, requests.root.siteTime);
  const filter = since === null ? '' : `&modified_after=${encodeURIComponent(since)}`;
  const list = { ...posts.list, query: posts.list.query + filter, fields: 'id,modified_gmt' };
  const ids: string[] = [];
  let unknown = 0;
  for await (const stretch of walkIds(requests, list, { offset: 0, lastId: 0 })) {
    watermark.readAt(stretch.siteTime);
    const stored = await known.some(stretch.entries.map(({ id }) => String(id)));
    for (const { id, record } of stretch.entries) {
      const modifiedAt = readUtc(record?.modified_gmt);
      watermark.saw(modifiedAt);
      const own = stored.get(String(id));
      if (own === undefined && isBelow(id, window)) continue;
      if (own === undefined) unknown += 1;
      if (own === undefined || !sameMoment(own.modifiedAt, modifiedAt) || before.mayHaveChanged(modifiedAt)) {
        ids.push(String(id));
      }
    }
  }
  return { ids, unknown };
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
  for await (const { entries } of walkIds(requests, list, { offset: 0, lastId: 0 }))
    for (const { id } of entries) scheduled.delete(String(id));
  return [...scheduled];
}

/** Compares the number of posts with the expected number. If they differ, all ids are compared. */
async function withCountChecked(
  requests: SiteRequests,
  posts: CorePosts,
  known: KnownContents,
  changed: { ids: string[]; unknown: number },
  before: Watermark,
  window: Window,
): Promise<Differences> {
  const held = await known.count();
  const expected = held + changed.unknown + before.unseen;
  // With a limit, the oldest of the expected posts is requested. If it is the oldest stored post, the numbers
  // agree.
  const oldest = window.newest === null ? '' : `&orderby=id&order=desc&offset=${Math.max(0, expected - 1)}`;
  const answer = await requests.read(posts.route, `${posts.list.query}&per_page=1&_fields=id${oldest}`);
  const total = totalOf(requests, answer);
  const [first] = recordsOf(requests, answer).map(idOf);
  const agrees = window.newest === null ? total === expected : (first ?? null) === window.smallest;
  if (agrees) return { ids: changed.ids, missing: [], onSite: expected };
  return sweep(requests, posts, known, changed.ids, window, Math.max(0, total - expected - PAGE));
}

/** Compares all ids of the site with all stored ids. */
async function sweep(
  requests: SiteRequests,
  posts: CorePosts,
  known: KnownContents,
  changed: string[],
  window: Window,
  offset: number,
): Promise<Differences> {
  const from = window.smallest === null ? { offset: 0, lastId: 0 } : { offset, lastId: window.smallest - 1 };
  const unknown = new Set<string>();
  let total = 0;
  for await (const stretch of walkIds(requests, { ...posts.list, fields: 'id' }, from)) {
    for (const { id } of stretch.entries) unknown.add(String(id));
    total = stretch.total;
  }
  const listed = unknown.size;
  const missing: string[] = [];
  for await (const id of knownIds(known)) if (!unknown.delete(id)) missing.push(id);
  const found = new Set([...changed, ...[...unknown].filter((id) => !isBelow(Number(id), window))]);
  const ids = [...found].sort((one, other) => Number(one) - Number(other));
  const limited = window.newest === null || window.smallest !== null ? ids : ids.slice(-window.newest);
  // If only the newest posts are stored, the older posts in the site's count do not matter.
  return { ids: limited, missing, onSite: window.newest === null ? total : listed };
}

async function smallestKnown(known: KnownContents): Promise<number | null> {
  const [first] = (await known.after(null, 1)).keys();
  return first === undefined ? null : Number(first);
}

function isBelow(id: number, { smallest }: Window): boolean {
  return smallest !== null && id < smallest;
}

function sameMoment(one: string | null, other: string | null): boolean {
  return one === other || (one !== null && other !== null && Date.parse(one) === Date.parse(other));
}
