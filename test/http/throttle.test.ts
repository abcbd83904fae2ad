/** The throttle of users, and the brakes on callers whose keys are wrong. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildTenant, buildUser, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let tenant: TestTenant;
afterEach(() => server.stop());

/** A header sets the caller's address, so that one test has several addresses. */
async function start(throttle: string): Promise<void> {
  server = await startTestServer({ THROTTLE_INTEGRATION: throttle, TRUST_PROXY: 'loopback' });
  tenant = await buildTenant(server);
}

const from = (address: string) => ({ 'X-Forwarded-For': address });

describe('the throttle', () => {
  test('returns the remaining calls, then 429, and lets calls through after its time', async () => {
    await start('3/s');
    const user = await buildUser(server, tenant.accountId, 'editor');
    // Three calls within the same second. A busy machine may take longer, so the test retries.
    await eventually(async () => {
      const calls = await Promise.all([1, 2, 3, 4].map(() => server.as(user).get('/api/v1/sites')));
      expect(calls.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429]);
      const [passed, braked] = [
        calls.find(({ status }) => status === 200),
        calls.find(({ status }) => status === 429),
      ];
      if (!passed || !braked) throw new Error('the calls did not get both 200 and 429');
      expect(passed.headers['ratelimit-policy']).toMatch(/^"integration"; q=3; w=1/);
      expect(passed.headers.ratelimit).toMatch(/^"integration"; r=\d; t=\d/);
      expect(braked.headers.ratelimit).toMatch(/^"integration"; r=0; t=\d/);
      expect(braked.headers['retry-after']).toBe('1');
      expectProblem(braked, 429, { code: 'rate_limited' });
    });
    await eventually(async () => void (await server.as(user).get('/api/v1/sites').expect(200)));
  });

  test('counts each user separately, from any address, and each site by its key', async () => {
    await start('3/min');
    const [a, b] = [
      await buildUser(server, tenant.accountId, 'editor'),
      await buildUser(server, tenant.accountId, 'editor'),
    ];
    for (let i = 0; i < 3; i += 1) {
      await server
        .as(a)
        .get('/api/v1/sites')
        .set(from(`192.0.2.${i}`))
        .expect(200);
    }
    expectProblem(await server.as(a).get(integrationsPath).set(from('192.0.2.9')), 429, {
      code: 'rate_limited',
    });
    await server.as(b).get('/api/v1/sites').expect(200);
    const path = `${integrationsPath}/${tenant.integrationId}/update-structure`;
    for (let i = 0; i < 3; i += 1) expectProblem(await server.withKey(tenant.site.key).post(path, {}), 400);
    expectProblem(await server.withKey(tenant.site.key).post(path, {}), 429);
    await server.as(b).get('/api/v1/sites').expect(200);
  });

  test('does not count a refused token against anyone', async () => {
    await start('2/min');
    const user = await buildUser(server, tenant.accountId, 'editor');
    for (let i = 0; i < 5; i += 1) expectProblem(await server.as({ token: 'x' }).get('/api/v1/sites'), 401);
    await server.as(user).get('/api/v1/sites').expect(200);
  });

  test('applies to every route of a user', async () => {
    await start('1/min');
    const unthrottled = server.routes.filter((route) => route.access.kind === 'user' && !route.throttle);
    expect(unthrottled.map(({ path }) => path)).toEqual([]);
  });
});

