import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createPrisma, type Database, statementNames } from '../../src/database/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let prisma: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  // One connection, as prepared statements are listed for their own session only.
  prisma = createPrisma({ url: database.url, poolSize: 1, logger: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await prisma?.$disconnect();
  await database?.drop();
});

test('queries that come again are prepared, and the session says whose it is', async () => {
  for (let time = 0; time < 3; time++) await prisma.$queryRaw`SELECT ${time}::int AS again`;
  await prisma.$queryRaw`SELECT 1 AS once`;
  const prepared = await prisma.$queryRaw<
    { statement: string }[]
  >`SELECT statement FROM pg_prepared_statements`;
  expect(prepared.map((row) => row.statement)).toContain('SELECT $1::int AS again');
  expect(prepared.map((row) => row.statement)).not.toContain('SELECT 1 AS once');
  const name = await prisma.$queryRaw`SELECT current_setting('application_name') AS name`;
  expect(name).toEqual([{ name: 'sitebridge' }]);
});

test('a transaction is one: what fails leaves nothing', async () => {
  await prisma.$executeRaw`CREATE TABLE thing (id int)`;
  const doomed = prisma.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO thing VALUES (1)`;
    throw new Error('no');
  });
  await expect(doomed).rejects.toThrow('no');
  expect(await prisma.$queryRaw`SELECT * FROM thing`).toEqual([]);
});

test('only texts that come again get a name, and never without end', () => {
  const nameOf = statementNames();
  expect(nameOf({ sql: 'SELECT 1' })).toBe('');
  const name = nameOf({ sql: 'SELECT 1' });
  expect(name).toMatch(/^sb_.{32}$/);
  expect(nameOf({ sql: 'SELECT 1' })).toBe(name);
  const long = `SELECT '${'x'.repeat(10_000)}'`;
  expect([nameOf({ sql: long }), nameOf({ sql: long })]).toEqual(['', '']);
  const names = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    nameOf({ sql: `SELECT ${i}` });
    names.add(nameOf({ sql: `SELECT ${i}` }));
  }
  names.delete('');
  expect(names.size).toBeLessThanOrEqual(500);
});
