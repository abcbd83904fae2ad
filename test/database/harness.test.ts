import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a test file gets its own migrated database', async () => {
  const other = await createTestDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query('CREATE TABLE only_here (id int)');
  await client.end();
  const second = new pg.Client(other.url);
  await second.connect();
  const { rows } = await second.query(
    `SELECT to_regclass('only_here') AS here, to_regclass('_prisma_migrations') AS migrated`,
  );
  await second.end();
  await other.drop();
  expect(rows[0]).toEqual({ here: null, migrated: '_prisma_migrations' });
});

test('dropping a database closes its open connections', async () => {
  const other = await createTestDatabase();
  const client = new pg.Client(other.url);
  const ended = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  await other.drop();
  await expect(ended).resolves.toBeInstanceOf(Error);
});

test('each database has its own server id, and a copy has the same server id', async () => {
  const other = await createTestDatabase();
  const copy = await copyTestDatabase(other);
  const [own, first, second] = await Promise.all([database, other, copy].map(serverIdOf));
  expect(first).not.toBe(own);
  expect(second).toBe(first);
  await copy.drop();
  await other.drop();
});

async function serverIdOf({ url }: TestDatabase): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ server_id: string }>('SELECT server_id FROM server');
  await client.end();
  return rows[0]?.server_id ?? '';
}
