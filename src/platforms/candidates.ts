import type { ContentWrite } from './contentWrite.ts';
import type { RemoteContent } from './remoteContent.ts';

/**
 * Finds the items that may already belong to contents that are to be created. For each content: the oldest
 * item with its key, else every item without a key that has its title and that `hasSlug` accepts. Several
 * items can have one key, because a copy of an item copies the key. Returns the items by content key; a
 * content without any is left out.
 */
export function candidatesFor(
  writes: readonly ContentWrite[],
  items: readonly RemoteContent[],
  hasSlug: (item: RemoteContent, write: ContentWrite) => boolean,
): Map<string, RemoteContent[]> {
  const found = new Map<string, RemoteContent[]>();
  for (const write of writes) {
    const own = items.filter(({ contentKey }) => contentKey === write.contentKey).sort(byAge);
    const alike = items.filter(
      (item) =>
        item.contentKey === null && write.title !== '' && item.title === write.title && hasSlug(item, write),
    );
    const candidates = own.length > 0 ? own.slice(0, 1) : alike;
    if (candidates.length > 0) found.set(write.contentKey, candidates);
  }
  return found;
}

/**
 * Sorts items oldest first: by creation date if both have one, else by id, because most sites count ids
 * upwards.
 */
export function byAge(one: RemoteContent, other: RemoteContent): number {
  const [born, otherBorn] = [one.birth?.date ?? null, other.birth?.date ?? null];
  const byDate = born === null || otherBorn === null ? 0 : Date.parse(born) - Date.parse(otherBorn);
  return byDate || one.externalId.padStart(20, '0').localeCompare(other.externalId.padStart(20, '0'));
}
