import { readFile } from 'node:fs/promises';

/** The largest resident memory of a process so far. MiB. */
export async function peakOf(pid: number): Promise<number> {
  return mebibytesOf(pid, 'VmHWM');
}

/** The resident memory of a process now. MiB. */
export async function memoryOf(pid: number): Promise<number> {
  return mebibytesOf(pid, 'VmRSS');
}

async function mebibytesOf(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
