/** Child processes that always end, free ports, and waiting for conditions. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A running group of processes. */
export interface ProcessGroup {
  /** Whether its main process still runs. */
  isRunning(): boolean;
  /** Ends the whole group. Resolves when no process of it is left. */
  stop(): Promise<void>;
}

/**
 * Runs a command. Ends its whole group on SIGTERM, and also when our end of the shell's input closes, which
 * happens even when Node is killed without running a handler. The command gets a signal of its own, because
 * php-fpm leaves the group. `kill` has no `--`, which dash would read as a number.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- & command=$!
trap 'kill -TERM $command 2>/dev/null' TERM
( trap - TERM; cat <&3 >/dev/null; kill -TERM -$$ ) & watcher=$!
exec 3<&-
while kill -0 $command 2>/dev/null; do wait $command; done
kill -KILL $watcher 2>/dev/null
wait`;

/** Starts a command in a process group of its own. Its output is appended to `logFile`. */
export function startProcessGroup(
  command: string,
  args: string[],
  options: { logFile: string; cwd?: string; env?: Record<string, string> },
): ProcessGroup {
  const log = openSync(options.logFile, 'a');
  const child = spawn('sh', ['-c', GUARD, 'guard', command, ...args], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  const group = child.pid;
  if (group === undefined) {
    throw new Error(`${command} could not be started`);
  }
  return {
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      const members = membersOf(group);
      if (members.length === 0) {
        return;
      }
      process.kill(-group, 'SIGTERM');
      try {
        await waitFor(`${command} to end`, () => membersOf(group).length === 0, 10_000);
      } catch {
        for (const pid of new Set([...members, ...membersOf(group)])) {
          killIfThere(pid);
        }
        await waitFor(`${command} to be killed`, () => membersOf(group).length === 0, 10_000);
      }
    },
  };
}

/** A free port on the loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolvePort, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') {
          reject(new Error('no port'));
        } else {
          resolvePort(address.port);
        }
      });
    });
  });
}

/** Waits until `condition` is true, checking every 20 ms. Throws an error naming `what` after `timeoutMs`. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
    }
    await delay(20);
  }
}

/** Whether a server accepts connections at the address. */
export async function accepts(where: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(where);
    socket.once('connect', () => {
      socket.destroy();
      answer(true);
    });
    socket.once('error', () => answer(false));
  });
}

/**
 * The living processes of a group and their descendants, also those that left the group. Read from /proc,
 * because a dead process keeps its id until its parent collects it.
 */
function membersOf(group: number): number[] {
  const living: { pid: number; parent: number; group: number }[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) {
      continue;
    }
    let stat: string;
    try {
      stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
    } catch {
      // The process ended after the folder was read.
      continue;
    }
    // pid (name) state ppid pgrp …; the name may contain spaces and brackets.
    const [state, parent, processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state !== 'Z' && state !== 'X') {
      living.push({ pid: Number(entry), parent: Number(parent), group: Number(processGroup) });
    }
  }
  const members = new Set(living.filter((each) => each.group === group).map((each) => each.pid));
  // Ids wrap around, so a child may have a smaller id than its parent. Repeat until no process is added.
  for (let size = -1; size !== members.size; ) {
    size = members.size;
    for (const each of living) {
      if (members.has(each.parent)) {
        members.add(each.pid);
      }
    }
  }
  return [...members];
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process ended by itself meanwhile.
  }
}
