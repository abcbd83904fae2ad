/** A MariaDB for the tests, on a socket in a temporary folder. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { startProcessGroup, waitFor } from './processes.ts';

/** A running MariaDB. */
export interface Mariadb {
  /** The path of its socket. The user is `root`, without a password. */
  socket: string;
  /** Creates an empty database. */
  createDatabase(name: string): void;
  /** Drops a database. */
  dropDatabase(name: string): void;
  /** Stops it and deletes its data. */
  stop(): Promise<void>;
}

/** Starts a MariaDB that listens on no port. */
export async function startMariadb(): Promise<Mariadb> {
  // The path of a socket is limited to 107 bytes, so the folder has a short name.
  const folder = mkdtempSync(join(tmpdir(), 'sb-db-'));
  const data = join(folder, 'data');
  const socket = join(folder, 's');
  const logFile = join(folder, 'log');
  const user = userInfo().username;
  execFileSync(
    'mariadb-install-db',
    [
      '--no-defaults',
      `--user=${user}`,
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { stdio: 'pipe' },
  );
  const server = startProcessGroup(
    'mariadbd',
    [
      '--no-defaults',
      `--user=${user}`,
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--skip-networking',
      '--skip-log-bin',
      // The data need not survive a power cut.
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=64M',
      '--performance-schema=off',
    ],
    { logFile },
  );
  const run = (sql: string): void => {
    execFileSync('mariadb', ['--no-defaults', `--socket=${socket}`, '-e', sql], { stdio: 'pipe' });
  };
  const answers = (): boolean => {
    if (!server.isRunning()) {
      throw new Error(`MariaDB ended:\n${readFileSync(logFile, 'utf8')}`);
    }
    if (!existsSync(socket)) {
      return false;
    }
    try {
      run('SELECT 1');
      return true;
    } catch {
      return false;
    }
  };
  await waitFor('MariaDB', answers);
  return {
    socket,
    createDatabase: (name) => run(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`),
    dropDatabase: (name) => run(`DROP DATABASE \`${name}\``),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
