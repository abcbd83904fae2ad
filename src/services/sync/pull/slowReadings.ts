/** A site that has not answered for this long no longer keeps a worker. Milliseconds. */
const slowAfterMs = 3_000;
/** How many readings of a process may go on without a worker. Each holds at most one item in memory. */
const goingOnAtMost = 64;
/** How many finished readings are remembered until their jobs come again. */
const finishedAtMost = 1_000;

/** The job of a reading has ended before the reading. The queue runs the job again later. */
export class StillReading extends Error {}

/**
 * Lets a slow reading go on without its worker, so that silent sites do not keep the workers from other sites.
 * The job of the reading fails and comes again. If the process dies meanwhile, the job reads again.
 */
export class SlowReadings {
  readonly #goingOn = new Map<number, Set<string>>();
  readonly #finished = new Set<string>();
  readonly #slowAfterMs: number;
  #count = 0;

  constructor(options: { slowAfterMs?: number } = {}) {
    this.#slowAfterMs = options.slowAfterMs ?? slowAfterMs;
  }

  /**
   * Reads, and waits for the reading while its site is quick. Throws StillReading for a slow reading, and while
   * another reading of the integration is slow; `item` is then to be read again. Returns without reading if the
   * slow reading of the item has ended well since.
   */
  async read(integrationId: number, item: string, reading: () => Promise<unknown>): Promise<void> {
    const key = `${integrationId} ${item}`;
    if (this.#finished.delete(key)) return;
    if (this.#goingOn.has(integrationId))
      throw new StillReading('The site has not answered an earlier reading yet.');
    const read = reading();
    if (await this.#isQuick(read)) {
      await read;
      return;
    }
    if (this.#count >= goingOnAtMost) {
      await read;
      return;
    }
    this.#follow(integrationId, key, read);
    throw new StillReading('The site answers slowly. The reading goes on.');
  }

  async #isQuick(read: Promise<unknown>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), this.#slowAfterMs);
    const ended = () => resolve(true);
    read.then(ended, ended);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #follow(integrationId: number, key: string, read: Promise<unknown>): void {
    const readings = this.#goingOn.get(integrationId) ?? new Set();
    this.#goingOn.set(integrationId, readings.add(key));
    this.#count += 1;
    const end = () => {
      this.#count -= 1;
      readings.delete(key);
      if (readings.size === 0) this.#goingOn.delete(integrationId);
    };
    read.then(
      () => {
        end();
        if (this.#finished.size < finishedAtMost) this.#finished.add(key);
      },
      // The reading has recorded its fault. The job reads again.
      end,
    );
  }
}
