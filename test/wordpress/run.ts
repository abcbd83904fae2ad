/**
 * Runs the suites against a real WordPress: installs system packages, downloads WordPress, starts Jest.
 *
 * `npm run test:wordpress` tests 6.8, `npm run test:wordpress -- --all` every version. Other arguments are
 * passed to Jest.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installSystemPackages } from './support/apt.ts';
import { WORDPRESS_VERSIONS, wordpressFiles } from './support/wordpress-files.ts';

const args = process.argv.slice(2);
const versions = args.includes('--all') ? WORDPRESS_VERSIONS : (['6.8'] as const);

installSystemPackages();
for (const version of versions) {
  wordpressFiles(version);
}
const root = join(import.meta.dirname, '../..');
const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--config',
    'test/wordpress/jest.config.js',
    ...args.filter((arg) => arg !== '--all'),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, WORDPRESS_VERSIONS: versions.join(',') } },
);
process.exitCode = jest.status ?? 1;
