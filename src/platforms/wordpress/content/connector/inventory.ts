import type { KnownContents } from '../../../knownContents.ts';
import { type DivisibleList, overload } from '../../../parts/division.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type ConnectorItems, RANGE } from './connectorItems.ts';

/** How many ranges of ids the connector lists in one answer. */
export const RANGES_AT_ONCE = 20;

/** A range that the site cannot list at once is listed as this many smaller ranges. */
const PARTS_OF_RANGE = 10;

const HASH = /^[0-9a-f]{16}$/;

/**
 * The ranges of ids, in order, in which the site differs from the stored contents. If the site cannot digest its
 * contents, every range counts.
 */
export async function differingRanges(
  requests: SiteRequests,
  items: ConnectorItems,
  known: KnownContents,
): Promise<number[]> {
  const stored = await known.numbered.digests(RANGE);
  const answer = await items.ask('inventory', `size=${RANGE}`).catch(overload);
  if ('retryable' in answer) {
    await requests.division.prove();
    return everyRange(items, Math.max(-1, ...stored.keys()));
  }
  const differing: number[] = [];
  for (const entry of listIn(requests, answer.value.ranges)) {
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

/** All ranges from the first to the last that the site has. */
async function everyRange(items: ConnectorItems, lastStored: number): Promise<number[]> {
  let last = lastStored;
  for (;;) {
    const first = await items.firstAfter((last + 1) * RANGE - 1);
    if (first === null) return Array.from({ length: last + 1 }, (_, range) => range);
    last = Math.floor(first / RANGE);
  }
}

/** The hashes of the items in some ranges, by id; in parts if the site cannot list them at once. */
export async function listed(
  requests: SiteRequests,
  items: ConnectorItems,
  ranges: readonly number[],
  size = RANGE,
): Promise<Map<string, string>> {
  const next = (from: number, count: number) => (from + count < ranges.length ? from + count : null);
  const list: DivisibleList<number, Map<string, string>> = {
    name: `inventory ${size} ${items.type}`,
    most: RANGES_AT_ONCE,
    ask: (from, count) => listedAtOnce(requests, items, ranges.slice(from, from + count), size),
    next,
    isDivisibleAlone: true,
    alone: async (from, error) => {
      if (size === 1) throw error;
      const smaller = size / PARTS_OF_RANGE;
      const first = (ranges[from] ?? 0) * PARTS_OF_RANGE;
      const parts = Array.from({ length: PARTS_OF_RANGE }, (_, index) => first + index);
      return { part: await listed(requests, items, parts, smaller), next: next(from, 1) };
    },
  };
  const found = new Map<string, string>();
  for (const part of await requests.division.collect(list, 0, ranges.length))
    for (const [id, hash] of part) found.set(id, hash);
  return found;
}

async function listedAtOnce(
  requests: SiteRequests,
  items: ConnectorItems,
  ranges: readonly number[],
  size: number,
): Promise<Map<string, string>> {
  const { value } = await items.ask('inventory', `size=${size}&in=${ranges.join(',')}`);
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
