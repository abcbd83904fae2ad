/** The rows of sites as they were, and their restoration after requests have changed or deleted them. */
import pg from 'pg';

/** The tables of a site's rows, so that each comes after those that it refers to. */
const tables = ['site', 'site_integration', 'content', 'sync_run'];

/** A copy of the rows. */
export class KeptRows {
  readonly #client: pg.Client;
  readonly #columns: Map<string, string[]>;

  private constructor(client: pg.Client, columns: Map<string, string[]>) {
    this.#client = client;
    this.#columns = columns;
  }

  /** Copies the rows that the database has now. */
  static async keep(url: string): Promise<KeptRows> {
    const client = new pg.Client({ connectionString: url, application_name: 'sitebridge-test' });
    await client.connect();
    const columns = new Map<string, string[]>();
    for (const table of tables) {
      await client.query(`CREATE TEMPORARY TABLE kept_${table} AS SELECT * FROM public.${table}`);
      const { rows } = await client.query<{ name: string }>(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = $1 AND column_name <> 'id'`,
        [table],
      );
      columns.set(
        table,
        rows.map(({ name }) => name),
      );
    }
    return new KeptRows(client, columns);
  }

  /** Gives the copied rows back, with their ids. Deletes all newer rows of these tables, except for sites. */
  async restore(): Promise<void> {
    await this.#client.query('BEGIN');
    for (const table of tables.filter((each) => each !== 'site').reverse())
      await this.#client.query(`DELETE FROM ${table} WHERE id NOT IN (SELECT id FROM kept_${table})`);
    for (const table of tables) {
      const set = (this.#columns.get(table) ?? []).map((name) => `"${name}" = excluded."${name}"`);
      await this.#client.query(
        `INSERT INTO public.${table} SELECT * FROM kept_${table} ON CONFLICT (id) DO UPDATE SET ${set.join(', ')}`,
      );
    }
    // The runs of these jobs are gone.
    await this.#client.query(`DELETE FROM pgboss.job WHERE name = 'sync'`);
    await this.#client.query('COMMIT');
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
