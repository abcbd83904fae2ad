import pg from 'pg';
import type { Logger } from 'pino';

/** Named statements straight to PostgreSQL, for the few reads that a bench has shown to be worth it. */
export type ReadPool = Pick<pg.Pool, 'query' | 'end'>;

/**
 * Opens the pool; it connects on the first query. The client that all else goes through takes as long to hand a
 * row on as PostgreSQL takes to find it.
 *
 * @param options.size    most connections at a time
 * @param options.logger  hears of idle connections that broke
 */
export function createReadPool(options: { url: string; size: number; logger: Logger }): ReadPool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.size,
    application_name: 'sitebridge-reads',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  pool.on('error', (error) => options.logger.warn({ err: error }, 'an idle database connection broke'));
  return pool;
}
