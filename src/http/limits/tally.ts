import { rateLimit, type Store } from 'express-rate-limit';
import type { Logger } from 'pino';
import { rateLimitLogger } from './counters.ts';

/** Counts what callers do within a time. While its store fails, it counts nothing. */
export class Tally {
  readonly #store: Store;
  readonly windowMs: number;

  /** `store` must have `get`. Counts expire after `windowMs`. */
  constructor(store: Store, windowMs: number, logger: Logger) {
    this.#store = store;
    this.windowMs = windowMs;
    // Sets up the store with its window. The returned middleware is not used.
    rateLimit({ windowMs, store, logger: rateLimitLogger(logger) });
  }

  async add(caller: string): Promise<void> {
    try {
      await this.#store.increment(caller);
    } catch {
      // The owner of the store logs the failure.
    }
  }

  /** The count of a caller, and the time in ms after which it expires. */
  async count(caller: string): Promise<{ hits: number; forMs: number }> {
    const none = { hits: 0, forMs: this.windowMs };
    try {
      const seen = await this.#store.get?.(caller);
      // The Redis store returns NaN for a caller without a count.
      if (!seen || !(seen.totalHits > 0)) return none;
      const endsAt = seen.resetTime?.getTime() ?? Date.now() + this.windowMs;
      return { hits: seen.totalHits, forMs: endsAt - Date.now() };
    } catch {
      return none;
    }
  }
}
