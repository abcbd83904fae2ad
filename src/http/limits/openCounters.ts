import { MemoryStore } from 'express-rate-limit';
import type { Logger } from 'pino';
import type { Counters } from './counters.ts';

/**
 * Opens the counters: in memory for this process alone, or in Redis for all processes. While Redis cannot be
 * reached, calls are not counted, and a warning is logged.
 */
export async function openCounters(redisUrl: string | null, logger: Logger): Promise<Counters> {
  if (redisUrl === null) return { store: () => new MemoryStore(), close: async () => {} };
  // The Redis libraries take 12 MiB, which a server without Redis does not need.
  const { openRedisCounters } = await import('./redisCounters.ts');
  return openRedisCounters(redisUrl, logger);
}
