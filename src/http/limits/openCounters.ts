import { MemoryStore } from 'express-rate-limit';
import type { Logger } from 'pino';
import type { Counters } from './counters.ts';

/** Counters of this process alone, or shared by all through Redis. Without Redis calls pass uncounted, and a warning is logged. */
export async function openCounters(redisUrl: string | null, logger: Logger): Promise<Counters> {
  if (redisUrl === null) return { store: () => new MemoryStore(), close: async () => {} };
  // Its libraries take 12 MiB, which a server without Redis need not bear.
  const { openRedisCounters } = await import('./redisCounters.ts');
  return openRedisCounters(redisUrl, logger);
}
