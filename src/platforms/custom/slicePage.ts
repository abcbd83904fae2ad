import type { JsonObject } from '../connection.ts';
import type { SlicePage } from '../contentPart.ts';
import type { KnownContents } from '../knownContents.ts';
import type { ItemPage } from './itemSource.ts';

/** Makes a page of a slice from a page of the list. */
export async function slicePage(
  { items, faults }: Pick<ItemPage, 'items' | 'faults'>,
  cursor: JsonObject | null,
  known: KnownContents,
): Promise<SlicePage> {
  const stored = await known.some(faults.flatMap(({ externalId }) => externalId ?? []));
  return {
    items: items.filter(({ status }) => status !== null),
    // Items that have never been read were reported by the reading that found them.
    faults: faults.filter(({ externalId }) => externalId !== null && stored.has(externalId)),
    missing: [],
    cursor,
    listsAll: true,
  };
}
