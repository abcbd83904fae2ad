/** The database stops and starts again under a running server. The test runs a PostgreSQL of its own. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { createLogger } from '../../src/logger.ts';
import { Folder, type User } from '../database/embeddedUser.ts';
import { buildAccount, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { Relay } from '../support/relay.ts';
import { startTestServer } from '../support/server.ts';
import { Programs, testSettings } from './serverProcess.ts';

const programs = new Programs();
let folder: Folder;
let postgres: User;
let relay: Relay;
let user: TestUser;
let server: { url: string; running: boolean; stderr: string };
beforeAll(async () => {
  folder = await Folder.make();
  postgres = await folder.open();
  relay = new Relay(Number(postgres.port));
  const url = new URL(postgres.url);
  url.port = String(await relay.port());
  await migrateDatabase({ url: postgres.url, logger: createLogger('silent') });
  const builder = await startTestServer({ ROLE: 'api' }, { database: { url: postgres.url } });
  user = await buildAccount(builder);
  await builder.stop();
  server = await programs.start({ ...testSettings, DATABASE_URL: url.href });
});
afterAll(async () => {
  await programs.endAll();
  await relay.stop();
  await folder.remove();
});

async function get(path: string) {
  const answer = await fetch(server.url + path, { headers: { Authorization: `Bearer ${user.token}` } });
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
}

test('calls answer 503 and readyz names the database during an outage, and all works after it', async () => {
  expect((await get('/readyz')).body).toMatchObject({ status: 'ready' });
  expect((await get('/api/v1/sites')).status).toBe(200);

  expect(await postgres.close()).toBe(0);
  await eventually(async () => {
    const call = await get('/api/v1/sites');
    expectProblem(call, 503, { code: 'unavailable' });
    expect(call.headers['retry-after']).toBe('5');
    expect(JSON.stringify(call.body)).not.toMatch(/127\.0\.0\.1|postgres/);
  });
  // The answer is 503 every time, without delay, and also for calls that were never made before.
  for (const path of ['/api/v1/sites', '/api/v1/sites/1', '/api/v1/integration/integrations?page=1']) {
    const started = Date.now();
    expectProblem(await get(path), 503, { code: 'unavailable' });
    expect(Date.now() - started).toBeLessThan(5_000);
  }
  const signIn = await fetch(`${server.url}/api/v1/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: user.email, password: user.password }),
  });
  expect(signIn.status).toBe(503);
  // A report is used for a second.
  await eventually(async () =>
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: {
        status: 'not_ready',
        checks: {
          database: 'cannot be reached',
          migrations: 'cannot be reached',
          queue: 'cannot be reached',
        },
      },
    }),
  );
  expect((await get('/healthz')).status).toBe(200);
  expect(server.running).toBe(true);

  postgres = await folder.open();
  relay.pointTo(Number(postgres.port));
  await eventually(async () => expect((await get('/readyz')).status).toBe(200));
  await eventually(async () => expect((await get('/api/v1/sites')).status).toBe(200));
  // The log blames the server for none of the errors.
  expect(server.stderr).not.toContain('fault of ours');
});
