/**
 * Databases for tests. `globalSetup.ts` starts one PostgreSQL for the whole run (embedded, in a temporary
 * folder, or the server of `TEST_DATABASE_URL`) and migrates one template database there. A test file takes a
 * copy of its own, so files run side by side and need no clearing up between them:
 *
 *     let database: TestDatabase;
 *     beforeAll(async () => { database = await createTestDatabase(); });
 *     afterAll(() => database.drop());
 *
 * `database.url` is a whole connection string with rights to everything in that database.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of one test file. */
export interface TestDatabase {
  url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

/** Set by globalSetup.ts for the test files: the server's maintenance database, and the template's name. */
export const SERVER_VARIABLE = 'SITEBRIDGE_TEST_SERVER';
export const TEMPLATE_VARIABLE = 'SITEBRIDGE_TEST_TEMPLATE';

/**
 * Makes a database, by default a copy of the migrated template.
 *
 * @param options.empty  make an empty one instead, for tests of migrations
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = options.empty ? 'template0' : process.env[TEMPLATE_VARIABLE];
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = databaseUrl(server, name);
  // A database of its own, and no copy of the template's.
  if (!options.empty) await administer(url, 'UPDATE server SET server_id = gen_random_uuid()');
  return {
    url,
    drop: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Makes a copy of a database, as a backup does. Nobody may be connected to it meanwhile: stop its server first. */
export async function copyTestDatabase({ url }: Pick<TestDatabase, 'url'>): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`);
  return {
    url: databaseUrl(server, name),
    drop: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The server that the run uses, connected to its maintenance database. */
function serverUrl(): string {
  const url = process.env[SERVER_VARIABLE];
  if (!url) throw new Error('No test server: run the tests with --config test/jest.config.js');
  return url;
}

/** The same server and credentials, another database. */
export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs one statement outside of any test database. */
export async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server, application_name: 'sitebridge-test' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
