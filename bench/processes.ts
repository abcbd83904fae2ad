import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A process that a bench has started. */
export interface Started {
  /** What the line that announced it held. */
  url: string;
  /** Ends it with SIGTERM and waits. */
  stop(): Promise<void>;
}

/**
 * Starts a program of this project and waits until it prints a line with its URL. Of the environment it gets only
 * what finds programs and the npm settings, so that a developer's own settings do not change what is measured.
 */
export async function startProgram(
  command: string,
  args: string[],
  environment: Record<string, string>,
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
    return { url: await announcedUrl(child), stop: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

function announcedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const hear = (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      const url = /at (http:\/\/[\w.:[\]]+)/.exec(printed)?.[1];
      if (url !== undefined) resolve(url);
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
