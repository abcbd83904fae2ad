/** What items refer to: the users who wrote them, and the pictures in the library. */
import type { PictureLibrary } from '../../../contentPart.ts';
import { totalIn } from '../../site/listings.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { idOf, recordsOf } from './listPage.ts';

/**
 * Which of these users the site shows, at most a hundred. WordPress shows to a user who may not list users those alone
 * who have published something (WP_REST_Users_Controller::get_items). null if the site lists no users, as plugins
 * against the search for user names do. Throws RemoteError.
 */
export function shownUsers(requests: SiteRequests, ids: readonly string[]): Promise<string[] | null> {
  return shown(requests, 'wp/v2/users', ids);
}

/** Which of these pictures the library has, at most a hundred; null if the site does not say. Throws RemoteError. */
export function shownPictures(requests: SiteRequests, ids: readonly string[]): Promise<string[] | null> {
  return shown(requests, 'wp/v2/media', ids);
}

async function shown(
  requests: SiteRequests,
  route: string,
  ids: readonly string[],
): Promise<string[] | null> {
  const found: string[] = [];
  const most = requests.pageSize.largest;
  for (let from = 0; from < ids.length; from += most) {
    const part = ids.slice(from, from + most);
    const answer = await requests.get(route, `include=${part.join(',')}&per_page=${most}&_fields=id`);
    if (answer.error !== null) return null;
    found.push(...recordsOf(requests, answer).map((record) => String(idOf(record))));
  }
  return found;
}

/**
 * The state of the library, in one request. `since`: the largest id at the last look. null if the site does not count
 * its library. Throws RemoteError.
 */
export async function pictureLibrary(
  requests: SiteRequests,
  since: number | null,
): Promise<PictureLibrary | null> {
  const query = `orderby=id&order=desc&per_page=${requests.pageSize.largest}&_fields=id`;
  const answer = await requests.get('wp/v2/media', query);
  if (answer.error !== null) return null;
  const ids = recordsOf(requests, answer).map(idOf);
  const total = totalIn(answer.response, ids.length);
  if (total === null) return null;
  const uploaded = since === null ? 0 : ids.filter((id) => id > since).length;
  const isWhole = uploaded < ids.length || total <= ids.length;
  return { total, newest: Math.max(0, ...ids), uploaded: isWhole ? uploaded : null };
}
