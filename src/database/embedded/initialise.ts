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

/** The superuser's name in the cluster. */
export const ROLE = 'sitebridge';

/** Tells our own drafts from those of an earlier process with the same id, as in a restarted container. */
const OUR_MARK = `${process.pid}-${randomBytes(4).toString('hex')}`;
const DRAFT = /^draft-(\d+)-/;
/** Longer than any initdb; after that a draft of a living process is one whose id was given away again. */
const LONGEST_INIT_MS = 30_000;

/** What a new cluster's postgresql.conf says; whoever wants others edits that file. */
const SETTINGS = {
  max_connections: '200',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Makes the cluster if there is none. It is made as a draft and renamed, so a cluster is whole or not there.
 *
 * @returns whether this call made it
 * @throws SetupError when initdb fails, or the cluster is of another major version
 */
export async function ensureCluster(place: Place, binaries: Binaries): Promise<boolean> {
  if (await isSameVersion(place, binaries)) return false;
  await othersAtWork(place);
  if (await isSameVersion(place, binaries)) return false;
  const draft = join(place.home, `draft-${OUR_MARK}-${randomBytes(4).toString('hex')}`);
  try {
    await initdb(draft, place, binaries);
    // Renaming onto another's finished cluster fails: the first one counts.
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
      `Dump it with the version of Sitebridge that made it (pg_dump) and restore it into a new DATA_DIR, or move it away to begin anew.`,
  );
}

/** Waits for other processes that are making the cluster, and removes what dead ones left. */
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

/** An initdb whose parent was killed may still be writing there; what stays now goes at a later start. */
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
        // PostgreSQL's own collation: the same order on every machine, whatever locales it has.
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
        'Mend that, or set DATA_DIR to another folder, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Nothing of our own environment reaches PostgreSQL: PGDATA, PGPORT or a locale would change what it does. */
export const SERVER_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
