import type { SlicePage, SliceRequest } from '../../../contentPart.ts';
import { readableIds } from '../../../knownContents.ts';
import type { CorePosts } from './corePosts.ts';

/**
 * Reads the stored posts in full, in the order of their ids; see `ContentSession.readSlice`. A page is as large as one
 * answer of the site. If it takes several answers nevertheless, fewer pages are read.
 */
export async function* readSliceOfPosts(
  posts: CorePosts,
  { cursor, requests, known }: SliceRequest,
): AsyncGenerator<SlicePage> {
  let after = typeof cursor?.after === 'string' ? cursor.after : null;
  for (let left = requests; left > 0; ) {
    const size = posts.idsOfAnswer;
    const stored = await known.after(after, size);
    const ids = readableIds(stored);
    after = [...stored.keys()].at(-1) ?? after;
    const page: SlicePage = { items: [], faults: [], missing: [], cursor: null, listsAll: false };
    if (stored.size === size) page.cursor = { after };
    let answers = 0;
    if (ids.length > 0) {
      for await (const { items, faults } of posts.byIds(ids)) {
        answers += 1;
        page.items.push(...items);
        page.faults.push(...faults);
      }
    }
    const took = Math.max(1, answers);
    left -= took;
    const told = new Set([...page.items, ...page.faults].map(({ externalId }) => externalId));
    yield { ...page, requests: took, missing: ids.filter((id) => !told.has(id)) };
    if (page.cursor === null) return;
  }
}
