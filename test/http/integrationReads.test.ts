/** Prepared reads and reads by the Prisma client must give the same bytes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { integrationBody } from '../../src/http/schemas/integration.schema.ts';
import { withSite } from '../../src/services/integrations/integrationRow.ts';
import {
  buildAccount,
  buildIntegration,
  buildSite,
  integrationsPath,
  type TestUser,
} from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const wordpress = { type: 'cms', usesSiteKey: true };
let server: TestServer;
let owner: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
  const stranger = await buildAccount(server);
  for (const [index, user] of [owner, owner, owner, stranger].entries()) {
    const site = await buildSite(server, user.accountId);
    await buildIntegration(server, user, site, {
      is_active: index !== 1,
      config_json: { site_url: `https://ünï-${index}.example` },
      ...(index === 2 ? { credentials_json: { username: 'u', application_password: 'p' } } : {}),
    });
  }
  await server.db.siteIntegration.updateMany({
    where: { accountId: owner.accountId, isActive: false },
    data: {
      lastSyncAt: new Date('2026-01-02T03:04:05.006Z'),
      syncError: 'A "fault" 🌉',
      syncStatus: 'failed',
    },
  });
});
afterAll(() => server.stop());

const throughClient = async (where: object) => {
  const rows = await server.db.siteIntegration.findMany({ where, include: withSite, orderBy: { id: 'asc' } });
  return rows.map((row) => JSON.stringify(integrationBody(row, wordpress)));
};

describe('a prepared list gives the same bytes', () => {
  test.each([
    ['whole', '', {}],
    ['of the active', '?is_active=true', { isActive: true }],
    ['of the inactive', '?is_active=false', { isActive: false }],
    ['of a platform', '?platform=wordpress', { platform: 'wordpress' }],
  ])('%s', async (_name, query, where) => {
    const { body } = await server
      .as(owner)
      .get(integrationsPath + query)
      .expect(200);
    const expected = await throughClient({ accountId: owner.accountId, ...where });
    expect(expected.length).toBeGreaterThan(0);
    expect(body.results.map((each: object) => JSON.stringify(each))).toEqual(expected);
    expect(body.count).toBe(expected.length);
  });
});

test('the read of one integration gives the same bytes', async () => {
  const rows = await server.db.siteIntegration.findMany({ where: { accountId: owner.accountId } });
  expect(rows).toHaveLength(3);
  for (const { id } of rows) {
    const { text } = await server.as(owner).get(`${integrationsPath}/${id}`).expect(200);
    expect([text]).toEqual(await throughClient({ id }));
  }
});
