import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A process that a bench has started. */
export interface Started {
  /** What the line that announced it held; empty where it held none. */
  url: string;
  pid: number;
  /** Ends it with SIGTERM and waits. */
  stop(): Promise<void>;
}

/**
 * Starts a program of this project and waits until it announces itself, by default with a line that holds its URL.
 * Of the environment it gets only what finds programs and the npm settings, so that a developer's own settings do
 * not change what is measured.
 */
export async function startProgram(
  command: string,
  args: string[],
  environment: Record<string, string>,
  announcement = /at (http:\/\/[\w.:[\]]+)/,
): Promise<Started> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that what npm and its shell have started can be ended with them.
    detached: true,
  });
  try {
    const [, url = ''] = await announced(child, announcement);
    return { url, pid: child.pid ?? 0, stop: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

function announced(child: ChildProcess, announcement: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const hear = (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      const match = announcement.exec(printed);
      if (match !== null) resolve(match);
    };
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`It ended with ${code} before it was ready:\n${printed}`)));
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const group = -child.pid;
  // `close`, and not `exit`: a process of the group that outlives its parent keeps the output open.
  const ended = once(child, 'close');
  process.kill(group, 'SIGTERM');
  const late = setTimeout(() => process.kill(group, 'SIGKILL'), 20_000);
  await ended;
  clearTimeout(late);
}
