import type { JsonObject } from '../../../connection.ts';
import type { ContentPage, ReadAllRequest, ReadOutcome } from '../../../contentPart.ts';
import type { Incomplete } from '../../../incompleteList.ts';
import type { DivisibleList } from '../../../parts/division.ts';
import type { ItemFault } from '../../../remoteContent.ts';
import { ahead, oneAhead, parts } from '../ahead.ts';
import { isPostId } from '../core/corePosts.ts';
import { MOST_EMPTY_PAGES } from '../core/idWalk.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { type ConnectorItems, PAGE } from './connectorItems.ts';

/** Reads every post of a type through the connector; see `ContentSession.readAll`. */
export async function* readAllItems(
  requests: SiteRequests,
  items: ConnectorItems,
  { newest, cursor }: ReadAllRequest,
): AsyncGenerator<ContentPage> {
  const window = newest === null ? '' : `&newest=${newest}`;
  const start = typeof cursor?.after === 'number' ? cursor.after : 0;
  let emptyPages = 0;
  const count = new Count(cursor);
  // The next part is fetched while the caller stores this one.
  for await (const part of oneAhead(partsOf(requests, items, start, window))) {
    if ('fault' in part) {
      count.add([part.fault]);
      yield {
        items: [],
        faults: [part.fault],
        cursor: { after: part.after, told: count.told },
        expected: null,
      };
      continue;
    }
    const { answer, following } = part;
    const { total } = answer.value;
    const last = following === null;
    const after = following ?? part.after;
    const { items: read, faults } = items.read(answer);
    emptyPages = read.length + faults.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages > MOST_EMPTY_PAGES) throw requests.unexpected('pages without items', true);
    count.add([...read, ...faults]);
    count.hear(total);
    yield {
      items: read,
      // Core leaves posts that the user may not edit out of its lists, such as the privacy page for an
      // Editor. Here too they are left out. If such a post is stored, it is missing, and the request for it
      // alone reports the fault.
      faults: faults.filter(({ code }) => code !== 'forbidden'),
      cursor: { after, told: count.told },
      expected: typeof total === 'number' ? total : null,
      ...(last
        ? {
            end: {
              watermark: connectorWatermark(requests),
              missing: [],
              ...count.end,
            },
          }
        : {}),
    };
    if (last) return;
  }
}

/** An answer with the place behind it, or an item that fails alone. */
type ReadPart =
  | { answer: Awaited<ReturnType<ConnectorItems['ask']>>; after: number; following: number | null }
  | { fault: ItemFault; after: number };

/** The items after an id in parts that the site can give. */
async function* partsOf(
  requests: SiteRequests,
  items: ConnectorItems,
  start: number,
  window: string,
): AsyncGenerator<ReadPart> {
  const { division } = requests;
  const list: DivisibleList<number, ReadPart> = {
    name: items.sizeName,
    most: PAGE,
    ask: async (after, limit) => {
      const answer = await items.ask('items', `after_id=${after}&limit=${limit}${window}`);
      const { next_after_id: next } = answer.value;
      const following = typeof next === 'number' ? next : null;
      if (following !== null && following <= after) throw requests.unexpected('items that do not go on');
      return { answer, after, following };
    },
    next: (_after, _count, part) => ('fault' in part ? part.after : part.following),
    alone: async (after, error) => {
      const { id, fault } = await items.skipAfter(after, error);
      return { part: { fault, after: id }, next: id };
    },
  };
  const size = division.sizes.of(list.name, PAGE);
  for (let after: number | null = start; after !== null; )
    after = yield* division.read(list, after, size.now);
}

/** Counts the items that the connector gives or refuses, and compares them with the count of the site. */
class Count {
  /** null if an earlier version, which did not count, began the reading. */
  told: number | null;
  #least = Number.POSITIVE_INFINITY;

  constructor(cursor: JsonObject | null) {
    const told = cursor === null ? 0 : cursor.told;
    this.told = typeof told === 'number' ? told : null;
  }

  add(some: ReadonlyArray<{ externalId: string | null }>): void {
    // An item without an id counts by itself.
    if (this.told !== null) this.told += new Set(some.map((each) => each.externalId ?? each)).size;
  }

  /** Takes the count of a page. Items that were deleted meanwhile are in earlier counts only. */
  hear(total: unknown): void {
    if (typeof total === 'number') this.#least = Math.min(this.#least, total);
  }

  get end(): { incomplete?: Incomplete } {
    if (this.told === null || !Number.isFinite(this.#least) || this.told >= this.#least) return {};
    return { incomplete: { read: this.told, of: this.#least } };
  }
}

/** Reads some posts; see `ContentSession.read`. */
export async function readSomeItems(
  items: ConnectorItems,
  externalIds: readonly string[],
  atOnce: number,
): Promise<ReadOutcome> {
  const ids = externalIds.filter(isPostId);
  const outcome: ReadOutcome = { items: [], faults: [], gone: externalIds.filter((id) => !isPostId(id)) };
  for await (const found of ahead(parts(ids, PAGE), (part) => collect(items.byIds(part)), atOnce)) {
    for (const each of found) {
      outcome.items.push(...each.items);
      outcome.faults.push(...each.faults);
      outcome.gone.push(...each.gone);
    }
  }
  const told = new Set([...outcome.items, ...outcome.faults].map(({ externalId }) => externalId));
  for (const id of outcome.gone) told.add(id);
  for (const externalId of ids.filter((id) => !told.has(id))) {
    outcome.faults.push({
      externalId,
      code: 'unreadable',
      message: 'The site did not say whether the item exists.',
    });
  }
  return outcome;
}

/** Collects all values that a generator yields. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

/**
 * The watermark for reads through the connector. The inventory itself needs none. Without dates, it makes
 * core REST look through everything once if the connector is removed.
 */
export function connectorWatermark({ root }: SiteRequests): JsonObject {
  return { modified: null, read_at: null, gmt_offset: root.zone.offset, timezone: root.zone.name };
}
