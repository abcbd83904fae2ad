/**
 * Runs the suites against a real WordPress: installs system packages, downloads WordPress, starts Jest.
 *
 * `npm run test:wordpress` tests WordPress 6.8 on Debian's PHP, `-- --all` every WordPress, `-- --wordpress
 * 6.1,7.1` those. `-- --php 7.4,8.5` runs the plugin's suites on other versions of PHP instead, on every
 * WordPress unless `--wordpress` names some. Other arguments are passed to Jest.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installSystemPackages } from './support/apt.ts';
import { installPhpWasm, isPhpVersion, PHP_VERSIONS } from './support/php-wasm.ts';
import { isWordpressVersion, WORDPRESS_VERSIONS, wordpressFiles } from './support/wordpress-files.ts';

/** The suites of the plugin: its routes, rights, hooks and outbox. */
const PLUGIN_SUITES = [
  'contract',
  'content-routes',
  'content-routes-write',
  'outbox',
  'outbox-delivery',
  'plugin',
  'plugin-compatibility',
  'request-rights',
  'told-outbox',
].map((name) => `test/wordpress/${name}.test.ts`);

const args = process.argv.slice(2);
const phps = listOf('--php', isPhpVersion, PHP_VERSIONS);
const named = listOf('--wordpress', isWordpressVersion, WORDPRESS_VERSIONS);
const all = takeFlag('--all') || (phps.length > 0 && named.length === 0);
const versions = all ? WORDPRESS_VERSIONS : named.length > 0 ? named : (['6.8'] as const);

installSystemPackages();
for (const version of versions) {
  wordpressFiles(version);
}
if (phps.length === 0) {
  runJest(args, '');
} else {
  installPhpWasm();
  const suites = args.some((arg) => arg.endsWith('.test.ts')) ? [] : PLUGIN_SUITES;
  for (const php of phps) {
    console.log(`\nPHP ${php}, WordPress ${versions.join(', ')}`);
    runJest([...suites, ...args], php);
  }
}

/** Runs Jest in a process of its own. The exit code of this process is that of a run that failed. */
function runJest(jestArgs: string[], php: string): void {
  const jest = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--config',
      'test/wordpress/jest.config.js',
      ...jestArgs,
    ],
    {
      cwd: join(import.meta.dirname, '../..'),
      stdio: 'inherit',
      env: { ...process.env, WORDPRESS_VERSIONS: versions.join(','), PHP_VERSION: php },
    },
  );
  if (jest.status !== 0) process.exitCode = jest.status ?? 1;
}

/** Takes an option with a list (`7.4,8.5`) out of the arguments. Throws at a value that is not known. */
function listOf<T extends string>(
  option: string,
  isKnown: (text: string) => text is T,
  known: readonly T[],
): T[] {
  const index = args.indexOf(option);
  if (index < 0) return [];
  const [, list = ''] = args.splice(index, 2);
  return list.split(',').map((text) => {
    if (!isKnown(text)) throw new Error(`${option} knows ${known.join(', ')}, but not "${text}"`);
    return text;
  });
}

function takeFlag(flag: string): boolean {
  const index = args.indexOf(flag);
  if (index >= 0) args.splice(index, 1);
  return index >= 0;
}
