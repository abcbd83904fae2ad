/**
 * Debian packages: installs the programs of the harness, and downloads packages of other suites without
 * installing them.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The programs that run WordPress. Debian's package `wordpress` would install a web server too. */
const SYSTEM_PACKAGES = [
  'php8.2-cli',
  'php8.2-fpm',
  'php8.2-mysql',
  'php8.2-xml',
  'php8.2-mbstring',
  'php8.2-curl',
  'php8.2-gd',
  'mariadb-server',
  'nginx-light',
];

const POLICY = '/usr/sbin/policy-rc.d';
const ARCHIVE_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Installs PHP, MariaDB and nginx if they are missing, without starting their services. Needs root. */
export function installSystemPackages(): void {
  const missing = SYSTEM_PACKAGES.filter((name) => !isInstalled(name));
  if (missing.length === 0) {
    return;
  }
  // Debian starts a service as soon as it is installed, unless this file forbids that.
  const own = !existsSync(POLICY);
  if (own) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY, 0o755);
  }
  try {
    apt('apt-get', ['update']);
    apt('apt-get', ['install', '-y', '--no-install-recommends', ...missing]);
  } finally {
    if (own) {
      rmSync(POLICY);
    }
  }
}

/**
 * Downloads packages of a Debian suite and unpacks them into `target`. The system's package lists and
 * installed packages stay unchanged, because apt uses folders of its own under `work`.
 */
export function unpackPackages(suite: string, names: string[], target: string, work: string): void {
  const folder = join(work, suite);
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['lists/partial', 'cache/archives/partial', 'debs']) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  writeFileSync(
    join(folder, 'sources.list'),
    `deb [signed-by=${ARCHIVE_KEYS}] ${debianMirror()} ${suite} main\n`,
  );
  const options = [
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Dir::State::status=/dev/null',
    'Acquire::Languages=none',
    // apt's sandbox user could not write into folders of the user who runs the tests.
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  apt('apt-get', [...options, 'update']);
  apt('apt-get', [...options, 'download', ...names], join(folder, 'debs'));

  const unpacked = `${target}.part`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  for (const deb of readdirSync(join(folder, 'debs'))) {
    execFileSync('dpkg-deb', ['-x', join(folder, 'debs', deb), unpacked]);
  }
  renameSync(unpacked, target);
  rmSync(folder, { recursive: true, force: true });
}

function isInstalled(name: string): boolean {
  try {
    const status = execFileSync('dpkg', ['--status', name], { stdio: ['ignore', 'pipe', 'ignore'] });
    return status.toString().includes('\nStatus: install ok installed\n');
  } catch {
    // dpkg exits 1 for a package that was never installed.
    return false;
  }
}

/** The Debian mirror of this machine. It serves all suites. */
function debianMirror(): string {
  const release = execFileSync('sh', ['-c', '. /etc/os-release && printf %s "$VERSION_CODENAME"']).toString();
  const targets = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(ORIGIN)']);
  for (const line of targets.toString().split('\n')) {
    const [uri, codename, origin] = line.split(' ');
    if (uri !== undefined && codename === release && origin === 'Debian') {
      return uri;
    }
  }
  throw new Error(`apt knows no Debian source for ${release}: run apt-get update and look at /etc/apt`);
}

/** Runs apt quietly. Its output is shown only when it fails. */
function apt(command: string, args: string[], cwd?: string): void {
  try {
    execFileSync(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    throw new Error(`${command} ${args.join(' ')} failed:\n${said}`, { cause: error });
  }
}
