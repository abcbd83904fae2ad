/** What Shopify reports about an app's bucket in a shop: points, and points a second. */
export interface ThrottleStatus {
  maximumAvailable: number;
  currentlyAvailable: number;
  restoreRate: number;
}

export interface BucketClock {
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Resolves after `ms` milliseconds; rejects when the signal aborts. */
  wait: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * The query points that one app has in one shop. A query reserves its maximum cost before it runs, and gets
 * unused points back: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
 * A request is admitted when the bucket certainly holds its cost, in order of arrival. A process that has the
 * app to itself is therefore never throttled.
 */
export class CostBucket {
  readonly #time: BucketClock;
  /** Shopify's last report and its time; null before the first answer. */
  #told: (ThrottleStatus & { at: number }) | null = null;
  /** The cost of requests without an answer yet. Shopify's report may or may not include it already. */
  #underWay = 0;
  #requests = 0;
  #queue: Promise<void> = Promise.resolve();
  #settled = Promise.withResolvers<void>();
  /** How many requests wait or are under way. `usedAt` is when the last one was made. */
  waiting = 0;
  usedAt: number;
  /**
   * The costs of queries that Shopify reported, by query and expected cost. Shopify does not document all of
   * its cost rules.
   */
  readonly #known = new Map<string, number>();

  constructor(time: BucketClock) {
    this.#time = time;
    this.usedAt = time.clock();
  }

  /** The cost to reserve for a query: the cost that was reported before, else `expected`. */
  costOf(query: string, expected: number): number {
    return this.#known.get(`${query} ${expected}`) ?? expected;
  }

  learn(query: string, expected: number, cost: number): void {
    this.#known.set(`${query} ${expected}`, cost);
  }

  /** Resolves when the bucket holds `cost`, which is then reserved until `settle`. */
  reserve(cost: number, signal?: AbortSignal): Promise<void> {
    this.waiting += 1;
    this.usedAt = this.#time.clock();
    const admitted = this.#queue.then(() => this.#admit(cost, signal));
    this.#queue = admitted.catch(() => undefined);
    admitted.catch(() => {
      this.waiting -= 1;
    });
    return admitted;
  }

  /** Ends a reservation and stores Shopify's report about the bucket, if there is one. */
  settle(cost: number, status: ThrottleStatus | null): void {
    this.waiting -= 1;
    this.#underWay -= cost;
    this.#requests -= 1;
    if (status !== null) this.#told = { ...status, at: this.#time.clock() };
    this.#settled.resolve();
    this.#settled = Promise.withResolvers();
  }

  /** How long an empty bucket takes to restore `cost`. Milliseconds. */
  refillMs(cost: number): number {
    return this.#told === null ? 1000 : Math.ceil((cost / this.#told.restoreRate) * 1000);
  }

  async #admit(cost: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const wait = this.#missing(cost);
      if (wait === 0) break;
      // An answer may return points before the wait is over.
      const enough = new AbortController();
      const stop = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
      const settled = this.#settled.promise;
      const timer = wait === Number.POSITIVE_INFINITY ? settled : this.#time.wait(wait, stop);
      try {
        await Promise.race([settled, timer]);
      } finally {
        enough.abort();
        timer.catch(() => undefined);
      }
    }
    this.#underWay += cost;
    this.#requests += 1;
  }

  /**
   * Milliseconds until the bucket holds `cost`: 0 if it does already, infinite if only an answer can tell.
   */
  #missing(cost: number): number {
    if (this.#told === null) return this.#requests === 0 ? 0 : Number.POSITIVE_INFINITY;
    const { maximumAvailable, currentlyAvailable, restoreRate, at } = this.#told;
    const restored = ((this.#time.clock() - at) / 1000) * restoreRate;
    const available = Math.min(maximumAvailable, currentlyAvailable + restored) - this.#underWay;
    // A query that costs more than a full bucket is sent when the bucket is full. Shopify then refuses it.
    const missing = Math.min(cost, maximumAvailable) - available;
    // Even a full bucket does not hold the cost and the requests under way together. Waiting alone does not
    // help.
    if (cost + this.#underWay > maximumAvailable && this.#requests > 0) return Number.POSITIVE_INFINITY;
    return missing <= 0 ? 0 : Math.ceil((missing / restoreRate) * 1000);
  }
}

/** The buckets of a process, one for each key: a shop as one site uses it. */
export class CostBuckets {
  readonly #time: BucketClock;
  readonly #buckets = new Map<string, CostBucket>();

  constructor(time: BucketClock) {
    this.#time = time;
  }

  get(key: string): CostBucket {
    const known = this.#buckets.get(key);
    if (known) return known;
    if (this.#buckets.size >= 1000) this.#forgetIdle();
    const bucket = new CostBucket(this.#time);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Deletes buckets that were not used for 5 minutes. Such a bucket is full again, so nothing is lost. */
  #forgetIdle(): void {
    const before = this.#time.clock() - 5 * 60_000;
    for (const [key, bucket] of this.#buckets) {
      if (bucket.waiting === 0 && bucket.usedAt < before) this.#buckets.delete(key);
    }
  }
}
