import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import { SERVER_ENV } from './initialise.ts';
import type { Place } from './place.ts';
import { isPostmasterOf, runningPostmaster } from './postmaster.ts';

/** The folders, programs and settings of an embedded server. */
export interface Server {
  place: Place;
  binaries: Binaries;
  /** Further server settings, for tests that need no durability. */
  settings: Record<string, string>;
}

/** Override postgresql.conf: the server is reachable from this machine only, and its log is readable. */
const FIXED_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] ',
  // Failed statements throw errors. In the log they would grow without end and contain what callers sent.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

const LARGEST_LOG_BYTES = 5 * 1024 * 1024;
const MOST_PORTS_TRIED = 5;
const STOP_MS = 8000;

/**
 * Starts PostgreSQL detached from this process, so that it outlives this process and other processes can use
 * it. Returns when PostgreSQL is ready, when another process started it first, or when an old server has not
 * ended yet.
 *
 * @param port  the port to try first; without it, a free port
 * @throws SetupError with the last lines that PostgreSQL wrote
 */
export async function startServer(server: Server, port?: number): Promise<void> {
  const { place } = server;
  const log = await openLog(place.log);
  try {
    for (let attempt = 1; ; attempt++) {
      const words = await run(server, log, attempt === 1 && port ? port : await freePort());
      if (words === undefined || /lock file "postmaster\.pid" already exists/.test(words)) return;
      if (
        /pre-existing shared memory block|lock file "postmaster\.pid" is empty|bogus data in lock/.test(words)
      ) {
        // The children of a killed server end soon after it. Another start will fill its lock file, or it has
        // crashed and left an empty file, which runningPostmaster removes after a while.
        await delay(100);
        return;
      }
      if (!/could not bind .*address/i.test(words) || attempt === MOST_PORTS_TRIED)
        throw didNotStart(place, words);
    }
  } finally {
    await log.close();
  }
}

/** Starts PostgreSQL and waits until it is ready. Returns its log output when it ended instead. */
async function run(server: Server, log: FileHandle, port: number): Promise<string | undefined> {
  const { place, binaries } = server;
  const from = (await log.stat()).size;
  const settings = Object.entries({ ...FIXED_SETTINGS, ...server.settings, port: String(port) });
  const child = spawn(
    binaries.postgres,
    ['-D', place.cluster, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...place.user, cwd: '/', env: SERVER_ENV, detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  let ended = false;
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) =>
      reject(didNotStart(place, `${binaries.postgres}: ${error.message}`, error)),
    );
  });
  child.once('exit', () => {
    ended = true;
  });
  child.unref();
  const ready = async () => {
    for (;;) {
      if (ended) return (await readFile(place.log)).subarray(from).toString('utf8');
      const running = await runningPostmaster(place.cluster);
      if (running?.ready && running.pid === child.pid) return undefined;
      await delay(5);
    }
  };
  return Promise.race([ready(), failed]);
}

/**
 * Stops PostgreSQL with a "fast" shutdown: sessions end, all data is written. A server that does not stop in
 * time gets an "immediate" shutdown. That is safe too, but the next start needs a recovery. Throws when the
 * server does not stop even then.
 */
export async function stopServer(place: Place): Promise<void> {
  const running = await runningPostmaster(place.cluster);
  if (!running) return;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.kill(running.pid, signal);
    const end = Date.now() + STOP_MS;
    while (Date.now() < end) {
      if (!(await isPostmasterOf(running.pid, place.cluster))) return;
      await delay(10);
    }
  }
  throw new Error(`PostgreSQL (process ${running.pid}) does not stop; its log is ${place.log}`);
}

/** The error for a PostgreSQL that does not start. */
export function didNotStart(place: Place, words: string, cause?: unknown): SetupError {
  return new SetupError(
    `The embedded PostgreSQL in ${place.cluster} did not start: ${lastLines(words)}\n` +
      `Its log is ${place.log}. Fix the cause (a full disk, permissions, limits) and start again, ` +
      'or set DATABASE_URL to a PostgreSQL of your own.',
    { cause },
  );
}

/** The last lines of PostgreSQL's output, which contain the reason. */
function lastLines(words: string): string {
  return words.trim().split('\n').slice(-6).join('\n');
}

async function openLog(path: string): Promise<FileHandle> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > LARGEST_LOG_BYTES) await rename(path, `${path}.old`);
  return open(path, 'a', 0o600);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listening socket without a port');
  return address.port;
}
