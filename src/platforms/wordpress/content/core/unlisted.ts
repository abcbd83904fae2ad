import type { ReadOutcome } from '../../../contentPart.ts';
import { overload } from '../../../parts/division.ts';
import { parts } from '../ahead.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteRequests } from '../siteRequests.ts';
import type { CorePosts } from './corePosts.ts';
import type { Gap } from './idWalk.ts';
import { idOf, recordsOf } from './listPage.ts';
import { readFragile } from './singlePost.ts';

/** How many ids are requested one by one, so that the site says what they are. */
const MOST_ASKED = 200;

/** In how many gaps items are looked for. A reading need not remember more. */
export const MOST_GAPS = 50;

/** The items that a list counts, but does not give, as far as they were found. */
export interface Unlisted {
  /** The items that the site gives when they are requested by id, and the faults of those that cannot be read. */
  found: Pick<ReadOutcome, 'items' | 'faults'>;
  /** The ids that the site refuses. */
  refused: number[];
}

/**
 * Looks for `wanted` items that a list counts, but does not give: the user may not see them, or something on the
 * site takes them out of the list. Candidates are `first`, then ids that visitors see in the gaps, then the ids
 * that fit into the gaps. The site is asked for each by its id, until all are found. Throws RemoteError.
 */
export async function findUnlisted(
  requests: SiteRequests,
  posts: CorePosts,
  wanted: number,
  { first, gaps }: { first: readonly number[]; gaps: readonly Gap[] },
): Promise<Unlisted> {
  const asked = new Set<number>();
  const unlisted: Unlisted = { found: { items: [], faults: [] }, refused: [] };
  const count = () => unlisted.found.items.length + unlisted.found.faults.length + unlisted.refused.length;
  const ask = async (ids: Iterable<number>) => {
    const some = taken(ids, asked, MOST_ASKED - asked.size);
    for (const part of parts(some, Math.max(1, requests.pace.atOnce))) {
      if (count() >= wanted) return;
      await Promise.all(part.map((id) => askFor(posts, id, unlisted)));
    }
  };
  await ask(first);
  for (const gap of gaps.slice(0, MOST_GAPS)) {
    if (count() >= wanted) break;
    await ask(await visibleIn(requests, posts, gap));
  }
  for (const gap of gaps.slice(0, MOST_GAPS)) if (count() < wanted) await ask(idsBetween(gap));
  return unlisted;
}

/** The next ids that were not taken before, at most `most`. */
function taken(ids: Iterable<number>, before: Set<number>, most: number): number[] {
  const some: number[] = [];
  for (const id of ids) {
    if (some.length >= most) break;
    if (before.has(id)) continue;
    before.add(id);
    some.push(id);
  }
  return some;
}

async function askFor(posts: CorePosts, id: number, { found, refused }: Unlisted): Promise<void> {
  const { items, faults } = await readFragile(posts, String(id));
  // A post in the trash is not content, and no list counts it.
  found.items.push(...items.filter(({ status }) => status !== null));
  found.faults.push(...faults.filter(({ code }) => code !== 'forbidden'));
  if (faults.some(({ code }) => code === 'forbidden')) refused.push(id);
}

/** The ids in a gap that visitors may see. A post that is published may be closed to those who edit. */
async function visibleIn(requests: SiteRequests, posts: CorePosts, gap: Gap): Promise<number[]> {
  const query = posts.list.query.replace('context=edit', 'context=view');
  const part = `offset=${gap.offset}&per_page=${LARGEST_PAGE}&_fields=id`;
  const answer = await requests
    .get(posts.route, `${query}&orderby=id&order=asc&${part}`, { divisible: true })
    .catch(overload);
  // Without this list the ids in the gap are asked for one by one.
  if ('retryable' in answer || answer.error !== null) return [];
  const ids = recordsOf(requests, answer).map(idOf);
  return ids.filter((id) => id > 0 && !gap.ids.includes(id));
}

function* idsBetween({ after, before, ids }: Gap): Generator<number> {
  const known = new Set(ids);
  const end = before ?? Math.max(after, ...ids) + LARGEST_PAGE;
  for (let id = after + 1; id < end; id += 1) if (!known.has(id)) yield id;
}
