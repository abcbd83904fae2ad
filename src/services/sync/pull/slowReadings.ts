/** A site that has not answered for this long no longer keeps a worker. Milliseconds. */
const slowAfterMs = 3_000;
/** How many readings of a process may go on without a worker. Each holds at most one item in memory. */
const goingOnAtMost = 64;
/** How many jobs are remembered whose reading has ended. A job that is forgotten reads again. */
const endedAtMost = 1_000;

/** The job of a reading has ended before the reading. The queue runs the job again later. */
export class StillReading extends Error {}

/** An item that a job has to read. The retries of a job have its id. */
interface AnnouncedItem {
  jobId: string;
  integrationId: number;
  item: string;
}

/**
 * Lets a slow reading go on without its worker, so that silent sites do not keep the workers from other sites.
 * The job of the reading fails and comes again. If the process dies meanwhile, the job reads again.
 */
export class SlowReadings {
  /** The readings that go on, each with its item, or null if the item was announced again since. */
  readonly #goingOn = new Map<number, { item: string | null }[]>();
  /** The jobs whose readings have ended well without them, the oldest first. */
  readonly #ended = new Set<string>();
  readonly #slowAfterMs: number;
  #count = 0;

  constructor(options: { slowAfterMs?: number } = {}) {
    this.#slowAfterMs = options.slowAfterMs ?? slowAfterMs;
  }

  /**
   * Reads, and waits for the reading while its site is quick. Throws StillReading for a slow reading, and while
   * another reading of the integration is slow. Returns without reading if the slow reading of this job has ended
   * well, and the item was not announced again meanwhile.
   */
  async read(announced: AnnouncedItem, reading: () => Promise<unknown>): Promise<void> {
    if (this.#ended.delete(announced.jobId)) return;
    const goingOn = this.#goingOn.get(announced.integrationId);
    if (goingOn !== undefined) {
      // The reading may have begun before the change. The queue keeps one waiting job for an item, which may be
      // that of the reading, so that job has to read again.
      for (const each of goingOn) if (each.item === announced.item) each.item = null;
      throw new StillReading('The site has not answered an earlier reading yet.');
    }
    const read = reading();
    if ((await this.#isQuick(read)) || this.#count >= goingOnAtMost) {
      await read;
      return;
    }
    void this.#follow(announced, read);
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

  async #follow({ jobId, integrationId, item }: AnnouncedItem, read: Promise<unknown>): Promise<void> {
    const entry: { item: string | null } = { item };
    this.#goingOn.set(integrationId, [...(this.#goingOn.get(integrationId) ?? []), entry]);
    this.#count += 1;
    // A failed reading has recorded its fault. The job reads again.
    const isWell = await read.then(
      () => true,
      () => false,
    );
    this.#count -= 1;
    const left = (this.#goingOn.get(integrationId) ?? []).filter((each) => each !== entry);
    if (left.length === 0) this.#goingOn.delete(integrationId);
    else this.#goingOn.set(integrationId, left);
    if (isWell && entry.item !== null) this.#remember(jobId);
  }

  #remember(jobId: string): void {
    this.#ended.add(jobId);
    const [oldest] = this.#ended;
    if (this.#ended.size > endedAtMost && oldest !== undefined) this.#ended.delete(oldest);
  }
}
