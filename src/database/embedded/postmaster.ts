import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ignore } from './binaries.ts';

/** A running PostgreSQL, as its `postmaster.pid` describes it. */
interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

const LONGEST_EMPTY_MS = 5000;

/**
 * Returns the server that runs on this cluster, or `undefined`. A `postmaster.pid` whose process is gone is
 * ignored; PostgreSQL replaces it. After a restart of a machine or container, the process id in it may belong
 * to another program. PostgreSQL would then refuse to start, so this function removes the file.
 */
export async function runningPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const path = join(cluster, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(ignore('ENOENT'));
  // The lines are: pid, data folder, start time, port, socket folder, address, shared memory, state.
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (text === undefined) return undefined;
  if (!pid) {
    // A start in progress has created the file and will fill it next, unless it crashed at this point.
    const made = await stat(path).catch(ignore('ENOENT'));
    if (made && Date.now() - made.mtimeMs > LONGEST_EMPTY_MS) await removeStale(path, text);
    return undefined;
  }
  if (!isAlive(pid)) return undefined;
  if (!(await isPostmasterOf(pid, cluster))) {
    if (isAlive(pid)) await removeStale(path, text);
    return undefined;
  }
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether this process is the PostgreSQL of this cluster. On Linux its working directory tells. */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return folder !== undefined && folder === (await realpath(cluster));
  }
  const ps = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(
    () => undefined,
  );
  return ps?.stdout.includes(cluster) ?? false;
}

/**
 * Removes a stale `postmaster.pid`. Another start may have replaced the file since it was read. So the file
 * is moved aside, read again, and put back if it was replaced.
 */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await rename(path, aside).catch(ignore('ENOENT'));
  const moved = await readFile(aside, 'utf8').catch(ignore('ENOENT'));
  if (moved !== undefined && moved !== text) await link(aside, path).catch(ignore('EEXIST'));
  await rm(aside, { force: true });
}
