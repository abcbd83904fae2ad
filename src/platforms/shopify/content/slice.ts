import type { SlicePage, SliceRequest } from '../../contentPart.ts';
import { readableIds } from '../../knownContents.ts';
import type { ContentKind } from './contentKinds.ts';
import type { ItemReader } from './itemReader.ts';

/** Reads the stored items in full, in the order of their ids; see `ContentSession.readSlice`. */
export async function* readSlice(
  reader: ItemReader,
  kind: ContentKind,
  { cursor, requests, known }: SliceRequest,
): AsyncGenerator<SlicePage> {
  let after = typeof cursor?.after === 'string' ? cursor.after : null;
  for (let request = 0; request < requests; request += 1) {
    const stored = await known.after(after, kind.pageSize);
    after = [...stored.keys()].at(-1) ?? after;
    const { items, faults, gone } = await reader.byId(kind, readableIds(stored));
    const isLast = stored.size < kind.pageSize;
    yield { items, faults, missing: gone, cursor: isLast ? null : { after }, listsAll: false };
    if (isLast) return;
  }
}
