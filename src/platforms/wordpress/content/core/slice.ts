import type { SlicePage, SliceRequest } from '../../../contentPart.ts';
import { readableIds } from '../../../knownContents.ts';
import type { SiteRequests } from '../siteRequests.ts';
import type { CorePosts } from './corePosts.ts';

/** Reads the stored posts in full, in the order of their ids; see `ContentSession.readSlice`. */
export async function* readSliceOfPosts(
  { pageSize }: Pick<SiteRequests, 'pageSize'>,
  posts: CorePosts,
  { cursor, requests, known }: SliceRequest,
): AsyncGenerator<SlicePage> {
  let after = typeof cursor?.after === 'string' ? cursor.after : null;
  for (let request = 0; request < requests; request += 1) {
    const size = pageSize.largest;
    const stored = await known.after(after, size);
    const ids = readableIds(stored);
    after = [...stored.keys()].at(-1) ?? after;
    const page: SlicePage = { items: [], faults: [], missing: [], cursor: null, listsAll: false };
    if (stored.size === size) page.cursor = { after };
    if (ids.length > 0) {
      for await (const { items, faults } of posts.byIds(ids)) {
        page.items.push(...items);
        page.faults.push(...faults);
      }
    }
    const told = new Set([...page.items, ...page.faults].map(({ externalId }) => externalId));
    yield { ...page, missing: ids.filter((id) => !told.has(id)) };
    if (page.cursor === null) return;
  }
}
