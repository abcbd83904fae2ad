/** What Shopify tells of an app's bucket in a shop: points, and points a second. */
export interface ThrottleStatus {
  maximumAvailable: number;
  currentlyAvailable: number;
  restoreRate: number;
}

export interface BucketClock {
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  wait: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * The points that one app has in one shop. A query takes what it may cost at the most before it runs, and gets
 * the rest back: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
 * A request is admitted when the bucket surely holds its cost, in the order of asking, so that a process that
 * has the app for itself is never throttled.
 */
export class CostBucket {
  readonly #time: BucketClock;
  /** As last told, and when; null before the first answer. */
  #told: (ThrottleStatus & { at: number }) | null = null;
  /** Costs of requests that are not answered yet; what Shopify tells may hold them already or not. */
  #underWay = 0;
  #requests = 0;
  #queue: Promise<void> = Promise.resolve();
  #settled = Promise.withResolvers<void>();
  /** How many requests wait or are under way, and when the last one was asked for. */
  waiting = 0;
  usedAt: number;
  /** What queries did cost, by what was expected of them: how Shopify counts is not all documented. */
  readonly #known = new Map<string, number>();

  constructor(time: BucketClock) {
    this.#time = time;
    this.usedAt = time.clock();
  }

  /** What a query will be asked for: what it cost before, or what is `expected` of it. */
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

  /** Gives a reservation back, with what Shopify told of the bucket, if it did. */
  settle(cost: number, status: ThrottleStatus | null): void {
    this.waiting -= 1;
    this.#underWay -= cost;
    this.#requests -= 1;
    if (status !== null) this.#told = { ...status, at: this.#time.clock() };
    this.#settled.resolve();
    this.#settled = Promise.withResolvers();
  }

  /** How long until `cost` is restored from nothing. Milliseconds. */
  refillMs(cost: number): number {
    return this.#told === null ? 1000 : Math.ceil((cost / this.#told.restoreRate) * 1000);
  }

  async #admit(cost: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const wait = this.#missing(cost);
      if (wait === 0) break;
      // An answer may bring points back before time does.
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

  /** Milliseconds until `cost` will be there; 0 when it is; infinite when only an answer can tell. */
  #missing(cost: number): number {
    if (this.#told === null) return this.#requests === 0 ? 0 : Number.POSITIVE_INFINITY;
    const { maximumAvailable, currentlyAvailable, restoreRate, at } = this.#told;
    const restored = ((this.#time.clock() - at) / 1000) * restoreRate;
    const available = Math.min(maximumAvailable, currentlyAvailable + restored) - this.#underWay;
    // What costs more than the bucket holds is sent when it is full, and refused by Shopify itself.
    const missing = Math.min(cost, maximumAvailable) - available;
    // A full bucket would not hold it beside what is under way: time alone does not help.
    if (cost + this.#underWay > maximumAvailable && this.#requests > 0) return Number.POSITIVE_INFINITY;
    return missing <= 0 ? 0 : Math.ceil((missing / restoreRate) * 1000);
  }
}

/** The buckets of a process, one for each app and shop. */
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

  /** One that is not used for some minutes is full again, so nothing is lost with it. */
  #forgetIdle(): void {
    const before = this.#time.clock() - 5 * 60_000;
    for (const [key, bucket] of this.#buckets) {
      if (bucket.waiting === 0 && bucket.usedAt < before) this.#buckets.delete(key);
    }
  }
}
