/** Two servers share counters through Redis, and both work while Redis is down. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { RedisProcess } from './redisProcess.ts';

const limit = 6;
let redis: RedisProcess;
let database: TestDatabase;
let servers: TestServer[];
let tenant: TestTenant;
beforeEach(async () => {
  redis = await RedisProcess.make();
  database = await createTestDatabase();
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  await database.drop();
  await redis.remove();
});

async function startServers(): Promise<[TestServer, TestServer]> {
  const environment = { REDIS_URL: redis.url, THROTTLE_INTEGRATION: `${limit}/min`, TRUST_PROXY: 'loopback' };
  const one = await startTestServer({ ...environment, ROLE: 'api' }, { database });
  servers.push(one);
  const two = await startTestServer({ ...environment, ROLE: 'api' }, { database });
  servers.push(two);
  tenant = await buildTenant(one);
  return [one, two];
}

/**
 * Calls both servers in turn. Returns the statuses. Only this test uses the token, so the count starts at the
 * limit.
 */
async function callInTurn(pair: [TestServer, TestServer], times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const server = pair[i % 2] ?? pair[0];
    const started = Date.now();
    statuses.push((await server.as(tenant.owner).get('/api/v1/sites')).status);
    // An unreachable counter must not delay a call.
    expect(Date.now() - started).toBeLessThan(2_000);
  }
  return statuses;
}

/** Expects a shared count: calls up to the limit succeed, and further calls fail at both servers. */
async function expectCounting(pair: [TestServer, TestServer], already: number): Promise<void> {
  const left = limit - already;
  expect(await callInTurn(pair, left + 2)).toEqual([...Array(left).fill(200), 429, 429]);
}

test('two servers share the throttle, pass calls without Redis, and count with it again', async () => {
  await redis.start();
  const pair = await startServers();
  // One call has already created the tenant's integration.
  await expectCounting(pair, 1);
  await redis.kill();
  await eventually(async () => expect(await callInTurn(pair, 2)).toEqual([200, 200]));
  expect(await callInTurn(pair, limit * 2)).toEqual(Array(limit * 2).fill(200));
  expect(servers.some((server) => server.log.some((line) => line.includes('Redis cannot be reached')))).toBe(
    true,
  );
  await redis.start();
  // Redis has lost its counts. Wait until both servers have reconnected and the limit is reached.
  await eventually(async () => {
    const answers = await Promise.all(pair.map((server) => server.as(tenant.owner).get('/api/v1/sites')));
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
  });
  const braked = await pair[1].as(tenant.owner).get('/api/v1/sites');
  expectProblem(braked, 429, { code: 'rate_limited' });
  expect(Number(braked.headers['retry-after'])).toBeGreaterThan(0);
});

test('failed keys are throttled at both servers, whichever server got them', async () => {
  await redis.start();
  const pair = await startServers();
  const path = `${integrationsPath}/${tenant.integrationId}/update-structure`;
  const attempt = (server: TestServer) =>
    server
      .withKey(`sbk_${'x'.repeat(43)}`)
      .post(path, {})
      .set('X-Forwarded-For', '192.0.2.1');
  for (let i = 0; i < 20; i += 1) expectProblem(await attempt(pair[i % 2] ?? pair[0]), 401);
  for (const server of pair) expectProblem(await attempt(server), 429, { code: 'too_many_failures' });
});

test('servers start without Redis, and count once Redis runs', async () => {
  const pair = await startServers();
  expect(await callInTurn(pair, limit * 2)).toEqual(Array(limit * 2).fill(200));
  await redis.start();
  await eventually(async () => {
    const answers = await Promise.all(pair.map((server) => server.as(tenant.owner).get('/api/v1/sites')));
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
  });
});
