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

/** The one that everything is in; sessions that only keep the lock use PostgreSQL's own, `postgres`. */
export const DATABASE = 'sitebridge';

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

/** Gives up being there, and stops the server when nobody else is. Returns whether this call stopped it. */
export async function leave(server: Server, presence: Presence): Promise<boolean> {
  let client: pg.Client | undefined = presence.client;
  for (;;) {
    if (client) {
      const last = await release(client);
      if (last !== undefined) {
        if (last) await stopServer(server.place);
        await client.end().catch(() => undefined);
        return last;
      }
    }
    // The session was lost: another one that left was the last one and stopped the server, or it crashed and
    // comes up again by itself, with nobody in it but us.
    const running = await runningPostmaster(server.place.cluster);
    if (!running) return false;
    client = running.ready ? await join(server, running.port) : undefined;
    if (!client) await delay(10);
  }
}

/** Gives the lock back. Was it the last one? `undefined` when the session is gone, and the lock with it. */
async function release(client: pg.Client): Promise<boolean | undefined> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [PRESENCE_LOCK]);
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS last', [PRESENCE_LOCK]);
    return rows[0].last === true;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (isPassing(error)) return undefined;
    throw error;
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
    // A server that is going down ends the last one's session, and so gives us its lock, before it ends ours.
    // It says that it is stopping before it ends any.
    if ((await runningPostmaster(server.place.cluster))?.ready) {
      await ensureDatabase(client);
      return client;
    }
    await client.end();
    return undefined;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (isPassing(error)) return undefined;
    throw refused(server, error);
  }
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rows.length > 0) return;
  await client.query(`CREATE DATABASE ${DATABASE}`).catch((error: { code?: string }) => {
    // Another process that started at the same moment made it.
    if (error.code !== '42P04' && error.code !== '23505') throw error;
  });
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  // Starting up or shutting down, or a socket that closed under us.
  return (
    ['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) ||
    /Connection terminated|not queryable/.test(error.message)
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
