import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { SetupError } from '../../errors.ts';

/** The system user that PostgreSQL runs as. `undefined` is the user of this process. */
export type ServerUser = { uid: number; gid: number } | undefined;

const NAME = 'sitebridge';

/**
 * Chooses the user that PostgreSQL runs as. PostgreSQL refuses to run as root, so root runs it as a system
 * user without login, which is created if missing. Any other user runs PostgreSQL directly.
 *
 * @param home  the folder of the cluster. When an ordinary user owns it, PostgreSQL runs as that user.
 * @throws SetupError when the system user does not exist and cannot be created
 */
export async function serverUser(home: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(home).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return lookUp(NAME) ?? (await createUser()) ?? lookUp('postgres') ?? refuse();
}

function lookUp(name: string): ServerUser {
  // Node has no getpwnam. On Linux this file lists the system users.
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid && uid !== '0' ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

async function createUser(): Promise<ServerUser> {
  const run = promisify(execFile);
  // The second command is for BusyBox. When two processes create the user at once, both find it afterwards.
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
 * Whether this user may pass through every folder up to and including `path`. The mode bits decide, which
 * suffices for home folders and checkouts of mode 0700. For a path that does not exist yet, its parents
 * decide.
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
