import { RemoteError } from '../../../../errors.ts';
import type { ContentTerm, ItemFault, RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import { readPost } from '../postFields.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';
import { readTerm } from '../termMap.ts';
import { TooLargeItems, tooLarge } from '../tooLarge.ts';
import type { ConnectorMemory } from './connectorMemory.ts';

/** The largest page of the connector. */
export const PAGE = 500;

/** How many ids a range of the inventory spans. */
export const RANGE = 1_000;

interface Items {
  items: RemoteContent[];
  faults: ItemFault[];
  gone: string[];
}

/** Requests items of one type from the connector. */
export class ConnectorItems {
  readonly type: string;
  readonly #requests: SiteRequests;
  readonly #memory: ConnectorMemory;
  readonly #tooLarge = new TooLargeItems();

  constructor(requests: SiteRequests, memory: ConnectorMemory, type: string) {
    this.#requests = requests;
    this.#memory = memory;
    this.type = type;
  }

  /** Requests a route of the connector for this type. Throws RemoteError. */
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
    this.#memory.hear(value.last_operation);
    this.#memory.hearLinkRules(this.type, value.links);
    return { ...answer, value };
  }

  /** Yields the items with these ids, at most 500 ids; in halves if one answer is too large. */
  async *byIds(ids: readonly string[]): AsyncGenerator<Items> {
    // A query may hold plain commas. Encoded commas would take three times the space.
    const answer = await this.ask('items', `include=${ids.join(',')}`).catch(tooLarge);
    if (!(answer instanceof RemoteError)) {
      yield this.read(answer);
    } else if (ids.length > 1) {
      const half = Math.ceil(ids.length / 2);
      yield* this.byIds(ids.slice(0, half));
      yield* this.byIds(ids.slice(half));
    } else {
      yield { items: [], faults: [this.#tooLarge.fault(ids[0] ?? null, answer)], gone: [] };
    }
  }

  /** Finds the item after an id, which is too large for an answer. Throws RemoteError. */
  async skipAfter(after: number, error: RemoteError): Promise<{ id: number; fault: ItemFault }> {
    const fault = this.#tooLarge.fault(null, error);
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

  /** Reads an answer of `items` as contents and faults. Throws RemoteError. */
  read({ value, damaged }: { value: Record<string, unknown>; damaged: boolean }): Items {
    const list: unknown[] = Array.isArray(value.items) ? value.items : [null];
    const records = list.filter(isRecord);
    if (records.length < list.length) throw this.#requests.unexpected('items that are no objects', true);
    const readings = records.map((record) => readItem(record, damaged, this.type));
    const forbidden = idsOf(value.forbidden).map((externalId) => ({
      externalId,
      code: 'forbidden',
      message: 'The WordPress user that the connector acts as may not edit this item.',
    }));
    return {
      items: readings.flatMap(({ post }) => post ?? []),
      faults: [...readings.flatMap(({ fault }) => fault ?? []), ...forbidden],
      gone: idsOf(value.gone),
    };
  }
}

/** Reads an item of the connector. `type`: the type of the items that were requested, if it is known. */
export function readItem(record: Record<string, unknown>, damaged: boolean, type = '') {
  const { terms: list = [] } = record;
  const terms = Array.isArray(list) && list.every(isRecord) ? list.flatMap(termOf) : null;
  return readPost(record, { type, terms, damaged });
}

function termOf(term: unknown): ContentTerm[] {
  if (!isRecord(term) || typeof term.taxonomy !== 'string') return [];
  // Items list their terms without ids, but `readTerm` needs an id.
  const read = readTerm({ ...term, id: 1 }, term.taxonomy);
  return read === null ? [] : [read.term];
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((id) => Number.isSafeInteger(id)).map(String) : [];
}
