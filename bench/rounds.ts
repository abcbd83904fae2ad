/** Shared by the benches: rounds of load, with server and baseline in turn, and their output. */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { endSignal } from '../src/endSignal.ts';
import type { Started } from './processes.ts';

export interface Round {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});
export const rounds = positive('--rounds', options.rounds);
export const seconds = positive('--seconds', options.seconds);
/** The parts of a bench to run. Empty means all parts. */
export const parts: readonly string[] = positionals;

const interrupted = new AbortController();
void endSignal().then((name) => interrupted.abort(new Error(`Stopped by ${name}.`)));

function positive(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${option} must be a whole number above 0.`);
}

/** Throws when a signal has stopped the bench. */
export function mayGoOn(): void {
  interrupted.signal.throwIfAborted();
}

/** Runs `run` with a temporary folder for data, and removes the folder afterwards, also after an error. */
export async function inTemporaryFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sitebridge-bench-'));
  try {
    // When root starts the bench, PostgreSQL runs as another user, who must pass through the folder.
    await chmod(folder, 0o711);
    print(`Node ${process.version}, ${availableParallelism()} cores, load from this process as well.`);
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs one round of load. Throws when a response is not a success. */
export async function load(request: autocannon.Options): Promise<Round> {
  mayGoOn();
  const result = await autocannon(request);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(
      `${result.non2xx} responses of ${request.url} had an error status, ${result.errors} requests failed.`,
    );
  return { perSecond: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 };
}

/**
 * Measures server and baseline in turn, so that other load of the machine affects both. Prints the medians
 * and their ratio. Returns the median of the server.
 */
export async function compare(
  names: { server: string; baseline: string; target: string },
  { server, baseline }: { server: Started; baseline: Started },
  targetRatio: number,
  loadOf: (url: string, duration: number) => Promise<Round>,
): Promise<Round> {
  await loadOf(server.url, 2);
  await loadOf(baseline.url, 2);
  const ours: Round[] = [];
  const theirs: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await loadOf(server.url, seconds));
    theirs.push(await loadOf(baseline.url, seconds));
  }
  const mine = middle(ours);
  const base = middle(theirs);
  const ratio = mine.perSecond / base.perSecond;
  const cells = (of: Round) => [of.perSecond.toFixed(0), of.p50.toFixed(1), of.p99.toFixed(1)];
  print(row([names.baseline, ...cells(base), '1.00']));
  print(row([names.server, ...cells(mine), ratio.toFixed(2)]));
  verdict(`at least ${targetRatio} ${names.target}`, ratio >= targetRatio);
  return mine;
}

export function middle(of: Round[]): Round {
  return {
    perSecond: median(of.map((round) => round.perSecond)),
    p50: median(of.map((round) => round.p50)),
    p99: median(of.map((round) => round.p99)),
  };
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function row([name = '', ...cells]: string[]): string {
  return name.padEnd(30) + cells.map((cell) => cell.padStart(14)).join('');
}

export function verdict(target: string, met: boolean): void {
  print(`  target: ${target}: ${met ? 'met' : 'NOT met'}`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