describe('the collection test-connection', () => {
  const path = `${integrationsPath}/test-connection`;
  // Nothing listens at this address, so each test fails quickly.
  const body = () => ({
    site_id: tenant.site.siteId,
    api_key: tenant.site.key,
    site_url: 'http://127.0.0.1:9',
  });
  beforeEach(() => start('2/min'));

  test('is not throttled, even when its tests fail', async () => {
    for (let i = 0; i < 30; i += 1) {
      const answer = await server.anyone.post(path, body()).expect(400);
      expect(answer.body.success).toBe(false);
      expect(answer.headers).not.toHaveProperty('ratelimit');
    }
  });

  test('throttles wrong keys, and lets the right key pass at the same address', async () => {
    const wrong = { ...body(), api_key: `sbk_${'w'.repeat(43)}` };
    for (let i = 0; i < 20; i += 1) {
      expectProblem(await server.anyone.post(path, wrong).set(from('192.0.2.1')), 403);
    }
    const braked = await server.anyone.post(path, wrong).set(from('192.0.2.1'));
    expectProblem(braked, 429, { code: 'too_many_failures' });
    expect(Number(braked.headers['retry-after'])).toBeGreaterThan(0);
    const right = await server.anyone.post(path, body()).set(from('192.0.2.1')).expect(400);
    expect(right.body.success).toBe(false);
    // The brake holds after the right key, but not for other addresses and sites.
    expectProblem(await server.anyone.post(path, wrong).set(from('192.0.2.1')), 429);
    expectProblem(await server.anyone.post(path, wrong).set(from('192.0.2.2')), 403);
    const other = await buildTenant(server);
    const theirs = { ...wrong, site_id: other.site.siteId };
    expectProblem(await server.anyone.post(path, theirs).set(from('192.0.2.1')), 403);
  });

  test('counts the failures of an address for all sites too', async () => {
    const wrong = (siteId: number) => ({ ...body(), site_id: siteId, api_key: 'wrong' });
    for (let i = 0; i < 200; i += 1) {
      const answer = await server.anyone.post(path, wrong(1_000_000 + i)).set(from('192.0.2.1'));
      expectProblem(answer, 403);
    }
    const braked = await server.anyone.post(path, wrong(2_000_000)).set(from('192.0.2.1'));
    expectProblem(braked, 429, { code: 'too_many_failures' });
    await server.anyone.post(path, body()).set(from('192.0.2.1')).expect(400);
  });
});

describe('wrong site keys in a header', () => {
  const attempt = (address: string, key = `sbk_${'b'.repeat(43)}`) =>
    server
      .withKey(key)
      .post(`${integrationsPath}/${tenant.integrationId}/update-structure`, {})
      .set(from(address));
  beforeEach(() => start('1000/min'));

  test('never stop the right key behind the same address', async () => {
    for (let i = 0; i < 20; i += 1) expectProblem(await attempt('192.0.2.1'), 401);
    expectProblem(await attempt('192.0.2.1'), 429, { code: 'too_many_failures' });
    // The key passes. The empty report is what is wrong.
    expectProblem(await attempt('192.0.2.1', tenant.site.key), 400);
    expectProblem(await attempt('192.0.2.1'), 429, { code: 'too_many_failures' });
  });

  test('are counted together for the IPv6 network of one customer', async () => {
    for (let i = 0; i < 20; i += 1) expectProblem(await attempt(`2001:db8:0:${i}::1`), 401);
    expectProblem(await attempt('2001:db8:0:ff::1'), 429, { code: 'too_many_failures' });
    expectProblem(await attempt('2001:db8:1::1'), 401);
  });

  test('cost little: beyond some that wait, a flood of a braked address gets 503 with Retry-After', async () => {
    for (let i = 0; i < 20; i += 1) expectProblem(await attempt('192.0.2.1'), 401);
    // A busy machine may send a small flood so slowly that none of it has to wait.
    let size = 100;
    await eventually(async () => {
      size = Math.min(3_200, size * 2);
      const flood = await Promise.all(Array.from({ length: size }, () => attempt('192.0.2.1')));
      const refused = flood.filter(({ status }) => status === 503);
      for (const answer of refused) {
        expectProblem(answer, 503, { code: 'busy' });
        expect(answer.headers['retry-after']).toBe('2');
      }
      expect(flood.filter(({ status }) => status === 429).length).toBe(size - refused.length);
      expect(refused.length).toBeGreaterThan(0);
    });
    expectProblem(await attempt('192.0.2.1', tenant.site.key), 400);
  });
});

test('an address in a header is ignored, unless a proxy is trusted', async () => {
  server = await startTestServer();
  tenant = await buildTenant(server);
  const path = `${integrationsPath}/${tenant.integrationId}/update-structure`;
  const attempt = (i: number) =>
    server
      .withKey(`sbk_${'b'.repeat(43)}`)
      .post(path, {})
      .set(from(`192.0.2.${i}`));
  for (let i = 0; i < 20; i += 1) expectProblem(await attempt(i), 401);
  expectProblem(await attempt(99), 429, { code: 'too_many_failures' });
});
