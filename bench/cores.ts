import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { print } from './rounds.ts';

const count = cpus().length;
const half = Math.max(1, Math.floor(count / 2));
const cores = {
  site: `0-${half - 1}`,
  /** On a machine with one core, site and server share it. */
  server: count === 1 ? '0' : `${half}-${count - 1}`,
  all: `0-${count - 1}`,
};

/**
 * Restricts this process, and the processes that it starts later, to some cores. A real site runs on another
 * machine. If site and server shared cores, the time of each would include waiting for the other. Needs
 * taskset, as in Debian.
 */
export function keepTo(whose: keyof typeof cores): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores[whose], String(process.pid)], { stdio: 'ignore' });
}

/** Prints which program runs on which cores. */
export function printCores(): void {
  print(
    `WordPress on cores ${cores.site}, Sitebridge with its database and the bare loops on ${cores.server}.`,
  );
}
