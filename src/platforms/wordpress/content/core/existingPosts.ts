import { candidatesFor } from '../../../candidates.ts';
import type { ContentWrite } from '../../../contentWrite.ts';
import type { RemoteContent } from '../../../remoteContent.ts';
import { siteSlug } from '../../../siteSlug.ts';
import { sentSlug, slugsOfCreate, variants } from '../slugs.ts';
import type { PostSearch } from './postSearch.ts';

/** How many slugs are searched for each text: `title`, `title-2` and `title-3`. */
const NUMBERED = 3;

/**
 * Finds posts that may already belong to contents that are to be created, by their slugs in every status; see
 * `ContentSession.findExisting`. Plugins write the letters of other scripts in their own way, so such contents
 * are also searched by title. Throws RemoteError.
 */
export async function findExistingPosts(
  search: PostSearch,
  writes: readonly ContentWrite[],
): Promise<Map<string, RemoteContent[]>> {
  const slugs = new Map(
    writes.map((write) => [write, new Set(slugsOfCreate(write).flatMap((slug) => variants(slug, NUMBERED)))]),
  );
  const found = await search.bySlugs([...slugs.values()].flatMap((each) => [...each]));
  const bySlug = candidatesFor(writes, found, ({ slug }, write) => slugs.get(write)?.has(slug) === true);
  for (const write of writes) {
    if (bySlug.has(write.contentKey) || !siteSlug(sentSlug(write)).includes('%')) continue;
    const byTitle = candidatesFor([write], await search.byTitle(write.title), () => true);
    for (const [key, items] of byTitle) bySlug.set(key, items);
  }
  return bySlug;
}
