import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError } from '../errors.ts';
import { makeFileOnce } from './fileMadeOnce.ts';

/**
 * Reads the secret in `file`, or makes it with `generate` and keeps it there, mode 0600.
 * Processes that start at the same moment end with the same secret.
 */
export function generatedSecret(file: string, generate: () => string): string {
  const kept = readSecret(file);
  if (kept !== null) return kept;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    makeFileOnce(file, `${generate()}\n`);
  } catch (error) {
    throw new SetupError(
      `Cannot keep a generated secret in ${file} (${codeOf(error)}). Make DATA_DIR writable.`,
      { cause: error },
    );
  }
  const made = readSecret(file);
  if (made === null) throw new SetupError(`${file} vanished while it was being made. Start again.`);
  return made;
}

function readSecret(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text === '')
      throw new SetupError(`${file} is empty. Restore it from a backup; what it encrypted needs it.`);
    return text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (error instanceof SetupError) throw error;
    throw new SetupError(
      `Cannot read ${file} (${codeOf(error)}). It must be readable by the user that starts Sitebridge.`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'unknown error';
}
