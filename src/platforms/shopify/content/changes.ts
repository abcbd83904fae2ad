import type { ContentPage, ReadChangesRequest } from '../../contentPart.ts';
import type { Incomplete } from '../../incompleteList.ts';
import type { KnownContents } from '../../knownContents.ts';
import { knownIds } from '../../knownIds.ts';
import { less } from '../api/globalId.ts';
import type { ContentKind } from './contentKinds.ts';
import { countItems } from './counts.ts';
import type { ItemReader } from './itemReader.ts';
import { type Position, START } from './listing.ts';
import { readWatermark } from './watermark.ts';

/** How long a search may not find a new write yet. Milliseconds. */
const OVERLAP_MS = 10 * 60_000;

/**
 * Reads what has changed since the watermark, by Shopify's own dates, then finds the missing ids. Throws
 * ExplainedFault.
 */
export async function* readChanges(
  reader: ItemReader,
  kind: ContentKind,
  { newest, watermark, known }: ReadChangesRequest,
): AsyncIterable<ContentPage> {
  const query = reader.query.bind(reader);
  const since = readWatermark(watermark);
  const knownBefore = await known.count();
  const window = newest === null ? null : await newestIds(reader, kind, newest);
  const inWindow = window === null ? null : new Set(window);
  const listing = {
    kind,
    search: since === null ? '' : `updated_at:>='${new Date(since - OVERLAP_MS).toISOString()}'`,
    reverse: false,
  };

  const seen = new Set<string>();
  let begunAt: string | null = null;
  let added = 0;
  let cursor: Position = START;
  for (let at: Position | null = START; at !== null; ) {
    const page = await reader.page(listing, at, kind.pageSize);
    begunAt ??= page.answeredAt;
    const ids = page.items.map((item) => item.externalId);
    const stored = await known.some(ids);
    const items = page.items.filter(
      ({ externalId }) => inWindow === null || inWindow.has(externalId) || stored.has(externalId),
    );
    for (const { externalId } of items) {
      if (!stored.has(externalId) && !seen.has(externalId)) added += 1;
      seen.add(externalId);
    }
    at = page.next;
    cursor = at ?? cursor;
    if (items.length > 0 || page.faults.length > 0)
      yield { items, faults: page.faults, cursor: { ...cursor }, expected: null };
  }

  const there = window === null ? await countItems(kind, query) : null;
  // If the shop counts as many items as are stored, including the new ones, no item is missing.
  const complete = there !== null && there === knownBefore + added;
  const swept = complete
    ? { missing: [], unseen: [], listed: there }
    : await sweep(known, window === null ? allIds(reader, kind) : [window.toReversed()], seen, newest);
  const late = await reader.byId(kind, swept.unseen);
  yield {
    items: late.items,
    faults: late.faults,
    cursor: { ...cursor },
    expected: null,
    end: {
      watermark: { at: begunAt ?? new Date(since ?? 0).toISOString() },
      missing: swept.missing,
      ...(await lacking(swept.listed, there, () => countItems(kind, query))),
    },
  };
}

/** The items that the shop counts and did not list. Items that were deleted meanwhile are in the first count only. */
async function lacking(
  listed: number,
  there: number | null,
  count: () => Promise<number | null>,
): Promise<{ incomplete?: Incomplete }> {
  if (there === null || listed >= there) return {};
  const of = Math.min(there, (await count()) ?? 0);
  return listed < of ? { incomplete: { read: listed, of } } : {};
}

/** The ids of the `newest` newest items, newest first. */
async function newestIds(reader: ItemReader, kind: ContentKind, newest: number): Promise<string[]> {
  const found: string[] = [];
  for (let at: Position | null = START; at !== null && found.length < newest; ) {
    const page = await reader.ids({ kind, search: '', reverse: true }, at);
    found.push(...page.ids);
    at = page.next;
  }
  return found.slice(0, newest);
}

async function* allIds(reader: ItemReader, kind: ContentKind): AsyncIterable<string[]> {
  for (let at: Position | null = START; at !== null; ) {
    const page = await reader.ids({ kind, search: '', reverse: false }, at);
    yield page.ids;
    at = page.next;
  }
}

/**
 * Compares the ids of the shop with the stored ids, both in ascending order. `seen` are ids that this read
 * has already found. Returns stored ids that the shop does not have, unseen ids that are not stored, and how many
 * ids were listed. If
 * only the newest items are synced, older items are left as they are.
 */
async function sweep(
  known: KnownContents,
  pages: AsyncIterable<string[]> | Iterable<string[]>,
  seen: ReadonlySet<string>,
  newest: number | null,
): Promise<{ missing: string[]; unseen: string[]; listed: number }> {
  const missing: string[] = [];
  const unseen: string[] = [];
  let listed = 0;
  const stored = knownIds(known);
  let next = await stored.next();
  let first = true;
  for await (const page of pages) {
    const ids = [...new Set(page)].sort((one, other) => (less(one, other) ? -1 : 1));
    listed += ids.length;
    for (const id of ids) {
      while (!next.done && less(next.value, id)) {
        if (!seen.has(next.value) && !(first && newest !== null && ids.length >= newest))
          missing.push(next.value);
        next = await stored.next();
      }
      first = false;
      if (!next.done && next.value === id) next = await stored.next();
      else if (!seen.has(id)) unseen.push(id);
    }
  }
  for (; !next.done; next = await stored.next()) if (!seen.has(next.value)) missing.push(next.value);
  return { missing, unseen, listed };
}
