import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SetupError } from '../../errors.ts';
import { type Binaries, ignore } from './binaries.ts';
import type { Place } from './place.ts';
import { isAlive } from './postmaster.ts';

/** The name of the superuser in the cluster. */
export const ROLE = 'sitebridge';

/**
 * Distinguishes drafts of this process from drafts of an earlier one with the same id (container restart).
 */
const OUR_MARK = `${process.pid}-${randomBytes(4).toString('hex')}`;
const DRAFT = /^draft-(\d+)-/;
/**
 * No initdb takes longer. After this time, a draft with the id of a living process is a leftover: the system
 * has given that process id to another program.
 */
const LONGEST_INIT_MS = 30_000;

/** The settings in postgresql.conf of a new cluster. Operators change them by editing that file. */
const SETTINGS = {
  max_connections: '200',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Creates the cluster if it is missing. initdb writes to a draft folder, which is then renamed, so that a
 * cluster is either complete or missing.
 *
 * @returns whether this call created the cluster
 * @throws SetupError when initdb fails, or when another major version of PostgreSQL created the cluster
 */
export async function ensureCluster(place: Place, binaries: Binaries): Promise<boolean> {
  if (await isSameVersion(place, binaries)) return false;
  await othersAtWork(place);
  if (await isSameVersion(place, binaries)) return false;
  const draft = join(place.home, `draft-${OUR_MARK}-${randomBytes(4).toString('hex')}`);
  try {
    await initdb(draft, place, binaries);
    // The rename fails when another process has finished its cluster first. That cluster is used.
    await rename(draft, place.cluster);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isSameVersion(place: Place, binaries: Binaries): Promise<boolean> {
  const found = await readFile(join(place.cluster, 'PG_VERSION'), 'utf8').catch(ignore('ENOENT'));
  if (found === undefined) return false;
  if (Number(found) === binaries.major) return true;
  throw new SetupError(
    `${place.cluster} was made by PostgreSQL ${found.trim()}, and this version brings PostgreSQL ${binaries.major}. ` +
      `Dump it with the version of Sitebridge that made it (pg_dump) and restore it into a new DATA_DIR, or move the folder away to start with an empty database.`,
  );
}

/**
 * Waits for other processes that are creating the cluster, and removes the drafts of processes that ended.
 */
async function othersAtWork(place: Place): Promise<void> {
  const end = Date.now() + LONGEST_INIT_MS;
  for (;;) {
    let busy = false;
    for (const name of await readdir(place.home)) {
      const pid = Number(DRAFT.exec(name)?.[1]);
      if (!pid) continue;
      const ours = name.startsWith(`draft-${OUR_MARK}-`);
      if (ours || (pid !== process.pid && isAlive(pid) && Date.now() < end)) busy = true;
      else await removeLeftover(join(place.home, name));
    }
    if (!busy || (await stat(place.cluster).catch(() => undefined))) return;
    await delay(20);
  }
}

/**
 * An initdb whose parent was killed may still write there. A later start removes what cannot be removed now.
 */
async function removeLeftover(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

async function initdb(draft: string, place: Place, binaries: Binaries): Promise<void> {
  const passwordFile = `${draft}.password`;
  try {
    await writeFile(passwordFile, `${place.password}\n`, { mode: 0o600, flag: 'wx' });
    if (place.user) await chown(passwordFile, place.user.uid, place.user.gid);
    await promisify(execFile)(
      binaries.initdb,
      [
        `--pgdata=${draft}`,
        `--username=${ROLE}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own collation sorts alike on every machine, whatever locales the machine has.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
        ...Object.entries(SETTINGS).map(([name, value]) => `--set=${name}=${value}`),
      ],
      { ...place.user, cwd: '/', env: SERVER_ENV },
    );
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new SetupError(
      `PostgreSQL could not make its folder ${place.cluster}: ${words || error}. ` +
        'Fix the cause, or set DATA_DIR to another folder, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * The whole environment of PostgreSQL. It inherits no variable of this process, because PGDATA, PGPORT or a
 * locale would change its behaviour.
 */
export const SERVER_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
