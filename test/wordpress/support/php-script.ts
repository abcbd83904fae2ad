/** Runs the scripts in `php/` with JSON as input and output. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

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
