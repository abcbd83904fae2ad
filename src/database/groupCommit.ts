import { isDatabaseUnavailable } from './unavailable.ts';

/**
 * Writes together what arrives while earlier groups are being written: under load a commit, which waits for the
 * disk, is shared by many, and a single item waits for nobody. An item is done only when its transaction is.
 */
export class GroupCommit<Item, Result> {
  readonly #write: (items: Item[]) => Promise<Result[]>;
  readonly #most: number;
  readonly #atOnce: number;
  readonly #waiting: { item: Item; promise: PromiseWithResolvers<Result> }[] = [];
  #writing = 0;

  /**
   * @param options.write   writes a group whole or not at all, and gives a result for each item in order
   * @param options.most    most items of a group
   * @param options.atOnce  most groups written at once: one that waits for a lock does not stop all
   */
  constructor(options: { write: (items: Item[]) => Promise<Result[]>; most: number; atOnce: number }) {
    this.#write = options.write;
    this.#most = options.most;
    this.#atOnce = options.atOnce;
  }

  /** Resolves with the item's result when it is committed; rejects with what kept it from being written. */
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
    // One that cannot be written must not take the others with it.
    const each: PromiseSettledResult<Result>[] = [];
    for (const item of items) each.push(...(await this.#writeGroup([item])));
    return each;
  }
}
