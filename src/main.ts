import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createCore } from './adminServices.ts';
import { type Config, readConfig } from './config.ts';
import { type Container, createContainer } from './container.ts';
import { openDatabase } from './database/open.ts';
import { endSignal } from './endSignal.ts';
import { SetupError } from './errors.ts';
import { createHttpServer } from './http/httpServer.ts';
import { createLogger } from './logger.ts';
import { VaultError } from './security/credentialVault.ts';
import { createDemoAccount } from './services/sites/demoAccount.ts';

/** In milliseconds. Time to finish after SIGTERM: first for the requests in flight, the rest for the jobs. */
const graceMs = 10_000;
/** In milliseconds. Jobs get at least this time, so that unfinished jobs can be returned to the queue. */
const leastForJobsMs = 1_000;

/** Runs the process: reads settings, opens the database, listens, and stops in an orderly way. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  const database = await openDatabase(config, logger);
  let container: Container | undefined;
  let until = Date.now() + graceMs;
  try {
    if (database.embedded && config.role !== 'worker') await greetNewcomer(config, logger, database.url);
    container = await createContainer(config, logger, database.url);
    await container.start();
    // Signal handlers are set before the start is announced, because its reader may stop the process at once.
    const shutdown = endSignal();
    const server = config.role === 'worker' ? null : await listen(container, config);
    announce(config, server);
    await shutdown;
    until = Date.now() + graceMs;
    logger.info('stopping');
    container.endWaits();
    if (server) await close(server);
  } finally {
    await container?.stop(Math.max(leastForJobsMs, until - Date.now() - leastForJobsMs));
    await database.close();
  }
}

async function listen(container: Container, config: Config): Promise<Server> {
  const server = createHttpServer(container.app, config.keepAliveTimeoutS);
  server.listen(config.port, config.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    const why = code === 'EADDRINUSE' ? 'is used by another program' : `cannot be listened on (${code})`;
    throw new SetupError(`Port ${config.port} on ${config.host} ${why}. Set PORT or HOST to another value.`, {
      cause: error,
    });
  }
  return server;
}

function announce(config: Config, server: Server | null): void {
  if (!server) return void process.stdout.write('Sitebridge worker is running.\n');
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  process.stdout.write(
    `Sitebridge is ready at http://${host}:${port}  (API pages: http://${host}:${port}/docs)\n`,
  );
}

/** On the first start with an empty embedded database, creates a demo account and prints its secrets once. */
async function greetNewcomer(config: Config, logger: Logger, databaseUrl: string): Promise<void> {
  const core = createCore(config, logger, databaseUrl);
  try {
    await createDemoAccount(core, (demo) =>
      process.stdout.write(
        [
          'A demo account was made. This is shown once:',
          `  e-mail    ${demo.email}`,
          `  password  ${demo.password}`,
          `  site id   ${demo.siteId}`,
          `  site key  ${demo.siteKey}`,
          '',
        ].join('\n'),
      ),
    );
  } finally {
    await core.db.$disconnect();
  }
}

/**
 * Stops accepting connections and lets requests in flight finish. After `graceMs` all connections are cut.
 */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // After its request, a keep-alive connection stays open and would delay the close. So idle ones are closed.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  // A VaultError at start means that the stored or configured credential keys are invalid.
  if (!(error instanceof SetupError || error instanceof VaultError)) throw error;
  process.stderr.write(`Sitebridge cannot start. ${error.message}\n`);
  process.exit(1);
}
