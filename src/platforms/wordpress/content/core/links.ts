import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { includedRecords } from './includedRecords.ts';
import { idOf } from './listPage.ts';

/**
 * Reads the links of some posts; see `ContentSession.readLinks`. A post that fails alone has no entry. Throws
 * RemoteError.
 * @param statuses of all posts that are synced.
 */
export async function readLinksOfPosts(
  requests: SiteRequests,
  route: string,
  statuses: string,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const links = new Map<string, string | null>();
  const list = {
    name: `links ${route}`,
    most: LARGEST_PAGE,
    division: requests.division,
    ask: (some: readonly string[]) => {
      const query = `context=edit&status=${statuses}&include=${some.join(',')}&per_page=${some.length}&_fields=id,link`;
      return requests.read(route, query, { divisible: true });
    },
  };
  for await (const record of includedRecords(requests, list, ids)) {
    const { link } = record;
    if (typeof link === 'string') links.set(String(idOf(record)), link);
  }
  return links;
}
