import type { Store } from 'express-rate-limit';
import type { Logger } from 'pino';
import { CallerError } from '../../errors.ts';
import { Tally } from './tally.ts';

/** Counts the failures of callers, and refuses callers with too many of them. Successes never count. */
export class FailureBrake {
  readonly #failures: Tally;
  readonly #limit: number;

  /** `store` must have `get`. Failures expire after `windowMs`. */
  constructor(store: Store, options: { limit: number; windowMs: number }, logger: Logger) {
    this.#failures = new Tally(store, options.windowMs, logger);
    this.#limit = options.limit;
  }

  async isOver(caller: string): Promise<boolean> {
    return (await this.#failures.count(caller)).hits >= this.#limit;
  }

  /**
   * Throws a 429 with Retry-After and `RateLimit` headers, as a throttle does, if the caller failed too often:
   * `limit` times, by default the limit of the brake.
   */
  async check(caller: string, limit = this.#limit): Promise<void> {
    const { hits, forMs } = await this.#failures.count(caller);
    if (hits < limit) return;
    const seconds = Math.max(1, Math.ceil(forMs / 1000));
    throw new CallerError('rate_limited', `Too many failed attempts. Try again in ${seconds} s.`, {
      code: 'too_many_failures',
      headers: {
        'Retry-After': String(seconds),
        RateLimit: `"failures"; r=0; t=${seconds}`,
        'RateLimit-Policy': `"failures"; q=${limit}; w=${this.#failures.windowMs / 1000}`,
      },
    });
  }

  failed(caller: string): Promise<void> {
    return this.#failures.add(caller);
  }
}
