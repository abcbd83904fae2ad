import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../../src/database/embedded/binaries.ts';
import { ensureCluster, ROLE } from '../../src/database/embedded/initialise.ts';
import { settle } from '../../src/database/embedded/place.ts';
import { isAlive, runningPostmaster } from '../../src/database/embedded/postmaster.ts';
import { type Server, startServer, stopServer } from '../../src/database/embedded/server.ts';
import { query, until } from '../database/embeddedUser.ts';
import { databaseUrl } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { SmallDisk } from './smallDisk.ts';

/** Enough for the cluster, its WAL and the rows of the whole load. */
const diskMegabytes = 700;
const database = 'chaos';

/** A PostgreSQL on a small disk and a fixed port, which a test can kill, stop, freeze and fill. */
export class ChaosPostgres {
  readonly url: string;
  readonly disk: SmallDisk;
  readonly #folder: string;
  readonly #server: Server;
  readonly #port: number;

  private constructor(folder: string, disk: SmallDisk, server: Server, port: number) {
    this.#folder = folder;
    this.disk = disk;
    this.#server = server;
    this.#port = port;
    this.url = databaseUrl(`postgresql://${ROLE}:${server.place.password}@127.0.0.1:${port}`, database);
  }

  /** Mounts the disk, makes the cluster on it, starts PostgreSQL and creates an empty database. */
  static async make(): Promise<ChaosPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'sitebridge-chaos-'));
    await chmod(folder, 0o711);
    const home = join(folder, 'postgres');
    await mkdir(home, { mode: 0o755 });
    const disk = await SmallDisk.mount(home, diskMegabytes);
    try {
      const place = await settle({ dataDir: folder, systemDir: '/var/lib/sitebridge' });
      const binaries = await findBinaries(place.user, place.copiesIn);
      await ensureCluster(place, binaries);
      // Old WAL files are removed early, so that the disk may stay small.
      const settings = { max_wal_size: '128MB', min_wal_size: '32MB' };
      const postgres = new ChaosPostgres(folder, disk, { place, binaries, settings }, await freePort());
      await postgres.start();
      await query(databaseUrl(postgres.url, 'postgres'), `CREATE DATABASE ${database}`);
      return postgres;
    } catch (error) {
      await disk.unmount();
      throw error;
    }
  }

  /** Starts PostgreSQL and waits until it accepts connections. */
  async start(): Promise<void> {
    const { cluster } = this.#server.place;
    await until(async () => {
      const running = await runningPostmaster(cluster);
      if (!running) await startServer(this.#server, this.#port);
      else if (running.port !== this.#port) throw new Error(`PostgreSQL runs on port ${running.port}`);
      return running?.ready ?? false;
    });
    await eventually(() => query(databaseUrl(this.url, 'postgres'), 'SELECT 1'));
  }

  /** Kills all processes of PostgreSQL at once, like a power cut. */
  async kill(): Promise<void> {
    const pids = await this.#processes();
    send(pids, 'SIGKILL');
    await until(async () => !pids.some(isAlive));
  }

  /** Ends PostgreSQL with a fast shutdown. */
  async stop(): Promise<void> {
    await stopServer(this.#server.place);
  }

  /** Freezes all processes of PostgreSQL. Returns a function that lets them go on. */
  async freeze(): Promise<() => void> {
    const pids = await this.#processes();
    send(pids, 'SIGSTOP');
    return () => send(pids, 'SIGCONT');
  }

  /** Ends every connection of a client. */
  async endConnections(): Promise<void> {
    await query(
      databaseUrl(this.url, 'postgres'),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
  }

  async remove(): Promise<void> {
    await this.disk.free();
    await this.stop();
    await this.disk.unmount();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The postmaster, which is stopped first so that it starts no further process, and its children. */
  async #processes(): Promise<number[]> {
    const pid = (await runningPostmaster(this.#server.place.cluster))?.pid;
    if (pid === undefined) throw new Error('PostgreSQL does not run.');
    process.kill(pid, 'SIGSTOP');
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return [pid, ...children.trim().split(/\s+/).filter(Boolean).map(Number)];
  }
}

/** Sends a signal to the processes that still run. */
function send(pids: readonly number[], signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, signal);
}
