import { RemoteError } from '../../errors.ts';
import { isOverload } from '../../outbound/overload.ts';
import type { ItemFault } from '../remoteContent.ts';
import type { PartSize, PartSizes } from './partSize.ts';

/** The code of an item whose request fails although it asks for that item alone, while the site answers others. */
export const FAILS_ALONE = 'item_fails';

/** After the first number of failures without an answer in between, and each time after the second, the site must prove that it is up. */
const FAILURES_BEFORE_PROOF = { first: 2, further: 10 };
/** If more items fail alone, and more than this share of all, the fault is the site's and not that of its items. */
const MOST_ALONE = { items: 20, share: 0.1 };

/** A list that can be asked for in parts of any size. `P` is a place in it, `T` an answer. */
export interface DivisibleList<P, T> {
  /** Identifies the list in the memory of sizes. */
  name: string;
  /** The largest part that the API allows. */
  most: number;
  /** Asks for `count` items from a place on. Throws RemoteError. */
  ask(from: P, count: number): Promise<T>;
  /** The place behind a part; null behind the end of the list. */
  next(from: P, count: number, part: T): P | null;
  /** How many of `count` items can be asked for at this place, if not all; at least 1. */
  fitting?(from: P, count: number): number;
  /** Can `alone` divide what the list takes for one item? Then such an item is no fault. */
  isDivisibleAlone?: true;
  /** Stands in for the item at a place, which fails alone. Names the item if that is possible. */
  alone(from: P, error: RemoteError): Promise<{ part: T; next: P | null }>;
}

interface Outcome<P> {
  next: P | null;
  /** How many items the part spans. */
  taken: number;
  /** Did an item of the part fail alone? Then the size of the part proves nothing. */
  hasFailing: boolean;
}

/**
 * Asks a weak site for lists in parts that it can answer. A part that fails is asked for again in halves, down to one
 * item. A size that fails in whole and passes in halves is too large, and is not asked for again. An item that fails
 * alone, while the site answers other requests, is left out by name.
 */
export class Division {
  readonly sizes: PartSizes;
  readonly #prove: () => Promise<void>;
  #failuresInARow = 0;
  #answered = 0;
  #alone = 0;

  /** @param prove sends the cheapest request. Throws RemoteError if the site does not answer it. */
  constructor(sizes: PartSizes, prove: () => Promise<void>) {
    this.sizes = sizes;
    this.#prove = prove;
  }

  /** Yields the answers for `count` items from a place on. Returns the place behind them. Throws RemoteError. */
  async *read<P, T>(list: DivisibleList<P, T>, from: P, count: number): AsyncGenerator<T, P | null> {
    const size = this.sizes.of(list.name, list.most);
    let at: P | null = from;
    for (let left = count; left > 0 && at !== null; ) {
      const outcome: Outcome<P> = yield* this.#part(list, size, at, left);
      left -= outcome.taken;
      at = outcome.next;
    }
    await this.sizes.remember(list.name);
    return at;
  }

  /** Collects what `read` yields. */
  async collect<P, T>(list: DivisibleList<P, T>, from: P, count: number): Promise<T[]> {
    const found: T[] = [];
    for await (const part of this.read(list, from, count)) found.push(part);
    return found;
  }

  /** Yields the answers for at most `most` items from a place on, and for fewer if the site gives fewer at once. */
  async *#part<P, T>(
    list: DivisibleList<P, T>,
    size: PartSize,
    from: P,
    most: number,
  ): AsyncGenerator<T, Outcome<P>> {
    const count = fitting(list, from, Math.min(most, size.now));
    size.asked(count);
    let failed: RemoteError;
    try {
      const part = await list.ask(from, count);
      this.#came(count);
      size.passed(count);
      // The caller may stop at any part.
      await this.sizes.remember(list.name);
      yield part;
      return { next: list.next(from, count, part), taken: count, hasFailing: false };
    } catch (error) {
      failed = overload(error);
    }
    await this.#doubt(failed);
    if (size.isProbe(count)) {
      size.tooLarge(count);
      return { next: from, taken: 0, hasFailing: false };
    }
    if (count === 1) return yield* this.#one(list, from, failed);
    const outcome: Outcome<P> = { next: from, taken: 0, hasFailing: false };
    const half = fitting(list, from, Math.ceil(count / 2));
    while (outcome.next !== null && outcome.taken < count) {
      const some = Math.min(half, count - outcome.taken);
      const part: Outcome<P> = yield* this.#part(list, size, outcome.next, some);
      outcome.next = part.next;
      outcome.taken += part.taken;
      outcome.hasFailing ||= part.hasFailing;
      // A part has shown that this size is too large. So the rest is asked for in parts of the size that passes.
      if (size.now < count) return outcome;
    }
    // Large items are few. Their neighbours come in parts of any size.
    if (!outcome.hasFailing && failed.code !== 'too_large') size.tooLarge(count, half);
    return outcome;
  }

  /** Handles an item whose request failed. Its failure may have passed, or be the site's. */
  async *#one<P, T>(list: DivisibleList<P, T>, from: P, error: RemoteError): AsyncGenerator<T, Outcome<P>> {
    let last = error;
    if (list.isDivisibleAlone) {
      const { part, next } = await list.alone(from, error);
      yield part;
      return { next, taken: 1, hasFailing: true };
    }
    if (error.code !== 'too_large') {
      await this.prove();
      try {
        const part = await list.ask(from, 1);
        this.#came(1);
        yield part;
        return { next: list.next(from, 1, part), taken: 1, hasFailing: false };
      } catch (again) {
        last = overload(again);
      }
    }
    this.#countAlone(last);
    const { part, next } = await list.alone(from, last);
    yield part;
    return { next, taken: 1, hasFailing: true };
  }

  /** Throws RemoteError if the site is down. */
  async prove(): Promise<void> {
    this.#failuresInARow = 0;
    await this.#prove();
  }

  /** Counts an item that fails alone. Throws RemoteError if there are too many for a fault of single items. */
  #countAlone(error: RemoteError): void {
    this.#alone += 1;
    if (this.#alone > MOST_ALONE.items && this.#alone > this.#answered * MOST_ALONE.share) throw error;
  }

  #came(count: number): void {
    this.#failuresInARow = 0;
    this.#answered += count;
  }

  /** Notes a failed request. After some in a row the site must prove that it is up; throws RemoteError if it is down. */
  async #doubt({ code }: RemoteError): Promise<void> {
    if (code === 'too_large') return;
    this.#failuresInARow += 1;
    const { first, further } = FAILURES_BEFORE_PROOF;
    if (this.#failuresInARow === first || this.#failuresInARow % further === 0) await this.#prove();
  }
}

function fitting<P, T>(list: DivisibleList<P, T>, from: P, count: number): number {
  return list.fitting?.(from, count) ?? count;
}

/** The fault of an item that fails alone. */
export function failsAlone(externalId: string | null, { code, message }: RemoteError): ItemFault {
  if (code === 'too_large') return { externalId, code, message };
  return {
    externalId,
    code: FAILS_ALONE,
    message: `The site fails when it is asked for this item alone, and answers other requests: ${message}`,
  };
}

/** For `catch`: returns the error of a request that may have asked for too much, and throws any other. */
export function overload(error: unknown): RemoteError {
  if (error instanceof RemoteError && isOverload(error)) return error;
  throw error;
}
