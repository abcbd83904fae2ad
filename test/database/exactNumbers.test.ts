import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createPrisma, type Database } from '../../src/database/client.ts';
import { fromJsonColumn } from '../../src/database/exactJson.ts';
import { ExactNumber } from '../../src/outbound/exactNumber.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let prisma: Database;
let where: { id: number };
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma({ url: database.url, poolSize: 1, logger: pino({ level: 'silent' }) });
  const { id: accountId } = await prisma.account.create({ data: { name: 'A' } });
  const key = { apiKeyEncrypted: 'x', apiKeyHash: 'y', apiKeyLast4: 'zzzz' };
  const site = { accountId, name: 'S', url: 'https://a.example', ...key };
  const { id: siteId } = await prisma.site.create({ data: site });
  where = await prisma.content.create({ data: { accountId, siteId, contentType: 'post' } });
});
afterAll(async () => {
  await prisma?.$disconnect();
  await database?.drop();
});

/** Texts that only look like the mark of a number. */
const lookalikes = ['\\u00001', '"\\u00001"', '\\\\u00001', '9007199254740993'];

const metadata = {
  id: new ExactNumber('9007199254740993'),
  prices: [{ net: new ExactNumber('19.90') }, 1.5, -0.5, 1e21, 1e-7],
  texts: lookalikes,
};

const written =
  '{"id": 9007199254740993, "texts": ["\\\\u00001", "\\"\\\\u00001\\"", "\\\\\\\\u00001", "9007199254740993"], "prices": [{"net": 19.90}, 1.5, -0.5, 1000000000000000000000, 0.0000001]}';

test('a JSON column keeps numbers to the digit, in a statement and in a transaction', async () => {
  const stored = await prisma.content.update({ where: { id: where.id }, data: { metadata } });
  expect(fromJsonColumn(stored.metadata)).toEqual(metadata);
  const [row] = await prisma.$queryRaw<
    { text: string; metadata: unknown }[]
  >`SELECT metadata::text AS text, metadata FROM content`;
  expect(row?.text).toBe(written);
  expect(fromJsonColumn(row?.metadata)).toEqual(metadata);
  const other = { list: [new ExactNumber('0.10')] };
  await prisma.$transaction(async (tx) => {
    const again = await tx.content.update({ where: { id: where.id }, data: { metadata: other } });
    expect(fromJsonColumn(again.metadata)).toEqual(other);
    const found = await tx.content.findUniqueOrThrow({ where: { id: where.id } });
    expect(fromJsonColumn(found.metadata)).toEqual(other);
  });
});

test('a raw statement writes the digits of a number', async () => {
  await prisma.$executeRaw`UPDATE content SET metadata = ${JSON.stringify(metadata)}::jsonb`;
  const { metadata: stored } = await prisma.content.findUniqueOrThrow({ where: { id: where.id } });
  expect(fromJsonColumn(stored)).toEqual(metadata);
});
