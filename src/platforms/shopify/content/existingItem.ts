import { candidatesFor } from '../../candidates.ts';
import type { ContentWrite } from '../../contentPart.ts';
import type { RemoteContent } from '../../remoteContent.ts';
import type { ContentKind } from './contentKinds.ts';
import type { ItemReader } from './itemReader.ts';
import { type Position, START } from './listing.ts';
import { slugOf } from './slug.ts';

/** How far our clock and Shopify's may be apart. Milliseconds. */
const SLACK_MS = 10 * 60_000;
/** How many pages of the newest items a search for one of our creates reads. */
const PAGES_AT_MOST = 20;

/** The handles to try for a create, in this order. No other content would take the second one. */
export function handlesFor(write: ContentWrite): string[] {
  const wanted = slugOf(write.slug) || slugOf(write.title) || 'content';
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

/** The item with this handle; null if there is none. */
export async function itemByHandle(
  reader: ItemReader,
  kind: ContentKind,
  handle: string,
): Promise<RemoteContent | null> {
  const listing = { kind, search: `handle:${handle}`, reverse: false };
  const { items } = await reader.page(listing, START, 5);
  return items.find((item) => item.slug === handle) ?? null;
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
  for (const handle of handlesFor(write)) {
    const found = await itemByHandle(reader, kind, handle);
    if (found !== null && isOf(found, write)) return found;
  }
  const begun = Date.parse(write.begunAt ?? '');
  if (Number.isNaN(begun)) return null;
  const search = `updated_at:>='${new Date(begun - SLACK_MS).toISOString()}'`;
  let at: Position | null = START;
  for (let pages = 0; at !== null && pages < PAGES_AT_MOST; pages += 1) {
    const page = await reader.page({ kind, search, reverse: true }, at, kind.pageSize);
    const found = page.items.find((item) => isOf(item, write));
    if (found !== undefined) return found;
    at = page.next;
  }
  return null;
}

/**
 * Finds items that may already belong to contents that are to be created, by their handles in one list; see
 * `ContentSession.findExisting`. A copy of a product has the metafields of the original too: the older item
 * comes first.
 */
export async function findExisting(
  reader: ItemReader,
  kind: ContentKind,
  writes: readonly ContentWrite[],
): Promise<Map<string, RemoteContent[]>> {
  const handles = new Set(writes.flatMap(handlesFor));
  const search = `(${[...handles].map((handle) => `handle:${handle}`).join(' OR ')})`;
  const items: RemoteContent[] = [];
  for (let at: Position | null = START; at !== null; ) {
    const page = await reader.page({ kind, search, reverse: false }, at, kind.pageSize);
    items.push(...page.items);
    at = page.next;
  }
  return candidatesFor(writes, items, ({ slug }, write) => handlesFor(write).includes(slug));
}
