import type { Logger as RateLimitLogger, Store } from 'express-rate-limit';
import type { Logger } from 'pino';

/** Where throttles and brakes count. */
export interface Counters {
  /** A store of its own for one throttle or brake. */
  store(prefix: string): Store;
  close(): Promise<void>;
}

/**
 * What express-rate-limit has to say goes into our log. It speaks at every call that could not be counted, of
 * which the log has been told once already, by the counters' owner.
 */
export function rateLimitLogger(logger: Logger): RateLimitLogger {
  const write = (error: unknown, message = 'a throttle met an error') =>
    logger.debug({ err: error }, message);
  return { warn: write, error: write };
}
