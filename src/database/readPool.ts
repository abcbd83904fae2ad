import pg from 'pg';
import type { Logger } from 'pino';

/** Sends named statements directly to PostgreSQL, for the few reads where a benchmark shows a clear gain. */
export type ReadPool = Pick<pg.Pool, 'query' | 'end'>;

/**
 * Opens the pool, which connects on the first query. All other queries go through Prisma, which takes as long
 * to return a row as PostgreSQL takes to find it.
 *
 * @param options.size    the largest number of connections at a time
 * @param options.logger  logs idle connections that broke
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
