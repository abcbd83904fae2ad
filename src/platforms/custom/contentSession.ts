import { z } from 'zod';
import type { RemoteError } from '../../errors.ts';
import type {
  ContentPage,
  ContentSession,
  ReadAllRequest,
  ReadChangesRequest,
  ReadOutcome,
  SlicePage,
  SliceRequest,
  TypeOfSite,
} from '../contentPart.ts';
import type { ContentWrite, WriteOutcome } from '../contentWrite.ts';
import type { Incomplete } from '../incompleteList.ts';
import type { KnownContents } from '../knownContents.ts';
import { knownIds } from '../knownIds.ts';
import type { RemoteContent, RemoteTerm } from '../remoteContent.ts';
import { fault } from './explanations.ts';
import { ItemSearch } from './itemSearch.ts';
import type { ItemSource } from './itemSource.ts';
import { ItemWriter } from './itemWriter.ts';
import { slicePage } from './slicePage.ts';
import { cursorSchema, onlyNewest, START, walk } from './walk.ts';

/**
 * How far before the watermark changes are read again, as an item that was written during the last read may
 * have an earlier time. Milliseconds.
 */
const OVERLAP_MS = 5 * 60_000;

const watermarkSchema = z.object({ newest: z.string().nullable() });

/** A session for the one content type of a described API. */
export class CustomContentSession implements ContentSession {
  /** An API that is asked for changes since a time does not report deletions. A whole list shows them. */
  readonly findsEveryChange: boolean;
  readonly lastOperation = null;
  readonly writesAtOnce = 1;
  readonly comparesAndSets = false;
  readonly #source: ItemSource;
  readonly #search: ItemSearch;
  readonly #writer: ItemWriter;

  constructor(source: ItemSource) {
    this.#source = source;
    this.#search = new ItemSearch(source);
    this.#writer = new ItemWriter(source, this.#search);
    this.findsEveryChange = source.content.list.since_param === undefined;
  }

  finding(): RemoteError | null {
    return this.#source.client.finding;
  }

  prove(): Promise<void> {
    return this.#source.division.prove();
  }

  async *readAll({ type, newest, cursor }: ReadAllRequest): AsyncGenerator<ContentPage> {
    this.#check(type);
    const start = cursor === null ? START : cursorSchema.parse(cursor);
    const steps = walk(this.#source, start, {});
    for await (const step of newest === null ? steps : onlyNewest(steps, newest)) {
      const { page, cursor: next, expected } = step;
      yield {
        items: page.items.filter((item) => item.status !== null),
        faults: page.faults,
        cursor: next,
        expected: newest === null ? expected : Math.min(newest, expected ?? newest),
        ...(next.ended ? { end: endOf(next.failing ? null : next.newest, [], step.incomplete) } : {}),
      };
    }
  }

  async *readChanges({ type, newest, watermark, known }: ReadChangesRequest): AsyncGenerator<ContentPage> {
    this.#check(type);
    const before = watermarkSchema.parse(watermark).newest;
    const param = this.#source.content.list.since_param;
    const since = param === undefined || before === null ? null : before;
    const query = param === undefined || since === null ? {} : { [param]: withOverlap(since) };
    const failing = this.#source.content.item === undefined ? [] : await known.failing();
    const again = failing.length === 0 ? null : await this.#source.read(failing);
    if (again !== null) {
      const items = again.items.filter((item) => item.status !== null);
      yield { items, faults: again.faults, cursor: START, expected: null };
    }
    const seen = new Set<string>(again?.items.map(({ externalId }) => externalId));
    const steps = walk(this.#source, { ...START, newest: before }, query, seen);
    for await (const { page, cursor, ...step } of newest === null ? steps : onlyNewest(steps, newest)) {
      // A filtered list may come with the count of the whole list. Only a lower count is one of the filtered list.
      const isCounted = since === null || (step.incomplete?.of ?? 0) < (await known.count());
      const incomplete = isCounted ? step.incomplete : null;
      yield {
        items: await changedOnly(page.items, known),
        faults: page.faults,
        cursor,
        expected: null,
        ...(cursor.ended
          ? {
              end: endOf(
                cursor.failing ? before : cursor.newest,
                since === null
                  ? await notAmong(seen, known)
                  : [...(await known.some(again?.gone ?? [])).keys()],
                incomplete,
              ),
            }
          : {}),
      };
    }
  }

  async *readSlice({ type, newest, cursor, requests, known }: SliceRequest): AsyncGenerator<SlicePage> {
    this.#check(type);
    // The newest items of a list are known only after all of it was read.
    if (newest !== null) return;
    const start = cursor === null ? START : cursorSchema.parse(cursor);
    // The walk requests the page after the last page too.
    let left = Math.max(1, requests - 1);
    for await (const { page, cursor: next, incomplete } of walk(this.#source, start, {})) {
      // A list that lacks items does not end its round.
      const place = incomplete === null ? next : start;
      yield await slicePage(page, place.ended ? null : place, known);
      left -= 1;
      if (left === 0) return;
    }
  }

  async read(type: TypeOfSite, externalIds: readonly string[]): Promise<ReadOutcome> {
    this.#check(type);
    return this.#source.read(externalIds);
  }

  async findExisting(
    type: TypeOfSite,
    writes: readonly ContentWrite[],
  ): Promise<Map<string, RemoteContent[]>> {
    this.#check(type);
    return this.#search.findExisting(writes);
  }

  /** Yields nothing: terms are only in their items, and the API has no list of them. */
  async *readTerms(): AsyncGenerator<RemoteTerm[]> {}

  async write(type: TypeOfSite, writes: readonly ContentWrite[]): Promise<WriteOutcome[]> {
    this.#check(type);
    const outcomes: WriteOutcome[] = [];
    for (const write of writes) outcomes.push(await this.#writer.write(write));
    return outcomes;
  }

  /** Reads the list, with the cursor after each page. Adds the ids of all items to `seen`. */
  #check({ slug }: TypeOfSite): void {
    if (slug !== this.#source.content.type.slug)
      throw fault('unknown_type', { values: { type: slug }, detail: slug });
  }
}

/**
 * The end of a reading. After a list that gave fewer items than it counts, the next reading is of the whole list.
 */
function endOf(
  newest: string | null,
  missing: string[],
  incomplete: Incomplete | null,
): NonNullable<ContentPage['end']> {
  return incomplete === null
    ? { watermark: { newest }, missing }
    : { watermark: { newest: null }, missing, incomplete };
}

function withOverlap(time: string): string {
  return new Date(Math.max(0, Date.parse(time) - OVERLAP_MS)).toISOString();
}

async function changedOnly(items: RemoteContent[], known: KnownContents): Promise<RemoteContent[]> {
  const stored = await known.some(items.map((item) => item.externalId));
  return items.filter((item) => {
    const before = stored.get(item.externalId);
    return before === undefined ? item.status !== null : before.tag === null || before.tag !== item.tag;
  });
}

/** The stored ids that are not in `seen`. */
async function notAmong(seen: ReadonlySet<string>, known: KnownContents): Promise<string[]> {
  const missing: string[] = [];
  for await (const id of knownIds(known)) if (!seen.has(id)) missing.push(id);
  return missing;
}
