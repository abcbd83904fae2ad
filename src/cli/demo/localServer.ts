import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Core, createCore } from '../../adminServices.ts';
import { readConfig } from '../../config.ts';
import { type Container, createContainer } from '../../container.ts';
import { type OpenDatabase, openDatabase } from '../../database/open.ts';

/** A server with a separate database, for one demonstration. */
interface LocalServer {
  /** The URL of the server, without a slash at the end. */
  url: string;
  /** The services that the operator's commands use. */
  core: Core;
  /** Stops the server and removes all its files. A second call does nothing more. */
  stop(): Promise<void>;
}

/**
 * Starts a server on a free port of the loopback interface. It ignores the settings in the environment and
 * uses `settings` instead. It logs nothing.
 */
export async function startLocalServer(settings: Record<string, string> = {}): Promise<LocalServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sitebridge-demo-'));
  // When root starts this process, PostgreSQL runs as another user, who must pass through the folder.
  await chmod(folder, 0o711);
  const config = readConfig({ DATA_DIR: folder, PORT: '0', OUTBOUND_ALLOW: '127.0.0.0/8', ...settings });
  const logger = pino({ level: 'silent' });
  let database: OpenDatabase | undefined;
  let container: Container | undefined;
  let core: Core | undefined;
  const listener = createServer();
  let stopping: Promise<void> | undefined;

  const stop = async () => {
    listener.closeAllConnections();
    if (listener.listening) await new Promise((resolve) => listener.close(resolve));
    await container?.stop(2_000);
    await core?.db.$disconnect();
    await database?.close();
    await rm(folder, { recursive: true, force: true });
  };
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };

  try {
    database = await openDatabase(config, logger);
    container = await createContainer(config, logger, database.url);
    core = createCore(config, logger, database.url);
    await container.start();
    listener.on('request', container.app);
    listener.listen(config.port, config.host);
    await once(listener, 'listening');
  } catch (error) {
    await stopOnce();
    throw error;
  }
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://${config.host}:${port}`, core, stop: stopOnce };
}
