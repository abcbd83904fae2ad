import type { ContentWrite, RemoteContent } from './contentPart.ts';

/**
 * Which items may be contents that are to be created: by the key of each the item that bears it, else those with its
 * title that `hasSlug` takes for its own. Oldest first, as a copy of an item may bear the same key.
 */
export function candidatesFor(
  writes: readonly ContentWrite[],
  items: readonly RemoteContent[],
  hasSlug: (item: RemoteContent, write: ContentWrite) => boolean,
): Map<string, RemoteContent[]> {
  const found = new Map<string, RemoteContent[]>();
  for (const write of writes) {
    const own = items.filter(({ contentKey }) => contentKey === write.contentKey);
    const alike = items.filter(
      (item) =>
        item.contentKey === null && write.title !== '' && item.title === write.title && hasSlug(item, write),
    );
    const candidates = own.length > 0 ? own.slice(0, 1) : alike;
    if (candidates.length > 0) found.set(write.contentKey, candidates);
  }
  return found;
}
