/** Digests of all rows, which tell whether a call has changed anything. */
import pg from 'pg';

/** Reads digests over one connection. */
export class DatabaseDigest {
  readonly #client: pg.Client;
  readonly #statement: string;

  private constructor(client: pg.Client, statement: string) {
    this.#client = client;
    this.#statement = statement;
  }

  /** Opens a digest of all tables of the server, and of the jobs in its queues. */
  static async open(url: string): Promise<DatabaseDigest> {
    const client = new pg.Client({ connectionString: url, application_name: 'sitebridge-test' });
    await client.connect();
    // The queue's other tables count its own upkeep.
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname = 'public' OR (schemaname = 'pgboss' AND tablename IN ('job', 'job_common', 'schedule'))
       ORDER BY 1`,
    );
    const statement = rows
      .map(
        ({ name }) =>
          `SELECT '${name}' AS name, count(*)::int AS rows, md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) AS digest FROM ${name} t`,
      )
      .join(' UNION ALL ');
    return new DatabaseDigest(client, statement);
  }

  /** The number of rows and the digest of each table. */
  async read(): Promise<Record<string, string>> {
    const { rows } = await this.#client.query<{ name: string; rows: number; digest: string | null }>(
      this.#statement,
    );
    return Object.fromEntries(rows.map(({ name, rows: count, digest }) => [name, `${count} ${digest}`]));
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
