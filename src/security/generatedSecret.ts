import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError } from '../errors.ts';
import { makeFileOnce } from './fileMadeOnce.ts';

/**
 * Reads the secret in `file`. If the file is missing, makes a secret with `generate` and stores it there,
 * mode 0600. Processes that start at the same moment get the same secret. Throws SetupError when the file cannot
 * be read or written, or is empty.
 */
export function generatedSecret(file: string, generate: () => string): string {
  const kept = readSecret(file);
  if (kept !== null) return kept;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    makeFileOnce(file, `${generate()}\n`);
  } catch (error) {
    throw new SetupError(
      `Cannot store a generated secret in ${file} (${codeOf(error)}). Make DATA_DIR writable.`,
      { cause: error },
    );
  }
  const made = readSecret(file);
  if (made === null) throw new SetupError(`${file} disappeared right after it was created. Start again.`);
  return made;
}

function readSecret(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text === '')
      throw new SetupError(
        `${file} is empty. Restore it from a backup, because data encrypted with it needs it.`,
      );
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
