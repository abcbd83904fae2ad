import { rateLimit, type Store } from 'express-rate-limit';
import type { Logger } from 'pino';
import { CallerError } from '../../errors.ts';
import { rateLimitLogger } from './counters.ts';

/**
 * Refuses callers that fail too often to prove who they are. Only failures count. So successful calls never
 * slow down a site behind a shared address, or a site that tests often.
 */
export class FailureBrake {
  readonly #store: Store;
  readonly #limit: number;
  readonly #windowMs: number;

  /** `store` must have `get`. Failures expire after `windowMs`. */
  constructor(store: Store, options: { limit: number; windowMs: number }, logger: Logger) {
    this.#store = store;
    this.#limit = options.limit;
    this.#windowMs = options.windowMs;
    // Sets up the store with its window. The returned middleware counts successes too, so it is not used.
    rateLimit({ ...options, store, logger: rateLimitLogger(logger) });
  }

  /**
   * Throws a 429 with Retry-After and `RateLimit` headers, as a throttle does, if the caller failed too
   * often.
   */
  async check(caller: string): Promise<void> {
    const seen = await this.#seen(caller);
    // The Redis store returns NaN for a caller that has never failed.
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

  async failed(caller: string): Promise<void> {
    try {
      await this.#store.increment(caller);
    } catch {
      // While the store fails, the brake is off, like the throttle. The owner of the store logs the failure.
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
