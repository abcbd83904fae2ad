import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { SetupError } from '../../errors.ts';
import { ROLE } from './initialise.ts';
import { runningPostmaster } from './postmaster.ts';
import { didNotStart, type Server, startServer, stopServer } from './server.ts';

/**
 * Everyone who uses the server holds this lock shared, in a session that is open as long as the process
 * lives; PostgreSQL frees it when the process is killed. Who gets it alone is the last one and may stop the
 * server; a start that comes at that moment waits for the lock, loses its session, and starts the server anew.
 */
const PRESENCE_LOCK = 7_216_500;

/** A recovery after a crash can take long; only a server that says nothing for this long is given up. */
const LONGEST_START_MS = 120_000;

/** Being there: an open session that keeps others from stopping the server. */
export interface Presence {
  client: pg.Client;
  port: number;
}

/**
 * Connects to the server of this folder, starting it when it does not run.
 *
 * @param port  the port to start it on if possible
 * @throws SetupError when it does not start or does not let us in
 */
export async function enter(server: Server, port?: number): Promise<Presence> {
  const end = Date.now() + LONGEST_START_MS;
  for (;;) {
    const running = await runningPostmaster(server.place.cluster);
    if (running?.ready) {
      const client = await join(server, running.port);
      if (client) return { client, port: running.port };
    } else if (!running) {
      await startServer(server, port);
    }
    if (Date.now() > end) {
      throw didNotStart(
        server.place,
        await readFile(server.place.log, 'utf8').catch(() => 'it says nothing'),
      );
    }
    await delay(10);
  }
}

/** Gives up being there, and stops the server when nobody else is. Returns whether it was stopped. */
export async function leave(server: Server, { client }: Presence): Promise<boolean> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [PRESENCE_LOCK]);
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS last', [PRESENCE_LOCK]);
    if (!rows[0].last) return false;
    await stopServer(server.place);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A session that holds the lock; `undefined` when the server is on its way up or down. */
async function join(server: Server, port: number): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: ROLE,
    password: server.place.password,
    database: 'postgres',
    application_name: `sitebridge presence ${process.pid}`,
    keepAlive: true,
  });
  // Queries in flight fail too, which is where it is handled.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [PRESENCE_LOCK]);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (isPassing(error)) return undefined;
    throw refused(server, error);
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  // Starting up or shutting down, or a socket that closed under us.
  return (
    ['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) ||
    /Connection terminated/.test(error.message)
  );
}

function refused(server: Server, error: unknown): SetupError {
  const { place } = server;
  const message = error instanceof Error ? error.message : String(error);
  const isPassword = error instanceof pg.DatabaseError && error.code === '28P01';
  return new SetupError(
    isPassword
      ? `The embedded PostgreSQL in ${place.cluster} does not take the password in ${place.dataDir}/postgres-password. ` +
          'Put back the file that belongs to this folder; both are part of a backup of DATA_DIR.'
      : `The embedded PostgreSQL in ${place.cluster} refuses a connection: ${message}. Its log is ${place.log}.`,
    { cause: error },
  );
}
