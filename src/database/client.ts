import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from 'pino';
import { type Prisma, PrismaClient } from './generated/client.ts';

/** All tables, outside of a transaction. */
export type Database = PrismaClient;

/** What `database.$transaction(async (tx) => …)` hands in. A `Database` fits wherever a `Transaction` does. */
export type Transaction = Prisma.TransactionClient;

/**
 * A transaction waits for a connection as long as a single query does, and may then take as long as a page of a
 * busy site needs. Prisma's own 2 s and 5 s turn a crowd of calls into errors. Milliseconds.
 */
const transactionOptions = { maxWait: 10_000, timeout: 30_000 };

/**
 * Stands in a statement that is to be planned each time, for what its table holds now. A kept plan made while a table
 * was empty reads all of it until statistics are taken anew.
 */
const PLANNED_EACH_TIME = '/* planned each time */';
/** A statement longer than this is a bulk write whose text hardly ever comes again. */
const LONGEST_NAMED_SQL = 8192;
/** How many texts are remembered while it is open whether they come again. */
const MOST_CANDIDATES = 2000;
/** Each named statement stays in every connection's memory, here and in PostgreSQL, until the connection ends. */
const MOST_NAMED = 500;

/**
 * Opens the client that all rooms share. It connects on the first query; end it with `$disconnect()`.
 * Queries that come again run as prepared statements, which is worth a third more reads per second.
 *
 * @param options.url        `postgresql://…` of the database
 * @param options.poolSize   most connections at a time
 * @param options.logger     hears of idle connections that broke; queries that fail throw instead
 * @param options.applicationName  what `pg_stat_activity` shows, `sitebridge` by default
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
  return new PrismaClient({ adapter, errorFormat: 'minimal', transactionOptions });
}

/**
 * Names the statements that are worth preparing. A text gets its name when it comes the second time: lists of
 * varying length make ever new texts, and naming each would fill the server's memory. An empty name means
 * "not prepared" to `pg`.
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
