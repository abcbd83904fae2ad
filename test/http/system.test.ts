import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildAccount } from '../support/builders.ts';
import { createTestDatabase } from '../support/database.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test('/healthz reports a running process', async () => {
  const { body } = await server.anyone.get('/healthz').expect(200);
  expect(body).toEqual({ status: 'ok' });
});

describe('/readyz', () => {
  test('reports that all parts work', async () => {
    const answer = await server.anyone.get('/readyz').expect(200);
    expect(answer.body).toEqual({
      status: 'ready',
      checks: { database: 'ok', migrations: 'ok', queue: 'ok' },
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('names the migrations that a database lacks', async () => {
    const database = await createTestDatabase({ empty: true });
    const behind = await startTestServer({ ROLE: 'api' }, { database });
    try {
      const answer = await behind.anyone.get('/readyz').expect(503);
      expect(answer.body).toEqual({
        status: 'not_ready',
        checks: { database: 'ok', migrations: expect.stringMatching(/^pending: \d+_init/), queue: 'ok' },
      });
      expect(answer.headers['retry-after']).toBe('5');
      await behind.anyone.get('/healthz').expect(200);
    } finally {
      await behind.stop();
      await database.drop();
    }
  });
});

test('/metrics counts calls by route, not by path', async () => {
  const owner = await buildAccount(server);
  await server.as(owner).get('/api/v1/sites/123456').expect(404);
  await server.anyone.get('/nothing/here').expect(404);
  const answer = await server.anyone.get('/metrics').expect(200);
  expect(answer.headers['content-type']).toMatch(/^text\/plain/);
  const count = 'sitebridge_http_request_duration_seconds_count';
  expect(answer.text).toContain(`${count}{method="GET",route="/api/v1/sites/:id",status="404"} 1`);
  expect(answer.text).toContain(`${count}{method="GET",route="other",status="404"} 1`);
  expect(answer.text).not.toContain('123456');
  expect(answer.text).toContain('process_cpu_seconds_total');
});

describe('/docs', () => {
  test('loads everything from this server', async () => {
    const page = await server.anyone.get('/docs').expect(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(loaded.length).toBeGreaterThanOrEqual(4);
    for (const address of loaded) {
      expect(address).toMatch(/^\//);
      await server.anyone.get(address).expect(200);
    }
    expect(page.text).not.toMatch(/https?:\/\//);
    // The policy forbids all other sources.
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    const start = await server.anyone.get('/docs/start.js').expect(200);
    expect(start.text).toContain('/api/v1/openapi.json');
    expect(start.text).toContain('validatorUrl: null');
  });

  test('answers with a trailing slash too', async () => {
    await server.anyone.get('/docs/').expect(200);
    await server.anyone.get('/api/v1/openapi.json/').expect(200);
    await server.anyone.get('/metrics/').expect(200);
  });
});

test.each(['/docs', '/docs/swagger-ui.css', '/metrics', '/api/v1/openapi.json'])(
  '%s allows only GET and HEAD',
  async (path) => {
    const answer = await server.anyone.post(path, {});
    expectProblem(answer, 405, { code: 'method_not_allowed' });
    expect(answer.headers.allow).toBe('GET, HEAD');
  },
);

describe('a request id', () => {
  test('is made, returned and logged once per call', async () => {
    const [first, second] = [await server.anyone.get('/healthz'), await server.anyone.get('/api/v1/sites')];
    expect(first.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expectProblem(second, 401);
    const line = server.log.find((entry) => entry.includes(second.headers['x-request-id'] ?? ''));
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 30,
      req: { method: 'GET', path: '/api/v1/sites' },
      res: { status: 401 },
    });
  });

  test("is the caller's own if that is harmless", async () => {
    const own = await server.anyone.get('/healthz').set('X-Request-Id', 'trace:1.2_3-4');
    expect(own.headers['x-request-id']).toBe('trace:1.2_3-4');
    for (const id of ['', 'a b', 'x'.repeat(129), '{"a":1}']) {
      const answer = await server.anyone.get('/healthz').set('X-Request-Id', id);
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

test('responses have the security headers of browsers, and no header that names our software', async () => {
  for (const path of ['/healthz', '/docs', '/nothing', '/api/v1/sites']) {
    const { headers } = await server.anyone.get(path);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  }
});
