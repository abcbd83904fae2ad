import { RemoteError } from '../../../errors.ts';
import type {
  ContentPage,
  ItemFault,
  ReadAllRequest,
  ReadOutcome,
  RemoteContent,
} from '../../contentPart.ts';
import type { ContentTerm, JsonObject } from '../../platform.ts';
import { isRecord } from '../siteClient.ts';
import { ahead, parts } from './ahead.ts';
import { isPostId } from './corePosts.ts';
import { readPost } from './postFields.ts';
import type { SiteAnswer, SiteRequests } from './siteRequests.ts';
import { readTerm } from './termMap.ts';

/** The largest page of the connector. */
export const PAGE = 500;

/** How many ids a range of the inventory spans. */
export const RANGE = 1_000;

/** After so many items that are too large, the answers of this site are at fault and not its items. */
const MOST_TOO_LARGE = 20;

export interface Items {
  items: RemoteContent[];
  faults: ItemFault[];
  gone: string[];
}

/** The `items` route of the connector for one type. */
export class ConnectorItems {
  readonly type: string;
  readonly #requests: SiteRequests;
  #tooLarge = 0;

  constructor(requests: SiteRequests, type: string) {
    this.#requests = requests;
    this.type = type;
  }

  /** A route of the connector, asked about this type. Throws RemoteError. */
  async ask(
    route: 'items' | 'inventory',
    query: string,
  ): Promise<SiteAnswer & { value: Record<string, unknown> }> {
    const answer = await this.#requests.read(
      `sitebridge/v1/${route}`,
      `type=${encodeURIComponent(this.type)}&${query}`,
    );
    const { value } = answer;
    if (!isRecord(value)) throw this.#requests.unexpected(`${route} that are no object`, true);
    return { ...answer, value };
  }

  /** Yields the items with these ids, at most 500; in halves where they are too large. */
  async *byIds(ids: readonly string[]): AsyncGenerator<Items> {
    // A comma stands in a query as it is, and an encoded one takes three times the room.
    const answer = await this.ask('items', `include=${ids.join(',')}`).catch(tooLarge);
    if (!(answer instanceof RemoteError)) {
      yield this.read(answer);
    } else if (ids.length > 1) {
      const half = Math.ceil(ids.length / 2);
      yield* this.byIds(ids.slice(0, half));
      yield* this.byIds(ids.slice(half));
    } else {
      yield { items: [], faults: [this.#tooLargeItem(ids[0] ?? null, answer)], gone: [] };
    }
  }

  /** The item after an id is too large: which is it? Throws RemoteError. */
  async skipAfter(after: number, error: RemoteError): Promise<{ id: number; fault: ItemFault }> {
    const fault = this.#tooLargeItem(null, error);
    const first = after + 1;
    const { ranges } = (await this.ask('inventory', `size=${RANGE}`)).value;
    for (const entry of Array.isArray(ranges) ? ranges : []) {
      const [range]: unknown[] = Array.isArray(entry) ? entry : [];
      if (typeof range !== 'number' || range < Math.floor(first / RANGE)) continue;
      const { items } = (await this.ask('inventory', `size=${RANGE}&in=${range}`)).value;
      const ids = (Array.isArray(items) ? items : []).map((item: unknown) => Number([item].flat()[0]));
      const found = ids.filter((id) => id >= first).sort((one, other) => one - other)[0];
      if (found !== undefined) return { id: found, fault: { ...fault, externalId: String(found) } };
    }
    throw error;
  }

  #tooLargeItem(externalId: string | null, error: RemoteError): ItemFault {
    this.#tooLarge += 1;
    if (this.#tooLarge > MOST_TOO_LARGE) throw error;
    return { externalId, code: 'too_large', message: error.message };
  }

  /** Brings an answer of `items` into the words of the interface. Throws RemoteError. */
  read({ value, damaged }: { value: Record<string, unknown>; damaged: boolean }): Items {
    const list: unknown[] = Array.isArray(value.items) ? value.items : [null];
    const records = list.filter(isRecord);
    if (records.length < list.length) throw this.#requests.unexpected('items that are no objects', true);
    const readings = records.map((record) => readItem(record, damaged));
    const forbidden = idsOf(value.forbidden).map((externalId) => ({
      externalId,
      code: 'forbidden',
      message: 'The WordPress user that the connector acts as may not edit it.',
    }));
    return {
      items: readings.flatMap(({ post }) => post ?? []),
      faults: [...readings.flatMap(({ fault }) => fault ?? []), ...forbidden],
      gone: idsOf(value.gone),
    };
  }
}

/** Reads an item of the connector. */
export function readItem(record: Record<string, unknown>, damaged: boolean) {
  const terms = Array.isArray(record.terms) ? record.terms : [];
  return readPost(record, terms.flatMap(termOf), damaged);
}

function termOf(term: unknown): ContentTerm[] {
  if (!isRecord(term) || typeof term.taxonomy !== 'string') return [];
  // Items name their terms without the ids, which a term that is read must have.
  const read = readTerm({ ...term, id: 1 }, term.taxonomy);
  return read === null ? [] : [read.term];
}

/** Reads every post of a type by the connector; see `ContentSession.readAll`. */
export async function* readAllItems(
  requests: SiteRequests,
  items: ConnectorItems,
  { newest, cursor }: ReadAllRequest,
): AsyncGenerator<ContentPage> {
  const window = newest === null ? '' : `&newest=${newest}`;
  let limit = PAGE;
  const fetch = (after: number) => {
    const page = items.ask('items', `after_id=${after}&limit=${limit}${window}`).catch(tooLarge);
    // One that is not waited for any more may fail as it likes.
    page.catch(() => undefined);
    return page;
  };
  let after = typeof cursor?.after === 'number' ? cursor.after : 0;
  for (let next = fetch(after); ; ) {
    const answer = await next;
    if (answer instanceof RemoteError) {
      if (limit > 1) {
        limit = Math.ceil(limit / 4);
      } else {
        const { id, fault } = await items.skipAfter(after, answer);
        after = id;
        yield { items: [], faults: [fault], cursor: { after }, expected: null };
      }
      next = fetch(after);
      continue;
    }
    const { next_after_id: following, total } = answer.value;
    const last = typeof following !== 'number';
    if (!last) {
      if (following <= after) throw requests.unexpected('items that do not go on');
      // The next page is on its way while the caller stores this one.
      after = following;
      limit = Math.min(PAGE, limit * 2);
      next = fetch(after);
    }
    const { items: read, faults } = items.read(answer);
    yield {
      items: read,
      // Core leaves out of its lists what the user may not edit, such as an editor the page on privacy. One that
      // was known is missing, and told when it is asked for by itself.
      faults: faults.filter(({ code }) => code !== 'forbidden'),
      cursor: { after },
      expected: typeof total === 'number' ? total : null,
      ...(last ? { end: { watermark: connectorWatermark(requests), missing: [] } } : {}),
    };
    if (last) return;
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
      message: 'The site did not say what became of it.',
    });
  }
  return outcome;
}

/** All that a generator yields. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

/**
 * The inventory needs none. Without dates it makes core REST, should the connector be taken away, look through
 * everything once.
 */
export function connectorWatermark({ root }: SiteRequests): JsonObject {
  return { modified: null, read_at: null, gmt_offset: root.zone.offset, timezone: root.zone.name, unseen: 0 };
}

/** For `catch`: gives the fault of an answer that is too large, and throws any other. */
function tooLarge(error: unknown): RemoteError {
  if (error instanceof RemoteError && error.code === 'too_large') return error;
  throw error;
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((id) => Number.isSafeInteger(id)).map(String) : [];
}
