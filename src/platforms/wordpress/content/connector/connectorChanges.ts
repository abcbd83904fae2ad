import type { ContentPage, ReadChangesRequest } from '../../../contentPart.ts';
import { ahead, parts } from '../ahead.ts';
import { isPostId } from '../core/corePosts.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type ConnectorItems, PAGE, RANGE } from './connectorItems.ts';
import { collect, connectorWatermark } from './connectorRead.ts';
import { differingRanges, listed, RANGES_AT_ONCE } from './inventory.ts';

/**
 * Reads what has changed; see `ContentSession.readChanges`. Compares the site's inventory with the stored
 * contents. This takes one request if nothing has changed, and one more for each twenty thousand ids with a
 * change among them. Then the items are read.
 */
export async function* readChangedItems(
  requests: SiteRequests,
  items: ConnectorItems,
  { newest, known }: ReadChangesRequest,
): AsyncGenerator<ContentPage> {
  const [first] = newest === null ? [] : (await known.after(null, 1)).keys();
  // If only the newest items are stored, an older item on the site does not count as new.
  const smallest = first === undefined ? 0 : Number(first);
  const differing = (await differingRanges(requests, items, known)).filter(
    (range) => (range + 1) * RANGE > smallest,
  );
  const ids: string[] = [];
  const missing: string[] = [];
  for (const ranges of parts(differing, RANGES_AT_ONCE)) {
    const onSite = await listed(requests, items, ranges);
    const stored = await known.numbered.inRanges(RANGE, ranges);
    for (const [id, hash] of onSite) {
      const own = stored.get(id);
      if (own === undefined ? Number(id) >= smallest : own.tag !== hash) ids.push(id);
    }
    missing.push(...[...stored.keys()].filter((id) => !onSite.has(id)));
  }
  const wanted = newest !== null && first === undefined ? lastOf(ids, newest) : ids;
  const expected = wanted.length;
  let silent = 0;
  // Items that failed alone are tried again, each by itself, so that they do not spoil the parts of others.
  const failing = (await known.failing()).filter((id) => isPostId(id) && Number(id) >= smallest);
  for await (const { part, found } of readInTurn(requests, items, failing, wanted)) {
    const told = new Set(
      found.flatMap((each) => [...each.items, ...each.faults].map(({ externalId }) => externalId)),
    );
    for (const id of found.flatMap(({ gone }) => gone)) told.add(id);
    // The inventory names these items, but the site neither gives nor refuses them.
    silent += part.filter((id) => !told.has(id)).length;
    for (const { items: contents, faults, gone } of found) {
      // As in a list, items that the user may not see are left out. Those that are stored here are reported
      // as missing.
      const forbidden = faults.flatMap(({ code, externalId }) =>
        code === 'forbidden' ? (externalId ?? []) : [],
      );
      missing.push(...(await known.some([...forbidden, ...gone])).keys());
      yield {
        items: contents.filter(({ status }) => status !== null),
        faults: faults.filter(({ code }) => code !== 'forbidden'),
        cursor: {},
        expected,
      };
    }
  }
  yield {
    items: [],
    faults: [],
    cursor: {},
    expected,
    end: {
      watermark: connectorWatermark(requests),
      missing: [...new Set(missing)],
      ...(silent > 0 ? { incomplete: { read: expected - silent, of: expected } } : {}),
    },
  };
}

/**
 * Reads items that failed alone, one by one, then the others. The first part of these comes by itself, as it shows how
 * many items the site can give at once.
 */
async function* readInTurn(
  requests: SiteRequests,
  items: ConnectorItems,
  failing: readonly string[],
  wanted: readonly string[],
) {
  for (const id of failing) yield { part: [id], found: [await items.fragile(id)] };
  const fragile = new Set(failing);
  const read = async (part: string[]) => ({ part, found: await collect(items.byIds(part)) });
  const [first = [], ...rest] = parts(
    wanted.filter((id) => !fragile.has(id)),
    PAGE,
  );
  if (first.length > 0) yield await read(first);
  yield* ahead(rest, read, Math.min(2, requests.pace.atOnce));
}

function lastOf(ids: readonly string[], count: number): string[] {
  return [...ids].sort((one, other) => Number(one) - Number(other)).slice(-count);
}
