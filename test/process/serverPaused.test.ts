/** Processes on a copy of a database, with another PUBLIC_URL. They send nothing before `server adopt`. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { deliver, statusBody } from '../support/webhooks.ts';
import { type Program, Programs, testSettings } from './serverProcess.ts';

const programs = new Programs();
/** The server to which the database belongs. It has no workers, so its jobs wait. */
let original: TestServer;
let tenant: TestTenant;
let site: CountingSite;
let settings: Record<string, string>;
beforeAll(async () => {
  site = await CountingSite.start();
  original = await startTestServer({ ROLE: 'api', PUBLIC_URL: 'https://live.example' });
  tenant = await buildTenant(original, site.url);
  settings = {
    ...testSettings,
    DATABASE_URL: original.databaseUrl,
    PUBLIC_URL: 'https://staging.example',
    SYNC_WAIT_S: '0',
  };
});
afterEach(() => programs.endAll());
afterAll(async () => {
  await original.stop();
  await site.stop();
});

/** A customer's site that counts connections and answers none. */
class CountingSite {
  connections = 0;
  bytes = 0;
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        this.bytes += data.length;
        socket.destroy();
      });
    });
  }

  static async start(): Promise<CountingSite> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return new CountingSite(server, typeof address === 'object' ? (address?.port ?? 0) : 0);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

const path = (rest: string) => `${integrationsPath}/${tenant.integrationId}${rest}`;

async function call(server: { url: string }, method: string, rest: string, body?: object) {
  const answer = await fetch(server.url + rest, {
    method,
    headers: { Authorization: `Bearer ${tenant.owner.token}`, 'Content-Type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const warnings = (program: Program) =>
  program.stderr
    .split('\n')
    .filter((line) => line.includes('"server_paused"'))
    .map((line) => JSON.parse(line).level);

test('an API and a worker of a copy call no site until `adopt`, then start while running', async () => {
  await original
    .as(tenant.owner)
    .post(path('/sync'), { direction: 'metadata' })
    .set('Prefer', 'respond-async')
    .expect(202);
  const api = await programs.start({ ...settings, ROLE: 'api' });
  const worker = await programs.startWorker(settings);
  expect(await call(api, 'GET', '/readyz')).toMatchObject({
    status: 200,
    body: { status: 'ready', server_paused: expect.stringContaining('https://live.example') },
  });
  const tested = await call(api, 'POST', path('/test-connection'));
  expect(tested).toMatchObject({ status: 200, body: { success: false, code: 'server_paused' } });
  expect(await call(api, 'POST', path('/sync'), { direction: 'metadata' })).toMatchObject({
    status: 409,
    body: { code: 'server_paused' },
  });
  // The worker does the jobs that call no site: it applies a webhook, which needs a read of the site.
  expect((await deliver(api, tenant.site, 'status', statusBody)).status).toBe(202);
  await eventually(async () =>
    expect(await original.db.webhookDelivery.findMany()).toMatchObject([{ status: 'processed' }]),
  );
  expect({ connections: site.connections, bytes: site.bytes }).toEqual({ connections: 0, bytes: 0 });
  expect([warnings(api), warnings(worker)]).toEqual([[40], [40]]);

  const { code, stdout, stderr } = await programs.admin(settings, 'server', 'adopt');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    server_id: await original.core.server.id(),
    public_url: 'https://staging.example',
  });
  await eventually(async () => {
    expect(site.bytes).toBeGreaterThan(0);
    const { body } = await call(api, 'GET', path('/runs'));
    expect(body.results).toMatchObject([{ status: 'failed' }]);
  });
  expect((await call(api, 'GET', '/readyz')).body).not.toHaveProperty('server_paused');
  for (const program of [api, worker]) expect((await program.end('SIGTERM')).code).toBe(0);
  expect([warnings(api), warnings(worker)]).toEqual([[40], [40]]);
});

test('the spelling of the URL does not matter, and a process without a URL compares nothing', async () => {
  for (const environment of [
    { ...settings, PUBLIC_URL: 'HTTPS://Staging.Example:443/' },
    { ...settings, PUBLIC_URL: '' },
  ]) {
    const server = await programs.start(environment);
    expect((await call(server, 'GET', '/readyz')).body).not.toHaveProperty('server_paused');
    expect(warnings(server)).toEqual([]);
    expect((await server.end('SIGTERM')).code).toBe(0);
  }
});

test('a paused server shuts down normally', async () => {
  const server = await programs.start({ ...settings, PUBLIC_URL: 'https://third.example' });
  expect((await call(server, 'GET', '/readyz')).body).toHaveProperty('server_paused');
  const ended = await server.end('SIGTERM');
  expect(ended.code).toBe(0);
  for (const line of ended.stderr.trim().split('\n')) expect(JSON.parse(line).level).toBeLessThan(50);
});
