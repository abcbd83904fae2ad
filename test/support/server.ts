/**
 * A whole server for a test file, on its own database and on a free port of the loopback:
 *
 *     let server: TestServer;
 *     beforeAll(async () => { server = await startTestServer(); });
 *     afterAll(() => server.stop());
 *
 * Nothing in it is a mock. A response that differs from the documentation becomes a 500. Settings have the
 * names of environment variables.
 */
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import type { Express } from 'express';
import supertest, { type Test } from 'supertest';
import { type Core, createCore } from '../../src/adminServices.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createContainer } from '../../src/container.ts';
import type { Database } from '../../src/database/client.ts';
import { createHttpServer } from '../../src/http/httpServer.ts';
import type { Route } from '../../src/http/route.ts';
import { createLogger } from '../../src/logger.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { holdToDocumentation } from './documentedAnswers.ts';

export const jwtSecret = 'a-secret-of-the-tests-with-more-than-32-bytes';
export const credentialKeys = `first:${Buffer.alloc(32, 1).toString('base64')}`;

const testEnvironment = {
  JWT_SECRET: jwtSecret,
  CREDENTIAL_KEYS: credentialKeys,
  OUTBOUND_ALLOW: '127.0.0.0/8',
  LOG_LEVEL: 'trace',
  // Tests call more often than a user does. The throttle has a test of its own.
  THROTTLE_INTEGRATION: '100000/min',
  DATABASE_POOL_SIZE: '5',
  DATA_DIR: tmpdir(),
};

/** Calls the server, with or without credentials. */
export interface Caller {
  get(path: string): Test;
  /** Without `body` the request has no body, as with `curl -X POST`. */
  post(path: string, body?: object): Test;
  put(path: string, body?: object): Test;
  patch(path: string, body?: object): Test;
  delete(path: string): Test;
}

export interface TestServer {
  app: Express;
  routes: Route[];
  /** The server's address, without a slash at the end. */
  url: string;
  config: Config;
  databaseUrl: string;
  /** For reading what the server has written. */
  db: Database;
  /** The services behind the admin commands. */
  core: Core;
  /** Every log line, as the server would print it. */
  log: string[];
  anyone: Caller;
  as(user: { token: string }): Caller;
  withKey(key: string): Caller;
  stop(): Promise<void>;
}

/**
 * Starts a server. With `database` it uses another server's database and does not drop it on stop.
 * `platforms` are used in addition to the server's own platforms.
 */
export async function startTestServer(
  environment: Record<string, string> = {},
  options: { database?: { url: string }; platforms?: Platform[] } = {},
): Promise<TestServer> {
  const own: TestDatabase | null = options.database ? null : await createTestDatabase();
  const databaseUrl = options.database?.url ?? own?.url ?? '';
  const config = readConfig({ ...testEnvironment, ...environment });
  const log: string[] = [];
  const logger = createLogger(config.logLevel, { write: (line: string) => void log.push(line) });
  const container = await createContainer(config, logger, databaseUrl, options.platforms);
  holdToDocumentation(container.routes);
  const core = createCore(config, logger, databaseUrl);
  await container.start();
  const listener = createHttpServer(container.app, config.keepAliveTimeoutS).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    app: container.app,
    routes: container.routes,
    url,
    config,
    databaseUrl,
    db: core.db,
    core,
    log,
    anyone: caller(url, {}),
    as: ({ token }) => caller(url, { Authorization: `Bearer ${token}` }),
    withKey: (key) => caller(url, { 'X-API-Key': key }),
    async stop() {
      const closed = new Promise((resolve) => listener.close(resolve));
      listener.closeAllConnections();
      await closed;
      await container.stop(2_000);
      await core.db.$disconnect();
      await own?.drop();
    },
  };
}

/** A caller of the server at `url`, with these headers. */
export function caller(url: string, headers: Record<string, string>): Caller {
  const agent = supertest(url);
  const send = (call: Test, body: object | undefined) =>
    body === undefined ? call.set(headers) : call.set(headers).send(body);
  return {
    get: (path) => send(agent.get(path), undefined),
    post: (path, body) => send(agent.post(path), body),
    put: (path, body) => send(agent.put(path), body),
    patch: (path, body) => send(agent.patch(path), body),
    delete: (path) => send(agent.delete(path), undefined),
  };
}
