import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { uuid } from '../support/uuid.ts';

let server: TestServer;
let tenant: TestTenant;
let ofSite: string;
let ofIntegration: string;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await buildTenant(server);
  ofSite = `/api/v1/sites/${tenant.site.siteId}/events`;
  ofIntegration = `${integrationsPath}/${tenant.integrationId}/events`;
  for (let i = 0; i < 3; i += 1) {
    await server
      .as(tenant.owner)
      .patch(`${integrationsPath}/${tenant.integrationId}`, { is_active: i % 2 === 0 })
      .expect(200);
  }
  await server
    .as(tenant.owner)
    .post(`${integrationsPath}/${tenant.integrationId}/test-connection`)
    .expect(200);
});
afterAll(() => server.stop());

const read = async (path: string) => (await server.as(tenant.owner).get(path).expect(200)).body;
const actions = (page: { results: { action: string }[] }) => page.results.map(({ action }) => action);

test('an event has its action, its subject, its time and its outcome', async () => {
  const { results } = await read(ofIntegration);
  expect(results[0]).toEqual({
    id: expect.any(Number),
    key: expect.stringMatching(uuid),
    site_id: tenant.site.siteId,
    integration_id: tenant.integrationId,
    event_type: 'connection',
    action: 'tested',
    success: false,
    content_id: null,
    external_id: null,
    details: expect.objectContaining({ user_id: tenant.owner.userId }),
    error_message: expect.any(String),
    duration_ms: expect.any(Number),
    created_at: expect.stringMatching(/Z$/),
  });
});

test('events come newest first, and a site has more events than one of its integrations', async () => {
  const changes = ['tested', 'updated', 'updated', 'updated', 'created'];
  expect(actions(await read(ofIntegration))).toEqual(changes);
  expect(actions(await read(ofSite))).toEqual([...changes, 'site_key_rotated']);
});

test('the cursor gives each event once, also while new events are added', async () => {
  const whole = (await read(ofSite)).results;
  const seen: unknown[] = [];
  let path = `${ofSite}?limit=2`;
  for (let page = 0; page < 3; page += 1) {
    const { results, next_cursor } = await read(path);
    expect(results).toHaveLength(2);
    seen.push(...results);
    await server
      .as(tenant.owner)
      .post(`${integrationsPath}/${tenant.integrationId}/reveal-api-key`)
      .expect(200);
    path = `${ofSite}?limit=2&cursor=${next_cursor}`;
    if (page === 2) expect(next_cursor).toBeNull();
    else expect(next_cursor).toMatch(/^\d+$/);
  }
  expect(seen).toEqual(whole);
});

test('filters work together with the cursor', async () => {
  expect(actions(await read(`${ofIntegration}?event_type=connection`))).toEqual(['tested']);
  expect(actions(await read(`${ofIntegration}?success=false`))).toEqual(['tested']);
  expect(actions(await read(`${ofIntegration}?event_type=integration&success=false`))).toEqual([]);
  const first = await read(`${ofIntegration}?event_type=integration&limit=3`);
  expect(actions(first)).toEqual(['updated', 'updated', 'updated']);
  const rest = await read(`${ofIntegration}?event_type=integration&limit=3&cursor=${first.next_cursor}`);
  expect(actions(rest)).toEqual(['created']);
  expect(rest.next_cursor).toBeNull();
});

describe('a wrong query', () => {
  test.each([
    ['limit=0', 'limit'],
    ['limit=1000', 'limit'],
    ['limit=abc', 'limit'],
    ['cursor=abc', 'cursor'],
    ['cursor=-1', 'cursor'],
    ['cursor=9223372036854775808', 'cursor'],
    ['cursor=', 'cursor'],
    ['event_type=nothing', 'event_type'],
    ['success=maybe', 'success'],
  ])('%s is a 400 that names the field', async (query, field) => {
    expectProblem(await server.as(tenant.owner).get(`${ofSite}?${query}`), 400, { fields: [field] });
    expectProblem(await server.as(tenant.owner).get(`${ofIntegration}?${query}`), 400, { fields: [field] });
  });

  test('a cursor before all events gives an empty page', async () => {
    expect(await read(`${ofSite}?cursor=0`)).toEqual({ results: [], next_cursor: null });
  });
});
