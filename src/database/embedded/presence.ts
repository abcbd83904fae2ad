import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { SetupError } from '../../errors.ts';
import { ROLE } from './initialise.ts';
import { runningPostmaster } from './postmaster.ts';
import { didNotStart, type Server, startServer, stopServer } from './server.ts';

/**
 * Every process that uses the server holds this lock as a shared lock, in a session that stays open as long
 * as the process lives. PostgreSQL frees the lock when the process is killed. A process that gets the lock
 * exclusively is the last user and may stop the server. A process that starts at that moment waits for the
 * lock, loses its session, and starts the server again.
 */
const PRESENCE_LOCK = 7_216_500;

/** The database with all tables. Sessions that only hold the lock use PostgreSQL's database `postgres`. */
export const DATABASE = 'sitebridge';

/** Recovery after a crash can take long. A server that is not ready after this time counts as failed. */
const LONGEST_START_MS = 120_000;

/** An open session that keeps other processes from stopping the server. */
export interface Presence {
  client: pg.Client;
  port: number;
}

/**
 * Connects to the server of this folder, and starts the server when it does not run.
 *
 * @param port  the port to start the server on if possible
 * @throws SetupError when the server does not start or refuses the connection
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

/**
 * Ends a presence, and stops the server when no other process uses it. Returns whether this call stopped it.
 */
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
    // The session was lost. Either another process left as the last user and stopped the server, or the
    // server crashed and is restarting by itself.
    const running = await runningPostmaster(server.place.cluster);
    if (!running) return false;
    client = running.ready ? await join(server, running.port) : undefined;
    if (!client) await delay(10);
  }
}

/**
 * Releases the lock. Returns whether no other session holds it, or `undefined` when the session, and so the
 * lock, is gone already.
 */
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

/** Opens a session that holds the lock. Returns `undefined` while the server is starting or stopping. */
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
  // The query in flight fails too, and its caller handles the error.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [PRESENCE_LOCK]);
    // A server that is stopping ends the sessions one by one. When it ends the last user's session first,
    // this session gets the lock. `postmaster.pid` says that the server is stopping before any session ends.
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
    // Another process that started at the same moment created the database.
    if (error.code !== '42P04' && error.code !== '23505') throw error;
  });
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  // The server is starting or stopping, or it closed the socket.
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
