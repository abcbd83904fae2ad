import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { findBinaries } from './binaries.ts';
import { ensureCluster, ROLE } from './initialise.ts';
import { settle } from './place.ts';
import { DATABASE, enter, leave, type Presence } from './presence.ts';
import type { Server } from './server.ts';

/** An embedded database in use. */
interface EmbeddedDatabase {
  /** `postgresql://…` on loopback. Contains the password, so it must not be logged. */
  url: string;
  /** Whether this call created the database. */
  fresh: boolean;
  /**
   * Stops using the database. The last process that closes it stops PostgreSQL. End your own connections
   * first. A second call does nothing more.
   */
  close(): Promise<void>;
}

/**
 * Opens the PostgreSQL in `dataDir`, and creates and starts it as needed. Any number of processes may open
 * the same folder at once. They share one server, which keeps running when one of the processes is killed.
 *
 * @param options.systemDir  the folder for programs and cluster when root starts this process in a folder
 *                           that PostgreSQL's unprivileged user cannot enter
 * @param options.settings   further server settings, such as `{fsync: 'off'}` for tests
 * @throws SetupError that names the fault and the fix
 */
export async function openEmbeddedDatabase(options: {
  dataDir: string;
  logger: Logger;
  systemDir?: string;
  settings?: Record<string, string>;
}): Promise<EmbeddedDatabase> {
  const { logger } = options;
  const place = await settle({
    dataDir: options.dataDir,
    systemDir: options.systemDir ?? '/var/lib/sitebridge',
  });
  const binaries = await findBinaries(place.user, place.copiesIn);
  const server: Server = { place, binaries, settings: options.settings ?? {} };
  const fresh = await ensureCluster(place, binaries);
  if (fresh) logger.info({ folder: place.cluster }, 'made an embedded PostgreSQL');
  const { port, stop } = await stayIn(server, logger);
  return {
    url: `postgresql://${ROLE}:${place.password}@127.0.0.1:${port}/${DATABASE}`,
    fresh,
    close: stop,
  };
}

/** Keeps a presence until `stop` is called, and enters again after a crash of PostgreSQL. */
async function stayIn(server: Server, logger: Logger): Promise<{ port: number; stop(): Promise<void> }> {
  let presence = await enter(server);
  const { port } = presence;
  let stopped: Promise<void> | undefined;
  let returning: Promise<void> = Promise.resolve();

  const watch = (watched: Presence) => {
    watched.client.once('end', () => {
      if (!stopped) returning = comeBack();
    });
  };
  // When one backend dies (out of memory, a killed process), PostgreSQL ends every session.
  const comeBack = async () => {
    logger.error(
      { folder: server.place.cluster, log: server.place.log },
      'the embedded PostgreSQL went away',
    );
    while (!stopped) {
      try {
        presence = await enter(server, port);
        watch(presence);
        if (presence.port === port) logger.info('the embedded PostgreSQL is back');
        else logger.fatal('the embedded PostgreSQL came back on another port: restart this process');
        return;
      } catch (error) {
        logger.error({ err: error }, 'the embedded PostgreSQL does not come back');
        await delay(1000);
      }
    }
  };
  const stop = async () => {
    await returning;
    if (await leave(server, presence)) logger.debug('stopped the embedded PostgreSQL');
  };
  watch(presence);
  return {
    port,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
