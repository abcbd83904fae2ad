import type { ContentWrite, RemoteContent } from './contentPart.ts';

/**
 * Which items may be contents that are to be created: by the key of each the item that bears it, else those with its
 * title that `hasSlug` takes for its own. Of several with one key the oldest, as a copy of an item bears it too.
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

/** Oldest first: by the date of birth where both have one, else by id, as most sites count theirs up. */
export function byAge(one: RemoteContent, other: RemoteContent): number {
  const [born, otherBorn] = [one.birth?.date ?? null, other.birth?.date ?? null];
  const byDate = born === null || otherBorn === null ? 0 : Date.parse(born) - Date.parse(otherBorn);
  return byDate || one.externalId.padStart(20, '0').localeCompare(other.externalId.padStart(20, '0'));
}
