/** The calls that a site's key allows, and no others. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import {
  buildIntegration,
  buildSite,
  buildTenant,
  integrationsPath,
  type TestTenant,
} from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const report = {
  post_types: {},
  taxonomies: {},
  plugin_connection_enabled: true,
  two_way_sync_enabled: false,
  timestamp: '2026-01-01T00:00:00Z',
};
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  // A header sets the caller's address, so that failed keys are counted per address.
  server = await startTestServer({ TRUST_PROXY: 'loopback' });
  tenant = await buildTenant(server);
});
afterAll(() => server.stop());

const structure = () => `${integrationsPath}/${tenant.integrationId}/update-structure`;

test('a site key opens update-structure, in either header', async () => {
  await server.withKey(tenant.site.key).post(structure(), report).expect(200);
  await server.as({ token: tenant.site.key }).post(structure(), report).expect(200);
});

test('a site key opens no other route', async () => {
  const routes = server.routes.filter((route) => route.access.kind === 'user');
  expect(routes.length).toBeGreaterThan(20);
  const opened: string[] = [];
  for (const route of routes) {
    const path = route.path.replace(':id', String(tenant.integrationId)).replace(':run_id', '1');
    for (const headers of [
      { 'X-API-Key': tenant.site.key },
      { Authorization: `Bearer ${tenant.site.key}` },
    ]) {
      const answer = await supertest(server.url)[route.method](path).set(headers).send({});
      if (answer.status !== 401) opened.push(`${route.method} ${route.path}: ${answer.status}`);
    }
  }
  expect(opened).toEqual([]);
});

test("a site key does not open another site's integration, also not in the same account", async () => {
  const sister = await buildSite(server, tenant.accountId);
  const id = await buildIntegration(server, tenant.owner, sister);
  const stranger = await buildTenant(server);
  for (const integrationId of [id, stranger.integrationId, 2_000_000_000]) {
    const path = `${integrationsPath}/${integrationId}/update-structure`;
    expectProblem(await server.withKey(tenant.site.key).post(path, report), 404);
  }
  expect(
    await server.db.syncEvent.count({
      where: { eventType: 'structure', siteId: { not: tenant.site.siteId } },
    }),
  ).toBe(0);
});

describe('a wrong key', () => {
  test.each([
    '',
    ' ',
    'sbk_',
    'sbk_short',
    `sbk_${'a'.repeat(43)}`,
    `sbk_${'a'.repeat(44)}`,
    'null',
    'undefined',
  ])('"%s" is refused', async (key) => {
    expectProblem(await server.withKey(key).post(structure(), report), 401);
  });

  test('is refused also beside a right token', async () => {
    const answer = await server.as(tenant.owner).post(structure(), report).set('X-API-Key', 'wrong');
    expectProblem(answer, 401);
  });

  test("of a closed account is refused, even when it is the site's key", async () => {
    const closed = await buildTenant(server);
    await server.db.account.update({ where: { id: closed.accountId }, data: { isActive: false } });
    const path = `${integrationsPath}/${closed.integrationId}/update-structure`;
    expectProblem(await server.withKey(closed.site.key).post(path, report), 401);
  });

  test('is throttled after many tries, and does not stop the right key there', async () => {
    const attempt = (key: string, address: string) =>
      server.withKey(key).post(structure(), report).set('X-Forwarded-For', address);
    for (let i = 0; i < 20; i += 1) expectProblem(await attempt(`sbk_${'b'.repeat(43)}`, '192.0.2.1'), 401);
    const braked = await attempt(`sbk_${'b'.repeat(43)}`, '192.0.2.1');
    expectProblem(braked, 429, { code: 'too_many_failures' });
    expect(Number(braked.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(braked.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(braked.headers.ratelimit).toBe(`"failures"; r=0; t=${braked.headers['retry-after']}`);
    expect(braked.headers['ratelimit-policy']).toBe('"failures"; q=20; w=60');
    await attempt(tenant.site.key, '192.0.2.1').expect(200);
    expectProblem(await attempt(`sbk_${'b'.repeat(43)}`, '192.0.2.2'), 401);
  });
});
