/** A leaky bucket of points: https://shopify.dev/docs/api/usage/limits#the-leaky-bucket-algorithm */
export class Throttle {
  readonly maximumAvailable: number;
  readonly restoreRate: number;
  readonly #clock: () => number;
  #available: number;
  #at: number;

  /** `restoreRate` is in points per second. `clock` returns milliseconds. */
  constructor(options: { maximumAvailable: number; restoreRate: number; clock: () => number }) {
    this.maximumAvailable = options.maximumAvailable;
    this.restoreRate = options.restoreRate;
    this.#clock = options.clock;
    this.#available = options.maximumAvailable;
    this.#at = options.clock();
  }

  get available(): number {
    const now = this.#clock();
    const restored = ((now - this.#at) / 1000) * this.restoreRate;
    this.#available = Math.min(this.maximumAvailable, this.#available + restored);
    this.#at = now;
    return this.#available;
  }

  /**
   * Takes the requested cost of a query. Returns false and takes nothing when the bucket has too few points.
   */
  take(cost: number): boolean {
    if (this.available < cost) return false;
    this.#available -= cost;
    return true;
  }

  /** Returns points to the bucket when the actual cost was below the requested cost. */
  refund(points: number): void {
    this.#available = Math.min(this.maximumAvailable, this.available + points);
  }

  /** The value of `extensions.cost.throttleStatus`. */
  status() {
    const { maximumAvailable, restoreRate } = this;
    return { maximumAvailable, currentlyAvailable: Math.floor(this.available), restoreRate };
  }
}
