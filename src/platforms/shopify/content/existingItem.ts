import { candidatesFor } from '../../candidates.ts';
import type { ContentWrite } from '../../contentWrite.ts';
import type { RemoteContent } from '../../remoteContent.ts';
import type { ContentKind } from './contentKinds.ts';
import type { ItemReader } from './itemReader.ts';
import { type Position, START } from './listing.ts';
import { slugOf } from './slug.ts';

/** How far our clock and Shopify's may be apart. Milliseconds. */
const SLACK_MS = 10 * 60_000;
/** How many pages of the newest items a search for one of our creates reads. */
const PAGES_AT_MOST = 20;

/** How many numbers behind a handle are looked at. One search for as many handles is well within Shopify's limits. */
const NUMBERS = 100;

/** The handle to try first for a create. */
export function wantedHandle(write: ContentWrite): string {
  return slugOf(write.slug) || slugOf(write.title) || 'content';
}

/** The handles that Shopify itself would take for an item whose handle is taken, in this order. */
export function numberedHandles(write: ContentWrite): string[] {
  const wanted = wantedHandle(write);
  return Array.from({ length: NUMBERS }, (_, index) => `${wanted}-${index + 1}`);
}

/** The handles of an item that no other content has: a server before this version put a part of the key behind it. */
function ownHandles(write: ContentWrite): string[] {
  const wanted = wantedHandle(write);
  return [wanted, `${wanted}-${write.contentKey.slice(0, 8)}`];
}

/**
 * Does the item belong to this content? Before there were keys, the content's number was stored with the
 * item. A number may be used again for another content, so it counts only together with the title.
 */
export function isOf(item: RemoteContent, { contentKey, contentId, title, sentAs }: ContentWrite): boolean {
  if (item.contentKey !== null) return item.contentKey === contentKey;
  return (
    item.legacyContentId === contentId && [title, ...sentAs.map((sent) => sent.title)].includes(item.title)
  );
}

/** The items with these handles. Articles of several blogs may have one handle. */
export async function itemsByHandle(
  reader: ItemReader,
  kind: ContentKind,
  handles: Iterable<string>,
): Promise<RemoteContent[]> {
  const wanted = new Set(handles);
  if (wanted.size === 0) return [];
  const search = `(${[...wanted].map((handle) => `handle:${handle}`).join(' OR ')})`;
  const items: RemoteContent[] = [];
  for (let at: Position | null = START; at !== null; ) {
    const page = await reader.page({ kind, search, reverse: false }, at, kind.pageSize);
    items.push(...page.items.filter(({ slug }) => wanted.has(slug)));
    at = page.next;
  }
  return items;
}

/**
 * Finds the item of a create that was begun before: the item with the content's key in our metafield, by its
 * handle or among everything that has changed since. null if the create made no item.
 */
export async function findCreated(
  reader: ItemReader,
  kind: ContentKind,
  write: ContentWrite,
): Promise<RemoteContent | null> {
  const holders = await itemsByHandle(reader, kind, ownHandles(write));
  if (holders.length > 0) holders.push(...(await itemsByHandle(reader, kind, numberedHandles(write))));
  const own = holders.find((item) => isOf(item, write));
  if (own !== undefined) return own;
  if (write.begunAt === null) return null;
  for await (const items of newestSince(reader, kind, write.begunAt)) {
    const found = items.find((item) => isOf(item, write));
    if (found !== undefined) return found;
  }
  return null;
}

/** The newest items of those that changed since a time of our clock, newest first and page by page. */
async function* newestSince(
  reader: ItemReader,
  kind: ContentKind,
  since: string,
): AsyncGenerator<RemoteContent[]> {
  const search = `updated_at:>='${new Date(Date.parse(since) - SLACK_MS).toISOString()}'`;
  let at: Position | null = START;
  for (let pages = 0; at !== null && pages < PAGES_AT_MOST; pages += 1) {
    const page = await reader.page({ kind, search, reverse: true }, at, kind.pageSize);
    yield page.items;
    at = page.next;
  }
}

/**
 * Finds items that may already belong to contents that are to be created; see `ContentSession.findExisting`.
 * The handles are in one list. An item has another handle if its title was another when it was made, or if its
 * handle was taken, so the keys of the newest items are looked at too. A copy of a product has the metafields of
 * the original: the older item comes first.
 */
export async function findExisting(
  reader: ItemReader,
  kind: ContentKind,
  writes: readonly ContentWrite[],
): Promise<Map<string, RemoteContent[]>> {
  const items = await itemsByHandle(reader, kind, writes.flatMap(ownHandles));
  items.push(...(await byKey(reader, kind, writes, items)));
  return candidatesFor(writes, items, ({ slug }, write) => ownHandles(write).includes(slug));
}

/** The items with the keys of those contents that have no item among `found`. */
async function byKey(
  reader: ItemReader,
  kind: ContentKind,
  writes: readonly ContentWrite[],
  found: readonly RemoteContent[],
): Promise<RemoteContent[]> {
  const foundKeys = new Set(found.map(({ contentKey }) => contentKey));
  const missing = writes.filter(({ contentKey }) => !foundKeys.has(contentKey));
  const [oldest] = missing.map(({ madeAt }) => madeAt).sort();
  if (oldest === undefined) return [];
  const keys = new Set<string | null>(missing.map(({ contentKey }) => contentKey));
  const items: RemoteContent[] = [];
  for await (const page of newestSince(reader, kind, oldest))
    items.push(...page.filter(({ contentKey }) => keys.has(contentKey)));
  return items;
}
