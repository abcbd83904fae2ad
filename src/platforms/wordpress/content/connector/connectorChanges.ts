import type { ContentPage, KnownContents, ReadChangesRequest } from '../../../contentPart.ts';
import { ahead, parts } from '../ahead.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type ConnectorItems, PAGE, RANGE } from './connectorItems.ts';
import { collect, connectorWatermark } from './connectorRead.ts';

/** The connector lists the ids of so many ranges in one answer. */
const RANGES_AT_ONCE = 20;

const HASH = /^[0-9a-f]{16}$/;

/**
 * Reads what changed; see `ContentSession.readChanges`. The site's inventory is compared with what is known: one
 * request when nothing changed, one more for each twenty thousand ids among which something did, then the items.
 */
export async function* readChangedItems(
  requests: SiteRequests,
  items: ConnectorItems,
  { newest, known }: ReadChangesRequest,
): AsyncGenerator<ContentPage> {
  const [first] = newest === null ? [] : (await known.after(null, 1)).keys();
  // Where only the newest are known, what is older than the oldest of them is nothing new.
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
  const read = (part: string[]) => collect(items.byIds(part));
  const expected = wanted.length;
  for await (const found of ahead(parts(wanted, PAGE), read, Math.min(2, requests.pace.atOnce))) {
    for (const { items: contents, faults } of found) {
      // As in a list: what may not be seen is not told, unless it is known here.
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
    end: { watermark: connectorWatermark(requests), missing },
  };
}

/** The ranges of ids, in order, in which the site and what is known of it are not the same. */
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

/** The hashes by id in some ranges. */
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
