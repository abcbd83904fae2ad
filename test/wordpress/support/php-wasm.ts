/** The PHP versions that php-wasm has, and its installation. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The versions that can be started without Debian's packages. */
export const PHP_VERSIONS = ['7.4', '8.0', '8.1', '8.2', '8.3', '8.4', '8.5'] as const;
/** A PHP version of php-wasm. */
export type PhpVersion = (typeof PHP_VERSIONS)[number];

const FOLDER = join(import.meta.dirname, '../php-wasm');

/** PHP on the command line, in the version that the environment variable `PHP` names. */
export const PHP_WASM_CLI = join(FOLDER, 'node_modules/@php-wasm/cli/main.js');

/** Whether a text is a PHP version that php-wasm can start. */
export function isPhpVersion(text: string): text is PhpVersion {
  return PHP_VERSIONS.some((version) => version === text);
}

/** Installs php-wasm from its own lockfile, unless exactly that is installed. The project does not need it. */
export function installPhpWasm(): void {
  const wanted = join(FOLDER, 'package-lock.json');
  const installed = join(FOLDER, 'node_modules/.installed.json');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(wanted))) {
    return;
  }
  // The packages are WebAssembly and JavaScript. None of their scripts is needed.
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: 'inherit',
  });
  copyFileSync(wanted, installed);
}
