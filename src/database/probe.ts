import pg from 'pg';
import type { Logger } from 'pino';

/** In milliseconds. After this time without an answer the connection is given up. */
const answerWithinMs = 3_000;

/**
 * The rows of generate_series do not fit into this little memory, so PostgreSQL writes a temporary file of about
 * 150 kB. That needs free space on the disk of the database, takes 2 ms, and leaves no row or log behind.
 */
const WRITE_AND_LOOK = `
  BEGIN;
  SET LOCAL work_mem = '64kB';
  SELECT count(*) FROM generate_series(1, 10000);
  SELECT current_setting('transaction_read_only') = 'on' AS is_read_only;
  COMMIT`;

/** Why PostgreSQL cannot write, by its error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const writeFaults: Record<string, string> = {
  '53100': 'cannot write: its disk is full',
  '53400': 'cannot write: its temp_file_limit is too low',
};

/** Looks at the state of the database through one connection of its own, which a busy pool cannot keep from it. */
export class DatabaseProbe {
  readonly #pool: pg.Pool;

  constructor({ url, logger }: { url: string; logger: Logger }) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 1,
      application_name: 'sitebridge-probe',
      connectionTimeoutMillis: answerWithinMs,
      query_timeout: answerWithinMs,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    });
    this.#pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection broke'));
  }

  /** Runs one statement. Throws when PostgreSQL gives no answer within three seconds. */
  query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<{ rows: Row[] }> {
    return this.#pool.query<Row>(sql, values);
  }

  /** Why the database cannot store anything now; null if it can. Throws when it cannot be reached. */
  async writeFault(): Promise<string | null> {
    try {
      // A text of several statements has one result for each of them.
      const results: unknown = await this.#pool.query(WRITE_AND_LOOK);
      return isReadOnly(results) ? 'cannot write: it is read-only' : null;
    } catch (error) {
      const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
      const fault = writeFaults[code];
      if (fault === undefined) throw error;
      return fault;
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

function isReadOnly(results: unknown): boolean {
  if (!Array.isArray(results)) return false;
  return results.some((result: pg.QueryResult) => result.rows[0]?.is_read_only === true);
}
