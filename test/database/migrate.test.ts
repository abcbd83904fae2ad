import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { pino } from 'pino';
import { migrateDatabase, pendingMigrations } from '../../src/database/migrate.ts';
import { SetupError } from '../../src/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { query } from './embeddedUser.ts';

const logger = pino({ level: 'silent' });
let database: TestDatabase;
let migrationsDir: string;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  migrationsDir = await mkdtemp(join(tmpdir(), 'sitebridge-migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(migrationsDir, { recursive: true });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, 'migration.sql'), sql);
}

const migrate = () => migrateDatabase({ url: database.url, logger, migrationsDir });
async function pending(): Promise<string[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return await pendingMigrations(client, migrationsDir);
  } finally {
    await client.end();
  }
}

async function failure(of: Promise<unknown>): Promise<Error> {
  const error = await of.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it did not fail');
  return error;
}

test('migrations are applied in order, once, and recorded as Prisma records them', async () => {
  await write('2_second', 'ALTER TABLE one ADD COLUMN more int;');
  await write('1_first', 'CREATE TABLE one (id int);');
  expect(await pending()).toEqual(['1_first', '2_second']);
  expect(await migrate()).toEqual(['1_first', '2_second']);
  expect(await pending()).toEqual([]);
  expect(await migrate()).toEqual([]);
  const rows = await query(
    database.url,
    `SELECT migration_name, finished_at IS NOT NULL AS finished, applied_steps_count AS steps, length(checksum) AS checksum
       FROM _prisma_migrations ORDER BY started_at`,
  );
  expect(rows).toEqual([
    { migration_name: '1_first', finished: true, steps: 1, checksum: 64 },
    { migration_name: '2_second', finished: true, steps: 1, checksum: 64 },
  ]);
  await write('3_third', 'DROP TABLE one;');
  expect(await pending()).toEqual(['3_third']);
  expect(await migrate()).toEqual(['3_third']);
});

test('semicolons in functions, texts and comments do not split a script', async () => {
  await write(
    '1_function',
    `-- first; this
     CREATE TABLE note (id int, body text DEFAULT 'a;b');
     CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN NEW.body := upper(NEW.body); RETURN NEW; END; $$;
     CREATE TRIGGER shout BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION shout();`,
  );
  await migrate();
  expect(await query(database.url, 'INSERT INTO note (id) VALUES (1) RETURNING body')).toEqual([
    { body: 'A;B' },
  ]);
});

test('starts at the same time do not disturb each other', async () => {
  await write('1_slow', 'CREATE TABLE one (id int); SELECT pg_sleep(0.3);');
  await write('2_more', 'CREATE TABLE two (id int);');
  const results = await Promise.all([migrate(), migrate(), migrate()]);
  expect(results.map((names) => names.length).sort()).toEqual([0, 0, 2]);
  expect(await query(database.url, 'SELECT count(*)::int AS count FROM _prisma_migrations')).toEqual([
    { count: 2 },
  ]);
});

test('a failed migration is named with cause and remedy, leaves nothing, can be repeated', async () => {
  await write('1_good', 'CREATE TABLE one (id int);');
  await write('2_bad', 'CREATE TABLE two (id int); CREATE TABLE three (id nonsense);');
  const first = await failure(migrate());
  // A later start must report the same failure.
  const later = await failure(migrate());
  for (const error of [first, later]) {
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toContain('The migration 2_bad');
    expect(error.message).toContain('type "nonsense" does not exist');
    expect(error.message).not.toContain('schema-engine');
  }
  expect(await pending()).toEqual(['2_bad']);
  expect(await query(database.url, `SELECT to_regclass('one') AS one, to_regclass('two') AS two`)).toEqual([
    { one: 'one', two: null },
  ]);
  // The statement in the message must be the remedy.
  const remedy = /UPDATE .*;/.exec(later.message)?.[0] ?? '';
  await query(database.url, remedy);
  await write('2_bad', 'CREATE TABLE two (id int);');
  expect(await migrate()).toEqual(['2_bad']);
});

test('a migration whose process was ended is reported too', async () => {
  await write('1_good', 'CREATE TABLE one (id int);');
  await migrate();
  await query(database.url, 'UPDATE _prisma_migrations SET finished_at = NULL');
  const error = await failure(migrate());
  expect(error.message).toContain('The migration 1_good');
  expect(error.message).toContain('the process ended during the migration');
});

test('a missing database is reported with its setting', async () => {
  const url = new URL(database.url);
  url.pathname = '/not_there';
  const error = await failure(migrateDatabase({ url: url.href, logger, migrationsDir }));
  expect(error).toBeInstanceOf(SetupError);
  expect(error.message).toContain('"not_there" does not exist');
  expect(error.message).toContain('DATABASE_URL');
});
