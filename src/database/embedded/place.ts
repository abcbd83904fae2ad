import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SetupError } from '../../errors.ts';
import { makeFileOnce } from '../../security/fileMadeOnce.ts';
import { canReach, type ServerUser, serverUser } from './systemUser.ts';

/** Where everything of one embedded database lies. */
export interface Place {
  dataDir: string;
  /** PostgreSQL's own folder, closed to all but `user`. Usually `DATA_DIR/postgres`. */
  home: string;
  /** The cluster, inside of `home`. */
  cluster: string;
  /** What PostgreSQL said, in DATA_DIR. */
  log: string;
  password: string;
  user: ServerUser;
  /** Where copies of PostgreSQL's programs may be kept. */
  copiesIn: string;
}

/** Names the folder that holds the cluster when DATA_DIR cannot. */
const POINTER = 'postgres-location';

/**
 * Settles and makes the folders and the password. All in `dataDir` as a rule; when root starts us in a folder
 * that PostgreSQL's user may not enter, the cluster goes below `systemDir` and a file in `dataDir` points to it.
 *
 * @throws SetupError naming the folder and the fix
 */
export async function settle(options: { dataDir: string; systemDir: string }): Promise<Place> {
  const dataDir = resolve(options.dataDir);
  const asRoot = process.getuid?.() === 0;
  try {
    // Root's database user must be able to pass through; what is secret in there has mode 0600 itself.
    await mkdir(dataDir, { recursive: true, mode: asRoot ? 0o711 : 0o700 });
    const password = await once(join(dataDir, 'postgres-password'), () => randomBytes(24).toString('hex'));
    const pointer = join(dataDir, POINTER);
    let home = (await readFile(pointer, 'utf8').catch(ignoreMissing))?.trim() ?? join(dataDir, 'postgres');
    let user = await serverUser(home);
    if (!(await canReach(home, user))) {
      // Whatever our umask is: the database user passes through this one.
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
  // Root was stopped between mkdir and chown.
  await chown(home, user.uid, user.gid);
}

/** Reads a file, or makes it. Processes that make it at the same moment read the same text. */
async function once(path: string, make: () => string): Promise<string> {
  const there = await readFile(path, 'utf8').catch(ignoreMissing);
  if (there !== undefined) return there.trim();
  makeFileOnce(path, `${make()}\n`);
  return (await readFile(path, 'utf8')).trim();
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
