import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { print } from './rounds.ts';

const count = cpus().length;
const half = Math.max(1, Math.floor(count / 2));
const cores = {
  site: `0-${half - 1}`,
  /** On a machine with one core there is nothing to share out. */
  server: count === 1 ? '0' : `${half}-${count - 1}`,
  all: `0-${count - 1}`,
};

/**
 * Keeps this process, and what it starts from now on, to some cores. A real site runs on a machine of its own: where
 * it shared the cores with the server, each would be timed while it waits for the other. Needs taskset, as in Debian.
 */
export function keepTo(whose: keyof typeof cores): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores[whose], String(process.pid)], { stdio: 'ignore' });
}

/** Tells who runs where. */
export function printCores(): void {
  print(
    `WordPress on cores ${cores.site}, Sitebridge with its database and the bare loops on ${cores.server}.`,
  );
}
