/** Calls without fields report any field that is sent, and then do nothing. */
import { expect, test } from '@jest/globals';
import { integrationsPath, type TestTenant } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withTenant } from '../support/stage.ts';

let server: TestServer;
let tenant: TestTenant;
withTenant((stage) => {
  ({ server, tenant } = stage);
});

const rotate = () => `/api/v1/sites/${tenant.site.siteId}/api-key`;

test('an unknown field is named, and the site keeps its key', async () => {
  const before = await server.db.site.findUniqueOrThrow({ where: { id: tenant.site.siteId } });
  const answer = await server.as(tenant.owner).post(rotate(), { expires_in: 60 });
  expectProblem(answer, 400, { fields: ['expires_in'] });
  const after = await server.db.site.findUniqueOrThrow({ where: { id: tenant.site.siteId } });
  expect(after.apiKeyHash).toBe(before.apiKeyHash);
});

test('a body that is not an object is refused, and so is broken JSON', async () => {
  expectProblem(await server.as(tenant.owner).post(rotate(), [1]), 400);
  const url = `${server.url}${integrationsPath}/${tenant.integrationId}/test-connection`;
  const headers = { Authorization: `Bearer ${tenant.owner.token}`, 'Content-Type': 'application/json' };
  const broken = await fetch(url, { method: 'POST', headers, body: '{' });
  expect(broken.status).toBe(400);
  expect(await server.db.connectionCheck.count()).toBe(0);
});

test('an empty request and an empty object are accepted', async () => {
  await server.as(tenant.owner).post(rotate(), {}).expect(200);
  await server.as(tenant.owner).post(rotate()).expect(200);
});
