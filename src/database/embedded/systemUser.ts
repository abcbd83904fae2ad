import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { SetupError } from '../../errors.ts';

/** Who PostgreSQL runs as: `undefined` is ourselves. */
export type ServerUser = { uid: number; gid: number } | undefined;

const NAME = 'sitebridge';

/**
 * PostgreSQL refuses to run as root, so root hands it to a system user without login, made when it is not
 * there. Anyone else runs it as themselves.
 *
 * @param home  the folder of the cluster: once it belongs to an ordinary user, PostgreSQL runs as that one
 * @throws SetupError when no such user exists and none can be made
 */
export async function serverUser(home: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(home).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return lookUp(NAME) ?? (await createUser()) ?? lookUp('postgres') ?? refuse();
}

function lookUp(name: string): ServerUser {
  // Node has no getpwnam; system users are in this file on Linux and made by hand elsewhere.
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid && uid !== '0' ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

async function createUser(): Promise<ServerUser> {
  const run = promisify(execFile);
  // The second form is BusyBox's. Whoever loses a race to make the user finds it made.
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME])
    .catch(() => run('adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', NAME]))
    .catch(() => undefined);
  return lookUp(NAME);
}

function refuse(): never {
  throw new SetupError(
    `PostgreSQL does not run as root, and the system user "${NAME}" for it could not be made. ` +
      `Make it (useradd --system ${NAME}), or start as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

/**
 * May this user pass through every folder up to and including `path`? Judged by mode bits, which is what
 * matters for homes and checkouts of mode 0700; a path that does not exist yet counts by its parents.
 */
export async function canReach(path: string, user: ServerUser): Promise<boolean> {
  if (!user) return true;
  let folder = await nearestExisting(path);
  for (;;) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    const parent = dirname(folder);
    if (parent === folder) return true;
    folder = parent;
  }
}

async function nearestExisting(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (await lstat(folder).catch(() => undefined)) return realpath(folder);
  }
}
