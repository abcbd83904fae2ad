import { isDatabaseUnavailable } from './unavailable.ts';

/**
 * Groups the items that arrive while earlier groups are being written. A commit waits for the disk; under
 * load many items share one commit. A single item is written at once. An item is done when its transaction is
 * committed.
 */
export class GroupCommit<Item, Result> {
  readonly #write: (items: Item[]) => Promise<Result[]>;
  readonly #most: number;
  readonly #atOnce: number;
  readonly #waiting: { item: Item; promise: PromiseWithResolvers<Result> }[] = [];
  #writing = 0;

  /**
   * @param options.write   writes a whole group or nothing, and returns a result for each item in order
   * @param options.most    the largest number of items in a group
   * @param options.atOnce  the largest number of groups written at once. With more than one, a group that
   *                        waits for a lock does not block all others.
   */
  constructor(options: { write: (items: Item[]) => Promise<Result[]>; most: number; atOnce: number }) {
    this.#write = options.write;
    this.#most = options.most;
    this.#atOnce = options.atOnce;
  }

  /** Resolves with the item's result after the commit. Rejects with the error that prevented the write. */
  add(item: Item): Promise<Result> {
    const promise = Promise.withResolvers<Result>();
    this.#waiting.push({ item, promise });
    if (this.#writing < this.#atOnce) void this.#writeWaiting();
    return promise.promise;
  }

  async #writeWaiting(): Promise<void> {
    this.#writing += 1;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
      const results = await this.#writeGroup(group.map(({ item }) => item));
      group.forEach(({ promise }, index) => {
        const result = results[index];
        if (result?.status === 'fulfilled') promise.resolve(result.value);
        else promise.reject(result?.reason);
      });
    }
    this.#writing -= 1;
  }

  async #writeGroup(items: Item[]): Promise<PromiseSettledResult<Result>[]> {
    const [together] = await Promise.allSettled([this.#write(items)]);
    if (together.status === 'fulfilled')
      return together.value.map((value) => ({ status: 'fulfilled', value }));
    if (items.length === 1 || isDatabaseUnavailable(together.reason)) return items.map(() => together);
    // One faulty item must not make the whole group fail, so each item is written alone.
    const each: PromiseSettledResult<Result>[] = [];
    for (const item of items) each.push(...(await this.#writeGroup([item])));
    return each;
  }
}
