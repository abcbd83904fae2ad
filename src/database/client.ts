import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from 'pino';
import { withExactJson } from './exactJson.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';

/** Access to all tables, outside of a transaction. */
export type Database = PrismaClient;

/** The `tx` of `database.$transaction(async (tx) => …)`. A `Database` can be passed in its place. */
export type Transaction = Prisma.TransactionClient;

/**
 * In milliseconds. A transaction waits for a connection as long as a single query does. Its timeout is long
 * enough to store one page of a busy site. With Prisma's defaults of 2 s and 5 s, many calls at once end in
 * errors.
 */
const transactionOptions = { maxWait: 10_000, timeout: 30_000 };

/**
 * Marks a statement that PostgreSQL must plan at each execution. A cached plan made while the table was empty
 * scans the whole table until PostgreSQL collects new statistics.
 */
const PLANNED_EACH_TIME = '/* planned each time */';
/** In characters. A longer statement is a bulk write, whose text is rarely repeated. */
const LONGEST_NAMED_SQL = 8192;
/** How many statements that were seen once are remembered, to find out whether they are repeated. */
const MOST_CANDIDATES = 2000;
/** Each named statement uses memory per connection, here and in PostgreSQL, until the connection ends. */
const MOST_NAMED = 500;

/**
 * Opens the client that all parts of the process share. It connects on the first query; end it with
 * `$disconnect()`. Repeated queries run as prepared statements, which allows a third more reads per second.
 *
 * @param options.url        `postgresql://…` of the database
 * @param options.poolSize   the largest number of connections at a time
 * @param options.logger     logs idle connections that broke; failed queries throw instead
 * @param options.applicationName  the name in `pg_stat_activity`, `sitebridge` by default
 */
export function createPrisma(options: {
  url: string;
  poolSize: number;
  logger: Logger;
  applicationName?: string;
}): Database {
  const adapter = new PrismaPg(
    {
      connectionString: options.url,
      max: options.poolSize,
      application_name: options.applicationName ?? 'sitebridge',
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    },
    {
      statementNameGenerator: statementNames(),
      onPoolError: (error) => options.logger.warn({ err: error }, 'an idle database connection broke'),
    },
  );
  return new PrismaClient({ adapter: withExactJson(adapter), errorFormat: 'minimal', transactionOptions });
}

/**
 * Names the statements that are worth preparing. A statement gets its name when it is sent the second time.
 * Lists of varying length produce new statements all the time; naming them all would fill the memory of
 * PostgreSQL. For `pg` an empty name means "not prepared".
 */
export function statementNames(): (query: { sql: string }) => string {
  const named = new Map<string, string>();
  const seenOnce = new Set<string>();
  return ({ sql }) => {
    const name = named.get(sql);
    if (name !== undefined) return name;
    if (sql.length > LONGEST_NAMED_SQL || named.size >= MOST_NAMED) return '';
    if (sql.includes(PLANNED_EACH_TIME)) return '';
    if (!seenOnce.delete(sql)) {
      if (seenOnce.size >= MOST_CANDIDATES) seenOnce.clear();
      seenOnce.add(sql);
      return '';
    }
    const created = `sb_${createHash('sha256').update(sql).digest('base64url').slice(0, 32)}`;
    named.set(sql, created);
    return created;
  };
}
