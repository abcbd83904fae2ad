import type { DivisibleList } from '../../../parts/division.ts';
import { totalIn } from '../../site/listings.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';
import { idOf, recordsOf } from './listPage.ts';

/** The answer for some ids; null for a post that fails alone. */
interface Part {
  ids: readonly string[];
  answer: SiteAnswer | null;
}

/**
 * Reads the links of some posts, in parts if the site cannot give them at once; see `ContentSession.readLinks`. A post
 * that fails alone has no entry. Throws RemoteError.
 * @param statuses of all posts that are synced.
 */
export async function readLinksOfPosts(
  requests: SiteRequests,
  route: string,
  statuses: string,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const links = new Map<string, string | null>();
  if (ids.length === 0) return links;
  const rest: string[] = [];
  const list = linksOf(requests, route, statuses, ids);
  for await (const { ids: asked, answer } of requests.division.read(list, 0, ids.length)) {
    if (answer === null) continue;
    const came = new Set<string>();
    for (const record of recordsOf(requests, answer)) {
      const id = String(idOf(record));
      came.add(id);
      if (typeof record.link === 'string') links.set(id, record.link);
    }
    // The site counts the posts with these ids. It may give fewer than it counts, whatever it was asked for.
    const isShort = (totalIn(answer.response, came.size) ?? asked.length) > came.size;
    if (isShort && came.size > 0) rest.push(...asked.filter((id) => !came.has(id)));
  }
  if (rest.length > 0 && rest.length < ids.length)
    for (const [id, link] of await readLinksOfPosts(requests, route, statuses, rest)) links.set(id, link);
  return links;
}

/** The links of posts with these ids as a list that can be divided. */
function linksOf(
  requests: SiteRequests,
  route: string,
  statuses: string,
  ids: readonly string[],
): DivisibleList<number, Part> {
  const next = (place: number) => (place < ids.length ? place : null);
  return {
    name: `links ${route}`,
    most: LARGEST_PAGE,
    ask: async (from, count) => {
      const some = ids.slice(from, from + count);
      const query = `context=edit&status=${statuses}&include=${some.join(',')}&per_page=${some.length}&_fields=id,link`;
      return { ids: some, answer: await requests.read(route, query, { divisible: true }) };
    },
    next: (from, count) => next(from + count),
    alone: async (from) => ({ part: { ids: [], answer: null }, next: next(from + 1) }),
  };
}
