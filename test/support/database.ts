/**
 * Databases for tests. `globalSetup.ts` starts one PostgreSQL for the whole test run (embedded, in a
 * temporary folder, or the server of `TEST_DATABASE_URL`) and migrates one template database there. Each test
 * file uses its own copy of the template, so test files run side by side and need no cleanup between them:
 *
 *     let database: TestDatabase;
 *     beforeAll(async () => { database = await createTestDatabase(); });
 *     afterAll(() => database.drop());
 *
 * `database.url` is a complete connection string with full rights in that database.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The database of one test file. */
export interface TestDatabase {
  url: string;
  /** Closes every connection to the database and drops it. */
  drop(): Promise<void>;
}

/**
 * globalSetup.ts sets this variable for the test files: the server's maintenance database and the template's
 * name.
 */
export const SERVER_VARIABLE = 'SITEBRIDGE_TEST_SERVER';
export const TEMPLATE_VARIABLE = 'SITEBRIDGE_TEST_TEMPLATE';

/**
 * Creates a database, by default a copy of the migrated template.
 *
 * @param options.empty  create an empty database instead, for tests of migrations
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = options.empty ? 'template0' : process.env[TEMPLATE_VARIABLE];
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = databaseUrl(server, name);
  // Each copy needs its own server id. The template's id would be the same for all of them.
  if (!options.empty) await administer(url, 'UPDATE server SET server_id = gen_random_uuid()');
  return {
    url,
    drop: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Copies a database, as a backup does. The copy needs it unconnected, so stop its server first. */
export async function copyTestDatabase({ url }: Pick<TestDatabase, 'url'>): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`);
  return {
    url: databaseUrl(server, name),
    drop: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The connection string of the test run's PostgreSQL, with its maintenance database. */
function serverUrl(): string {
  const url = process.env[SERVER_VARIABLE];
  if (!url) throw new Error('No test server: run the tests with --config test/jest.config.js');
  return url;
}

/** The same server and credentials with another database. */
export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs one statement in the maintenance database, outside of any test database. */
export async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server, application_name: 'sitebridge-test' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
