/** Runs the scripts in `php/` with JSON as input and output. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PHP_WASM_CLI } from './php-wasm.ts';
import { phpUnderTest } from './versions-under-test.ts';

/** Runs a script of the folder `php` with `input` as JSON on its stdin. Returns its output. */
export async function runPhpScript(name: string, input: Record<string, unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'php8.2',
      ['-d', 'display_errors=stderr', '-d', 'memory_limit=256M', join(import.meta.dirname, 'php', name)],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else {
          reject(new Error(`${name} failed:\n${stderr}${stdout}`, { cause: error }));
        }
      },
    );
    child.stdin?.end(JSON.stringify(input));
  });
}

/**
 * Runs a script of the folder `php` without WordPress, on the PHP under test. Its argument is the path of a
 * file with `input` as JSON. Returns its output.
 */
export async function runPhpFile(name: string, input: unknown): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sb-php-'));
  const file = join(folder, 'input.json');
  writeFileSync(file, JSON.stringify(input));
  const version = phpUnderTest();
  const [command, ...args] = version === null ? ['php8.2'] : [process.execPath, PHP_WASM_CLI];
  const settings = ['-d', 'display_errors=stderr', '-d', 'memory_limit=256M'];
  return new Promise<string>((resolve, reject) => {
    execFile(
      command ?? '',
      [...args, ...settings, join(import.meta.dirname, 'php', name), file],
      { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, PHP: version ?? '' } },
      (error, stdout, stderr) => {
        // php-wasm exits with 0 after a fatal error too.
        if (error === null && stdout !== '') resolve(stdout);
        else reject(new Error(`${name} failed:\n${stderr}${stdout}`, { cause: error }));
      },
    );
  }).finally(() => rmSync(folder, { recursive: true }));
}
