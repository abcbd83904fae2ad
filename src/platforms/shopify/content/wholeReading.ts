import { z } from 'zod';
import type { ContentPage, Pace, ReadAllRequest } from '../../contentPart.ts';
import type { ContentKind } from './contentKinds.ts';
import { countItems } from './counts.ts';
import type { ItemPage, ItemReader } from './itemReader.ts';
import { type Position, positionSchema, START } from './listing.ts';

const cursorSchema = z.object({
  at: positionSchema,
  /** When the read began, by Shopify's clock. */
  begun_at: z.string().nullable(),
  /** How many items the read has returned so far. */
  taken: z.number(),
});

/**
 * Reads all items of a kind in the order of their ids, so that no item moves from page to page. Throws
 * ExplainedFault.
 */
export async function* readWhole(
  reader: ItemReader,
  pace: Pace,
  kind: ContentKind,
  { newest, cursor }: ReadAllRequest,
): AsyncIterable<ContentPage> {
  const stored = cursorSchema.safeParse(cursor);
  let { at, begun_at: begunAt, taken } = stored.data ?? { at: START, begun_at: null, taken: 0 };
  const limit = newest ?? Number.POSITIVE_INFINITY;
  const listing = { kind, search: '', reverse: newest !== null };
  const fetch = (position: Position, before: number) =>
    reader.page(listing, position, Math.max(1, Math.min(kind.pageSize, limit - before)));

  const count = () => countItems(kind, reader.query.bind(reader));
  const total = await count();
  const expected = total === null ? null : Math.max(0, Math.min(total, limit) - taken);
  /** The items that the shop counts and did not give. Items that were deleted meanwhile are in the first count only. */
  const lacking = async () => {
    const least = total === null || taken >= Math.min(total, limit) ? null : await count();
    const of = Math.min(least ?? 0, total ?? 0, limit);
    return taken < of ? { incomplete: { read: taken, of } } : {};
  };
  let ahead: Promise<ItemPage> | null = fetch(at, taken);
  while (ahead !== null) {
    const page: ItemPage = await ahead;
    begunAt ??= page.answeredAt;
    taken += page.items.length + page.faults.length;
    const next: Position | null = taken < limit ? page.next : null;
    ahead = next !== null && pace.atOnce > 1 ? fetch(next, taken) : null;
    // If the caller stops here, nobody awaits the prefetched page: its failure must not go unhandled.
    ahead?.catch(() => undefined);
    at = next ?? at;
    yield {
      items: page.items,
      faults: page.faults,
      cursor: { at: { ...at }, begun_at: begunAt, taken },
      expected,
      ...(next === null
        ? {
            end: {
              watermark: { at: begunAt ?? new Date(0).toISOString() },
              missing: [],
              ...(await lacking()),
            },
          }
        : {}),
    };
    if (next !== null) ahead ??= fetch(next, taken);
  }
}
