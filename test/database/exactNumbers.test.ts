import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createPrisma, type Database } from '../../src/database/client.ts';
import { ExactNumber } from '../../src/outbound/exactNumber.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let prisma: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma({ url: database.url, poolSize: 1, logger: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await prisma?.$disconnect();
  await database?.drop();
});

test('explore', async () => {
  const account = await prisma.account.create({ data: { name: 'A' } });
  const site = await prisma.site.create({ data: { accountId: account.id, name: 'S', url: 'https://a.example', apiKeyEncrypted: 'x', apiKeyHash: 'y', apiKeyLast4: 'zzzz' } });
  const metadata = { a: new ExactNumber('9007199254740993'), b: [{ c: new ExactNumber('19.90') }], d: 1.5 };
  const content = await prisma.content.create({ data: { accountId: account.id, siteId: site.id, contentType: 'post', metadata } });
  console.log(await prisma.$queryRaw`SELECT metadata::text AS m FROM content`, content.metadata);
  await prisma.$transaction((tx) => tx.content.update({ where: { id: content.id }, data: { metadata: { x: new ExactNumber('123456789012345678901') } } }));
  console.log(await prisma.$queryRaw`SELECT metadata::text AS m FROM content`);
  console.log(await prisma.$queryRaw`SELECT metadata FROM content`);
});
