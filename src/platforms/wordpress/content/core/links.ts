import type { SiteRequests } from '../siteRequests.ts';
import { idOf, recordsOf } from './listPage.ts';

/** Reads the links of some posts; see `ContentSession.readLinks`. `statuses`: of all posts that are synced. */
export async function readLinksOfPosts(
  requests: SiteRequests,
  route: string,
  statuses: string,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const query = `context=edit&status=${statuses}&include=${ids.join(',')}&per_page=${ids.length}&_fields=id,link`;
  const links = new Map<string, string | null>();
  for (const record of recordsOf(requests, await requests.read(route, query))) {
    const { link } = record;
    if (typeof link === 'string') links.set(String(idOf(record)), link);
  }
  // A site may give shorter pages than it was asked for.
  const rest = ids.filter((id) => !links.has(id));
  if (links.size > 0 && rest.length > 0 && links.size === requests.pageSize.largest) {
    for (const [id, link] of await readLinksOfPosts(requests, route, statuses, rest)) links.set(id, link);
  }
  return links;
}
