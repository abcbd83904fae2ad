import { MemoryStore, type Logger as RateLimitLogger, type Store } from 'express-rate-limit';
import type { Logger } from 'pino';

/** Where throttles and brakes count. */
export interface Counters {
  /** A store of its own for one throttle or brake. */
  store(prefix: string): Store;
  close(): Promise<void>;
}

/** Counters of this process alone, or shared by all through Redis. Without Redis calls pass uncounted, and a warning is logged. */
export async function openCounters(redisUrl: string | null, logger: Logger): Promise<Counters> {
  if (redisUrl === null) return { store: () => new MemoryStore(), close: async () => {} };
  // Its libraries take 12 MiB, which a server without Redis need not bear.
  const { openRedisCounters } = await import('./redisCounters.ts');
  return openRedisCounters(redisUrl, logger);
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
