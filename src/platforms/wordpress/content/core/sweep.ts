import type { KnownContents } from '../../../knownContents.ts';
import { knownIds } from '../../../knownIds.ts';
import { readUtc } from '../fieldReader.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { walkList } from './anyOrder.ts';
import { idsForVisitors } from './byIdReading.ts';
import type { CorePosts } from './corePosts.ts';
import type { Gap } from './idWalk.ts';
import type { Entry } from './listPage.ts';
import { findUnlisted } from './unlisted.ts';
import type { Watermark } from './watermark.ts';

/** The differences between a site and the stored contents. */
export interface Differences {
  /** Items to read completely. */
  ids: string[];
  /** Items that are stored, but not on the site. */
  missing: string[];
  /** How many items the site counts in the part of the type that is stored here. */
  onSite: number;
  /** How many of them the site refuses, or gives in a form that cannot be read. */
  unseen: number;
  /** The ids that the site refuses. */
  refused: readonly number[];
  /** Was everything compared that the site counts? */
  isWhole: boolean;
}

/** Which part of a type is stored here: all of it, or the newest items. */
export interface Window {
  newest: number | null;
  /** The smallest id that is stored; null if it does not matter, or if no id is stored. */
  smallest: number | null;
}

interface Sides {
  requests: SiteRequests;
  posts: CorePosts;
  known: KnownContents;
  window: Window;
  before: Watermark;
}

/**
 * Compares all ids of the site with all stored ids, and the dates too if not all changed posts came.
 * @param offset where the stored part of the list begins, if only the newest posts are stored.
 */
export async function sweep(
  { requests, posts, known, window, before }: Sides,
  changed: { ids: readonly string[]; isWhole: boolean },
  offset: number,
): Promise<Differences> {
  const { unknown, dated, gaps, nameless, lacking, total, inOrder } = await compared(
    { requests, posts, known, window, before },
    !changed.isWhole,
    offset,
  );
  // If only the newest posts are stored, the older posts in the site's count do not matter.
  const isCounted = window.newest === null && total !== null;
  const listed = unknown.size;
  const wanted = isCounted ? Math.max(0, lacking) : 0;
  const forVisitors =
    wanted > 0 && !inOrder ? await idsForVisitors(requests, posts, new Set([...unknown].map(Number))) : [];
  const first = [...before.refused, ...forVisitors];
  const { found, refused } = await findUnlisted(requests, posts, wanted, { first, gaps });
  for (const { externalId } of [...found.items, ...found.faults]) unknown.add(externalId ?? '');
  const added = unknown.size - listed;

  const missing: string[] = [];
  for await (const id of knownIds(known)) if (!unknown.delete(id)) missing.push(id);
  const ids = [...new Set([...changed.ids, ...dated, ...unknown])].sort(
    (one, other) => Number(one) - Number(other),
  );
  const limited = window.newest === null || window.smallest !== null ? ids : ids.slice(-window.newest);
  return {
    ids: limited,
    missing,
    onSite: isCounted ? (total ?? 0) : listed,
    unseen: refused.length + nameless,
    refused,
    isWhole: wanted - added - refused.length <= 0,
  };
}

/** All ids of the site in the stored part of the list, and the ids of stored posts with another date there. */
async function compared({ requests, posts, known, window }: Sides, withDates: boolean, offset: number) {
  const from = window.smallest === null ? { offset: 0, lastId: 0 } : { offset, lastId: window.smallest - 1 };
  const list = { ...posts.list, fields: withDates ? 'id,modified_gmt' : 'id' };
  const unknown = new Set<string>();
  const dated: string[] = [];
  const gaps: Gap[] = [];
  let nameless = 0;
  let lacking = 0;
  let total: number | null = null;
  let inOrder = true;
  for await (const part of walkList(requests, list, from)) {
    const entries = part.entries.filter(({ id }) => !isBelow(id, window));
    for (const { id } of entries) unknown.add(String(id));
    gaps.push(...part.gaps);
    nameless += part.nameless;
    ({ total, inOrder } = part);
    lacking = total === null ? 0 : total - part.read;
    if (withDates) dated.push(...(await redated(entries, known)));
  }
  return { unknown, dated, gaps, nameless, lacking, total, inOrder };
}

async function redated(entries: readonly Entry[], known: KnownContents): Promise<string[]> {
  const stored = await known.some(entries.map(({ id }) => String(id)));
  return entries.flatMap(({ id, record }) => {
    const own = stored.get(String(id));
    return own === undefined || sameMoment(own.modifiedAt, readUtc(record?.modified_gmt)) ? [] : [String(id)];
  });
}

export function isBelow(id: number, { smallest }: Window): boolean {
  return smallest !== null && id < smallest;
}

export function sameMoment(one: string | null, other: string | null): boolean {
  return one === other || (one !== null && other !== null && Date.parse(one) === Date.parse(other));
}
