import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, enterKey, integrationsPath, type TestTenant } from '../support/builders.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { startTestServer } from '../support/server.ts';
import { Programs, refuses, statusOf, testSettings } from './serverProcess.ts';

const programs = new Programs();
let database: TestDatabase;
let settings: Record<string, string>;
beforeEach(async () => {
  database = await createTestDatabase();
  settings = { ...testSettings, DATABASE_URL: database.url };
});
afterEach(async () => {
  await programs.endAll();
  await database.drop();
});

test('a server starts, is ready, and ends on SIGTERM and on SIGINT', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await programs.start(settings);
    expect(await statusOf(`${server.url}/readyz`)).toBe(200);
    expect(await statusOf(`${server.url}/api/v1/sites`)).toBe(401);
    const ended = await server.end(signal);
    expect(ended.code).toBe(0);
    // stdout has only the line for a person. A database that is not ours gets no demo account.
    expect(ended.stdout).toBe(`Sitebridge is ready at ${server.url}  (API pages: ${server.url}/docs)\n`);
    for (const line of ended.stderr.trim().split('\n')) expect(JSON.parse(line).level).toBeLessThan(40);
    await refuses(server.url);
  }
});

test.each<[string, Record<string, string>]>([
  ['75', {}],
  ['1', { KEEP_ALIVE_TIMEOUT_S: '1' }],
])('an idle connection stays open for %s s', async (seconds, setting) => {
  const server = await programs.start({ ...settings, ...setting });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const closed = once(socket, 'close');
  let answer = '';
  socket.on('data', (text: Buffer) => {
    answer += text;
  });
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  // A proxy reads this header, where it reads one at all.
  await eventually(() => expect(answer).toMatch(new RegExp(`^Keep-Alive: timeout=${seconds}\r$`, 'im')));
  if (seconds === '75') socket.destroy();
  await closed;
});

