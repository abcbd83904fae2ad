import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SetupError } from '../../errors.ts';
import { makeFileOnce } from '../../security/fileMadeOnce.ts';
import { canReach, type ServerUser, serverUser } from './systemUser.ts';

/** The paths, password and system user of one embedded database. */
export interface Place {
  dataDir: string;
  /** PostgreSQL's own folder, which only `user` can enter. Usually `DATA_DIR/postgres`. */
  home: string;
  /** The folder of the cluster, inside `home`. */
  cluster: string;
  /** PostgreSQL's log file, in DATA_DIR. */
  log: string;
  password: string;
  user: ServerUser;
  /** The folder for copies of PostgreSQL's programs. */
  copiesIn: string;
}

/** A file in DATA_DIR with the path of the cluster's folder, for when that folder cannot be in DATA_DIR. */
const POINTER = 'postgres-location';

/**
 * Chooses and creates the folders and the password. As a rule, all are in `dataDir`. When root starts this
 * process in a folder that PostgreSQL's user may not enter, the cluster is below `systemDir` and a file in
 * `dataDir` holds its path.
 *
 * @throws SetupError that names the folder and the fix
 */
export async function settle(options: { dataDir: string; systemDir: string }): Promise<Place> {
  const dataDir = resolve(options.dataDir);
  const asRoot = process.getuid?.() === 0;
  try {
    // The database user that root chose must be able to pass through. The secret files in it have mode 0600.
    await mkdir(dataDir, { recursive: true, mode: asRoot ? 0o711 : 0o700 });
    const password = await once(join(dataDir, 'postgres-password'), () => randomBytes(24).toString('hex'));
    const pointer = join(dataDir, POINTER);
    let home = (await readFile(pointer, 'utf8').catch(ignoreMissing))?.trim() ?? join(dataDir, 'postgres');
    let user = await serverUser(home);
    if (!(await canReach(home, user))) {
      // The database user must pass through this folder, whatever the umask of this process is.
      if (await mkdir(options.systemDir, { recursive: true })) await chmod(options.systemDir, 0o755);
      home = await once(pointer, () => join(options.systemDir, `database-${randomBytes(6).toString('hex')}`));
      user = await serverUser(home);
    }
    await makeHome(home, user);
    if (!(await canReach(home, user))) {
      throw new Error(`the user that PostgreSQL runs as (uid ${user?.uid}) cannot reach ${home}`);
    }
    const copiesIn = user ? options.systemDir : dataDir;
    return {
      dataDir,
      home,
      cluster: join(home, 'data'),
      log: join(dataDir, 'postgres.log'),
      password,
      user,
      copiesIn,
    };
  } catch (error) {
    if (error instanceof SetupError || !(error instanceof Error)) throw error;
    throw new SetupError(
      `The folder for the embedded database cannot be used: ${error.message}. Give the user that starts ` +
        `Sitebridge write access to ${dataDir}, or set DATA_DIR to another folder, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

async function makeHome(home: string, user: ServerUser): Promise<void> {
  const there = await stat(home).catch(ignoreMissing);
  if (!there) {
    await mkdir(home, { recursive: true, mode: 0o755 });
    if (user) await chown(home, user.uid, user.gid);
    await chmod(home, 0o700);
    return;
  }
  const owner = user?.uid ?? process.getuid?.();
  if (there.uid === owner) return;
  if (there.uid !== 0 || !user) {
    throw new Error(`${home} belongs to another user (uid ${there.uid})`);
  }
  // An earlier start by root ended between mkdir and chown.
  await chown(home, user.uid, user.gid);
}

/** Reads a file, or creates it with mode 0600. Processes that create it at once all read the same text. */
async function once(path: string, make: () => string): Promise<string> {
  const there = await readFile(path, 'utf8').catch(ignoreMissing);
  if (there !== undefined) return there.trim();
  makeFileOnce(path, `${make()}\n`);
  return (await readFile(path, 'utf8')).trim();
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
