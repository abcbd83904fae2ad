import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A process that a bench has started. */
export interface Started {
  /** The URL in the announcement line. Empty when the line contains no URL. */
  url: string;
  pid: number;
  /** Ends the process with SIGTERM and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts a program of this project and waits until it prints its announcement, by default a line with its
 * URL. From the environment of this process it gets only PATH and HOME, which locate programs and the npm
 * settings. So a developer's own settings do not change the measurement. Throws when the program ends first.
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
    // With a separate process group, all processes that npm and its shell started can be ended together.
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
    child.once('exit', (code) =>
      reject(new Error(`The program ended with exit code ${code} before it was ready:\n${printed}`)),
    );
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const group = -child.pid;
  // `close` and not `exit`, because a process of the group may outlive its parent and keep the output open.
  const ended = once(child, 'close');
  process.kill(group, 'SIGTERM');
  const late = setTimeout(() => process.kill(group, 'SIGKILL'), 20_000);
  await ended;
  clearTimeout(late);
}