describe('a server with work in flight', () => {
  let wordpress: SimulatedWordpress;
  let gate: Gate;
  let tenant: TestTenant;
  beforeEach(async () => {
    wordpress = await startSimulatedWordpress({ siteId: 0 });
    gate = await startGate(wordpress.url);
    const builder = await startTestServer({ ROLE: 'api' }, { database });
    tenant = await buildTenant(builder, gate.url);
    await builder.stop();
    enterKey(wordpress, tenant.site);
  });
  afterEach(async () => {
    await gate.stop();
    await wordpress.stop();
  });

  const post = (url: string, path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${tenant.owner.token}`,
        'Content-Type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(body),
    });

  test('SIGTERM ends new connections and answers the call in flight, also when repeated', async () => {
    const server = await programs.start(settings);
    gate.shut();
    const calling = post(server.url, `${integrationsPath}/${tenant.integrationId}/test-connection`, {});
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    server.child.kill('SIGTERM');
    await refuses(server.url);
    // npm forwards signals that the terminal has already sent to the server.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGINT'] as const) server.child.kill(signal);
    expect(server.running).toBe(true);
    gate.open();
    const answer = await calling;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ success: true });
    expect((await server.ended()).code).toBe(0);
  });

  test('SIGTERM answers a sync call that waits with 202 at once, and the next start finishes its run', async () => {
    const first = await programs.start(settings);
    gate.shut();
    const path = `${integrationsPath}/${tenant.integrationId}`;
    const waiting = post(first.url, `${path}/sync`, { direction: 'metadata' });
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    const stopped = Date.now();
    const ending = first.end('SIGTERM');
    const answer = await waiting;
    // Calls in flight are cut after 10 s.
    expect(Date.now() - stopped).toBeLessThan(5_000);
    expect(answer.status).toBe(202);
    const run = (await answer.json()) as { id: number; status: string };
    expect(run.status).toBe('syncing');
    expect(answer.headers.get('location')).toBe(`${path}/runs/${run.id}`);
    expect((await ending).code).toBe(0);
    gate.open();
    const second = await programs.start(settings);
    await eventually(async () => {
      const now = await fetch(`${second.url}${path}/runs/${run.id}`, {
        headers: { Authorization: `Bearer ${tenant.owner.token}` },
      });
      expect(await now.json()).toMatchObject({ status: 'success' });
    });
  });

  test('a server that is killed while a site connects leaves no integration behind', async () => {
    const server = await programs.start(settings);
    const fresh = await startTestServer({ ROLE: 'api' }, { database });
    try {
      await fresh.as(tenant.owner).delete(`${integrationsPath}/${tenant.integrationId}`).expect(204);
      gate.shut();
      const body = { site_id: tenant.site.siteId, api_key: tenant.site.key, site_url: gate.url };
      const connecting = post(server.url, `${integrationsPath}/test-connection`, body).catch(() => 'cut');
      await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
      await server.end('SIGKILL');
      expect(await connecting).toBe('cut');
      gate.open();
      expect(await fresh.db.siteIntegration.count()).toBe(0);
      expect(await fresh.db.connectionCheck.count()).toBe(0);
      // The site can then connect to the next server as usual.
      const answer = await fresh.anyone.post(`${integrationsPath}/test-connection`, body).expect(200);
      expect(answer.body).toMatchObject({ success: true, integration_id: expect.any(Number) });
    } finally {
      await fresh.stop();
    }
  });

  test('SIGTERM returns a running job to the queue, and the next start finishes it', async () => {
    const first = await programs.start(settings);
    gate.shut();
    const path = `${integrationsPath}/${tenant.integrationId}`;
    const asked = await post(
      first.url,
      `${path}/sync`,
      { direction: 'metadata' },
      { Prefer: 'respond-async' },
    );
    expect(asked.status).toBe(202);
    const { id } = (await asked.json()) as { id: number };
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    const started = Date.now();
    expect((await first.end('SIGTERM')).code).toBe(0);
    expect(Date.now() - started).toBeLessThan(15_000);
    gate.open();
    const second = await programs.start(settings);
    await eventually(async () => {
      const answer = await fetch(`${second.url}${path}/runs/${id}`, {
        headers: { Authorization: `Bearer ${tenant.owner.token}` },
      });
      expect(await answer.json()).toMatchObject({ status: 'success' });
    });
  });
});

test('a taken port is named, with the setting that changes it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { code, stdout, stderr } = await programs.spawn({ ...settings, PORT: String(port) }).ended();
  other.close();
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(
    `Port ${port} on 127.0.0.1 is used by another program. Set PORT or HOST to another value.`,
  );
  expect(stderr).not.toMatch(/^\s+at /m);
});

describe('an impossible start is refused, names the setting, and shows no stack and no secret:', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'production without keys',
      { NODE_ENV: 'production', CREDENTIAL_KEYS: '' },
      /CREDENTIAL_KEYS is not set/,
    ],
    [
      'production without a token secret',
      { NODE_ENV: 'production', JWT_SECRET: '' },
      /JWT_SECRET is not set/,
    ],
    ['a short secret', { JWT_SECRET: 'hunter2' }, /JWT_SECRET: must have at least 32 bytes/],
    ['a wrong port', { PORT: '99999' }, /PORT/],
    ['a wrong role', { ROLE: 'boss' }, /ROLE/],
    ['a wrong network', { OUTBOUND_ALLOW: 'everything' }, /OUTBOUND_ALLOW/],
    ['a host of another machine', { HOST: '192.0.2.1' }, /HOST/],
    [
      'two keys with one name',
      { CREDENTIAL_KEYS: `${testSettings.CREDENTIAL_KEYS},${testSettings.CREDENTIAL_KEYS}` },
      /CREDENTIAL_KEYS: must not contain two keys with the same kid/,
    ],
    [
      'no database at DATABASE_URL',
      { DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:9/x' },
      /DATABASE_URL|database/i,
    ],
  ])('%s', async (_what, wrong, message) => {
    const { code, stdout, stderr } = await programs.spawn({ ...settings, ...wrong }).ended();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
