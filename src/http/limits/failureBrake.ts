import { rateLimit, type Store } from 'express-rate-limit';
import type { Logger } from 'pino';
import { CallerError } from '../../errors.ts';
import { rateLimitLogger } from './counters.ts';

/**
 * Slows whoever keeps failing to prove who they are, and nobody else: only failures count, so a site
 * behind a shared address, or one that tests often, is never held up by its own success.
 */
export class FailureBrake {
  readonly #store: Store;
  readonly #limit: number;
  readonly #windowMs: number;

  /** `store` must be able to `get`. Failures are forgotten after `windowMs`. */
  constructor(store: Store, options: { limit: number; windowMs: number }, logger: Logger) {
    this.#store = store;
    this.#limit = options.limit;
    this.#windowMs = options.windowMs;
    // Sets up the store with its window; the middleware itself, which counts successes too, is not used.
    rateLimit({ ...options, store, logger: rateLimitLogger(logger) });
  }

  /** Throws a 429 with Retry-After and the throttles' `RateLimit` headers when this caller has failed too often. */
  async check(caller: string): Promise<void> {
    const seen = await this.#seen(caller);
    // Through Redis, a caller who has never failed is counted as NaN.
    if (!seen || !(seen.totalHits >= this.#limit)) return;
    const seconds = Math.max(
      1,
      Math.ceil(((seen.resetTime?.getTime() ?? Date.now() + this.#windowMs) - Date.now()) / 1000),
    );
    throw new CallerError('rate_limited', `Too many failed attempts. Try again in ${seconds} s.`, {
      code: 'too_many_failures',
      headers: {
        'Retry-After': String(seconds),
        RateLimit: `"failures"; r=0; t=${seconds}`,
        'RateLimit-Policy': `"failures"; q=${this.#limit}; w=${this.#windowMs / 1000}`,
      },
    });
  }

  /** Counts a failure. */
  async failed(caller: string): Promise<void> {
    try {
      await this.#store.increment(caller);
    } catch {
      // Without the counters' store the brake is off, as the throttle is; the store's owner logs it.
    }
  }

  async #seen(caller: string) {
    try {
      return await this.#store.get?.(caller);
    } catch {
      return undefined;
    }
  }
}
