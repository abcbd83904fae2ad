import type { ContentPage, ReadChangesRequest } from '../../../contentPart.ts';
import type { KnownContents } from '../../../knownContents.ts';
import { ahead, parts } from '../ahead.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type ConnectorItems, PAGE, RANGE } from './connectorItems.ts';
import { collect, connectorWatermark } from './connectorRead.ts';

/** How many ranges of ids the connector lists in one answer. */
const RANGES_AT_ONCE = 20;

const HASH = /^[0-9a-f]{16}$/;

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
  const read = async (part: string[]) => ({ part, found: await collect(items.byIds(part)) });
  const expected = wanted.length;
  let silent = 0;
  for await (const { part, found } of ahead(parts(wanted, PAGE), read, Math.min(2, requests.pace.atOnce))) {
    const told = new Set(
      found.flatMap((each) => [...each.items, ...each.faults].map(({ externalId }) => externalId)),
    );
    for (const id of found.flatMap(({ gone }) => gone)) told.add(id);
    // The inventory names these items, but the site neither gives nor refuses them.
    silent += part.filter((id) => !told.has(id)).length;
    for (const { items: contents, faults } of found) {
      // As in a list, items that the user may not see are left out. Those that are stored here are reported
      // as missing.
      const forbidden = faults.flatMap(({ code, externalId }) =>
        code === 'forbidden' ? (externalId ?? []) : [],
      );
      missing.push(...(await known.some(forbidden)).keys());
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
      missing,
      ...(silent > 0 ? { incomplete: { read: expected - silent, of: expected } } : {}),
    },
  };
}

/** The ranges of ids, in order, in which the site differs from the stored contents. */
async function differingRanges(
  requests: SiteRequests,
  items: ConnectorItems,
  known: KnownContents,
): Promise<number[]> {
  const { value } = await items.ask('inventory', `size=${RANGE}`);
  const stored = await known.numbered.digests(RANGE);
  const differing: number[] = [];
  for (const entry of listIn(requests, value.ranges)) {
    const [range, count, xor]: unknown[] = Array.isArray(entry) ? entry : [];
    if (!isIndex(range) || !isIndex(count) || typeof xor !== 'string' || !HASH.test(xor)) {
      throw requests.unexpected('an inventory that cannot be read', true);
    }
    const own = stored.get(range);
    if (own?.count !== count || own.xor !== BigInt(`0x${xor}`)) differing.push(range);
    stored.delete(range);
  }
  return [...differing, ...stored.keys()].sort((one, other) => one - other);
}

/** The hashes of the items in some ranges, by id. */
async function listed(
  requests: SiteRequests,
  items: ConnectorItems,
  ranges: readonly number[],
): Promise<Map<string, string>> {
  const { value } = await items.ask('inventory', `size=${RANGE}&in=${ranges.join(',')}`);
  const found = new Map<string, string>();
  for (const entry of listIn(requests, value.items)) {
    const [id, hash]: unknown[] = Array.isArray(entry) ? entry : [];
    if (!isIndex(id) || typeof hash !== 'string' || !HASH.test(hash)) {
      throw requests.unexpected('an inventory that cannot be read', true);
    }
    found.set(String(id), hash);
  }
  return found;
}

function listIn(requests: SiteRequests, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw requests.unexpected('an inventory without its list', true);
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function lastOf(ids: readonly string[], count: number): string[] {
  return [...ids].sort((one, other) => Number(one) - Number(other)).slice(-count);
}
