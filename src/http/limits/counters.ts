import type { Logger as RateLimitLogger, Store } from 'express-rate-limit';
import type { Logger } from 'pino';

/** The counters of throttles and brakes. */
export interface Counters {
  /** Creates the store of one throttle or brake. */
  store(prefix: string): Store;
  close(): Promise<void>;
}

/**
 * Writes the messages of express-rate-limit to our log, at the level debug. The library logs every call that
 * it could not count, and the owner of the counters has already logged the cause once.
 */
export function rateLimitLogger(logger: Logger): RateLimitLogger {
  const write = (error: unknown, message = 'a throttle met an error') =>
    logger.debug({ err: error }, message);
  return { warn: write, error: write };
}
