import { RemoteError } from '../../errors.ts';
import { Turns } from '../../outbound/turns.ts';
import type { Pace, ReadOutcome } from '../contentPart.ts';
import type { Incomplete } from '../incompleteList.ts';
import { Division, failsAlone, overload } from '../parts/division.ts';
import { PartSizes, type SizeMemory } from '../parts/partSize.ts';
import type { ItemFault, RemoteContent } from '../remoteContent.ts';
import type { ApiClient, ApiRequest } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { mapItem } from './itemMap.ts';
import { readPointer } from './jsonPointer.ts';
import { FIRST_PAGE, type ListPage, type PageStart } from './listPage.ts';
import { readPages } from './listPages.ts';
import { proveApi } from './proof.ts';

/** The code of an item with the id of another item. */
const SAME_ID = 'same_id';

/** A page of a list, with its items read by the map. */
export interface ItemPage {
  items: RemoteContent[];
  faults: ItemFault[];
  page: ListPage;
  /** How many different items the list has given so far; null if that is unknown. */
  read: number | null;
  /** On the last page, if the API counts more items than it gave. */
  incomplete: Incomplete | null;
}

/** Reads the items of one described API. Throws ExplainedFault. */
export class ItemSource {
  readonly client: ApiClient;
  readonly content: ContentDescription;
  readonly pace: Pace;
  /** Divides what the API cannot give at once. */
  readonly division: Division;

  constructor(client: ApiClient, content: ContentDescription, pace: Pace, sizes?: SizeMemory) {
    this.client = client;
    this.content = content;
    this.pace = pace;
    this.division = new Division(new PartSizes(sizes), () => proveApi(this));
  }

  /**
   * Reads the list from a page on, filtered by `query`. If pages shift, an item that came before does not
   * come again.
   */
  async *list(start: PageStart = FIRST_PAGE, query: Record<string, string> = {}): AsyncGenerator<ItemPage> {
    const seen = new Set<string>();
    let nameless = 0;
    let least: number | null = null;
    for await (const page of readPages(this, start, query)) {
      const { items, faults: own, ids } = await this.#itemsOf(page, seen);
      const faults = [...own, ...page.faults];
      for (const id of ids) seen.add(id);
      // These items came, but their ids are not among those of the list.
      nameless += faults.filter(({ externalId, code }) => externalId === null || code === SAME_ID).length;
      if (page.total !== null) least = Math.min(page.total, least ?? page.total);
      const read = start.read === null ? null : start.read + seen.size + nameless;
      const isShort = page.next === null && read !== null && least !== null && read < least;
      yield { items, faults, page, read, incomplete: isShort ? { read, of: least ?? 0 } : null };
    }
  }

  /** The items of a page that are not in `seen`. An item that comes twice on the page counts once. */
  async #itemsOf(page: ListPage, seen: ReadonlySet<string>) {
    const items: RemoteContent[] = [];
    const faults: ItemFault[] = [];
    const here = new Map<string, unknown>();
    const turns = new Turns();
    for (const raw of page.items) {
      await turns.pause();
      const { content, fault } = mapItem(raw, this.content);
      const id = content?.externalId ?? fault?.externalId ?? null;
      const twin = id === null ? undefined : here.get(id);
      if (id !== null && twin !== undefined) {
        if (JSON.stringify(twin) === JSON.stringify(raw)) continue;
        faults.push({ externalId: id, code: SAME_ID, message: 'Two items of one page have this id.' });
      } else if (fault !== null) faults.push(fault);
      else if (!seen.has(content.externalId)) items.push(content);
      if (id !== null) here.set(id, raw);
    }
    return { items, faults, ids: here.keys() };
  }

  /**
   * Reads some items in their current state: one request for each, or the list if the API has no request for
   * one item.
   */
  async read(externalIds: readonly string[]): Promise<ReadOutcome> {
    if (this.content.item === undefined) return this.#readFromList(externalIds);
    const outcome: ReadOutcome = { items: [], gone: [], faults: [] };
    const ids = [...new Set(externalIds)];
    for (let from = 0; from < ids.length; from += this.pace.atOnce) {
      const some = ids.slice(from, from + this.pace.atOnce);
      for (const one of await Promise.all(some.map((id) => this.#readOne(this.content.item, id)))) {
        outcome.items.push(...one.items);
        outcome.gone.push(...one.gone);
        outcome.faults.push(...one.faults);
      }
    }
    return outcome;
  }

  async #readOne(item: ContentDescription['item'], externalId: string): Promise<ReadOutcome> {
    const request: ApiRequest = { method: 'GET', path: pathTo(item?.path ?? '', externalId) };
    const none = { items: [], gone: [], faults: [] };
    const refused = (code: string, message: string) => ({ ...none, faults: [{ externalId, code, message }] });
    try {
      const { value } = await this.pace.send(() => this.client.json(request), {
        repeatable: true,
        writes: false,
        divisible: true,
      });
      const { content, fault } = mapItem(readPointer(value, item?.at ?? ''), this.content);
      if (fault !== null) return refused(fault.code, fault.message);
      return content.externalId === externalId
        ? { ...none, items: [content] }
        : refused('other_item', 'The API answered with another item than the requested one.');
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      if (error.code === 'not_found') return { ...none, gone: [externalId] };
      if (error.code === 'forbidden') return refused('forbidden', error.message);
      const failed = overload(error);
      if (failed.code !== 'too_large') await this.division.prove();
      return { ...none, faults: [failsAlone(externalId, failed)] };
    }
  }

  async #readFromList(externalIds: readonly string[]): Promise<ReadOutcome> {
    const wanted = new Set(externalIds);
    const outcome: ReadOutcome = { items: [], gone: [], faults: [] };
    let nameless = false;
    let isWhole = true;
    for await (const { items, faults, incomplete } of this.list()) {
      isWhole = incomplete === null;
      for (const item of items) if (wanted.delete(item.externalId)) outcome.items.push(item);
      for (const fault of faults) {
        if (fault.externalId === null) nameless = true;
        else if (wanted.delete(fault.externalId)) outcome.faults.push(fault);
      }
    }
    if (!isWhole) {
      const message = 'It was not found, but the API counts more items than its list gives.';
      const left = [...wanted].map((externalId) => ({ externalId, code: 'incomplete_list', message }));
      return { ...outcome, faults: [...outcome.faults, ...left] };
    }
    if (!nameless) return { ...outcome, gone: [...wanted] };
    // An item without a readable id may be one of the requested items, so nothing counts as gone.
    const message = 'It was not found, but the list has items whose id cannot be read.';
    const unsure = [...wanted].map((externalId) => ({ externalId, code: 'no_id', message }));
    return { ...outcome, faults: [...outcome.faults, ...unsure] };
  }
}

/** Puts an id into a described path. */
export function pathTo(template: string, externalId: string): string {
  return template.replaceAll('{id}', () => encodeURIComponent(externalId));
}
