import type { RemoteError } from '../../../../errors.ts';
import { type DivisibleList, failsAlone, overload } from '../../../parts/division.ts';
import type { ContentTerm, ItemFault, RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import { readPost } from '../postFields.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';
import type { ItemTerms } from '../termMap.ts';
import { faultOfTerm, itemTerm, readNames } from '../termRecord.ts';
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
      { divisible: true },
    );
    const { value } = answer;
    if (!isRecord(value)) throw this.#requests.unexpected(`${route} that are no object`, true);
    this.#memory.hear(value.last_operation);
    this.#memory.hearLinkRules(this.type, value.links);
    return { ...answer, value };
  }

  /**
   * Yields the items with these ids, at most 500 ids; in parts if the site cannot give them at once. An item that
   * fails alone is a fault.
   */
  async *byIds(ids: readonly string[]): AsyncGenerator<Items> {
    const { failing, division } = this.#requests;
    const key = (id: string) => `${this.sizeName} ${id}`;
    const faults = ids.flatMap((id) => {
      const error = failing.get(key(id));
      return error === undefined ? [] : [failsAlone(id, error)];
    });
    if (faults.length > 0) yield { items: [], faults, gone: [] };
    const left = ids.filter((id) => !failing.has(key(id)));
    if (left.length === 0) return;
    const list: DivisibleList<number, Items> = {
      name: this.sizeName,
      most: PAGE,
      // A query may hold plain commas. Encoded commas would take three times the space.
      ask: async (from, count) =>
        this.read(await this.ask('items', `include=${left.slice(from, from + count).join(',')}`)),
      next: (from, count) => (from + count < left.length ? from + count : null),
      alone: async (from, error) => {
        const id = left[from] ?? '';
        failing.set(key(id), error);
        const part = { items: [], faults: [failsAlone(id, error)], gone: [] };
        return { part, next: from + 1 < left.length ? from + 1 : null };
      },
    };
    yield* division.read(list, 0, left.length);
  }

  /** Reads an item that may fail alone; then its fault says so. Throws RemoteError if the site is down. */
  async fragile(id: string): Promise<Items> {
    try {
      return this.read(await this.ask('items', `include=${id}`));
    } catch (error) {
      const failed = overload(error);
      if (failed.code !== 'too_large') await this.#requests.division.prove();
      this.#requests.failing.set(`${this.sizeName} ${id}`, failed);
      return { items: [], faults: [failsAlone(id, failed)], gone: [] };
    }
  }

  /** The name of these items in the memory of sizes. */
  get sizeName(): string {
    return `items ${this.type}`;
  }

  /** The id of the first item after an id, whether or not the site can give it; null if there is none. */
  async firstAfter(after: number): Promise<number | null> {
    const answer = await this.ask('items', `after_id=${after}&limit=1`).catch(overload);
    if ('retryable' in answer) return (await this.skipAfter(after, answer)).id;
    const { items, faults } = this.read(answer);
    const ids = [...items, ...faults].map(({ externalId }) => Number(externalId ?? Number.NaN));
    const next = answer.value.next_after_id;
    return ids.find((id) => id > after) ?? (typeof next === 'number' ? next : null);
  }

  /** Finds the item after an id, which fails alone. Throws RemoteError. */
  async skipAfter(after: number, error: RemoteError): Promise<{ id: number; fault: ItemFault }> {
    const first = after + 1;
    const { ranges } = (await this.ask('inventory', `size=${RANGE}`)).value;
    for (const entry of Array.isArray(ranges) ? ranges : []) {
      const [range]: unknown[] = Array.isArray(entry) ? entry : [];
      if (typeof range !== 'number' || range < Math.floor(first / RANGE)) continue;
      const { items } = (await this.ask('inventory', `size=${RANGE}&in=${range}`)).value;
      const ids = (Array.isArray(items) ? items : []).map((item: unknown) => Number([item].flat()[0]));
      const found = ids.filter((id) => id >= first).sort((one, other) => one - other)[0];
      if (found === undefined) continue;
      this.#requests.failing.set(`${this.sizeName} ${found}`, error);
      return { id: found, fault: failsAlone(String(found), error) };
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
  return readPost(record, { type, terms: termsOf(list), damaged });
}

/** The terms of an item, which lists them without their ids. */
function termsOf(list: unknown): ItemTerms {
  if (!Array.isArray(list)) return { list: [], fault: 'The terms are not a list.' };
  const terms: ContentTerm[] = [];
  const faults: string[] = [];
  for (const term of list) {
    if (!isRecord(term) || typeof term.taxonomy !== 'string') {
      faults.push('A term has no taxonomy.');
      continue;
    }
    const { taxonomy } = term;
    const read = readNames(term);
    terms.push(...[itemTerm(read, taxonomy)].flatMap((each) => each ?? []));
    faults.push(...[faultOfTerm(read, taxonomy)].flatMap((each) => each ?? []));
  }
  return { list: terms, fault: faults[0] ?? null };
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((id) => Number.isSafeInteger(id)).map(String) : [];
}
