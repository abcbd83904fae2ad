/**
 * `npm run bench:http`: how fast the API reads, as a ratio to `node:http` with bare `pg` in the same run, and how
 * long `npm start` takes to be ready on a warm data folder. Only ratios of one run compare: the machine, and what
 * else runs on it, change the figures. Loopback only; everything it makes is in a temporary folder.
 *
 * Options: --rounds 5 --seconds 3
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { createCore } from '../src/container.ts';
import { openDatabase } from '../src/database/open.ts';
import { type Started, startProgram } from './processes.ts';
import { owner, seed } from './seed.ts';

const sites = 500;
const connections = 16;
const targetRatio = 0.5;
const targetStartMs = 3_000;
const path = '/api/v1/integration/integrations';

interface Round {
  perSecond: number;
  p50: number;
  p99: number;
}

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sitebridge-bench-'));
  // Started by root, PostgreSQL runs as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  try {
    print(`Node ${process.version}, ${availableParallelism()} cores, load from this process as well.`);
    await benchStart(folder);
    await benchReads(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `npm start` as a person types it, until `/readyz` answers 200. */
async function benchStart(folder: string): Promise<void> {
  const settings = { DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'warn' };
  const timed = async () => {
    interrupted.signal.throwIfAborted();
    const begun = performance.now();
    const server = await startProgram('npm', ['start'], settings);
    const ready = await fetch(`${server.url}/readyz`);
    const took = performance.now() - begun;
    await server.stop();
    if (ready.status !== 200) throw new Error(`/readyz answered ${ready.status}.`);
    return took;
  };
  const first = await timed();
  const warm = [await timed(), await timed(), await timed()];
  print(`\nnpm start to ready, on an empty data folder: ${ms(first)}`);
  print(`npm start to ready, on a warm data folder: ${warm.map(ms).join(', ')}; median ${ms(median(warm))}`);
  verdict(`below ${ms(targetStartMs)} on a warm folder`, median(warm) < targetStartMs);
}

async function benchReads(folder: string): Promise<void> {
  const secret = 'a secret of the bench that has more than 32 bytes';
  const config = readConfig({ DATA_DIR: folder, JWT_SECRET: secret });
  const logger = pino({ level: 'silent' });
  const database = await openDatabase(config, logger);
  const started: Started[] = [];
  try {
    const core = createCore(config, logger, database.url);
    const id = await seed(core, sites).finally(() => core.db.$disconnect());
    const server = await startProgram(process.execPath, ['src/main.ts'], {
      DATA_DIR: folder,
      PORT: '0',
      ROLE: 'api',
      LOG_LEVEL: 'warn',
      JWT_SECRET: secret,
      // What is measured is reading, not being refused.
      THROTTLE_INTEGRATION: '999999999/min',
    });
    started.push(server);
    const baseline = await startProgram(process.execPath, ['bench/baseline.ts'], {
      DATABASE_URL: database.url,
      JWT_SECRET: secret,
    });
    started.push(baseline);
    const token = await signIn(server.url);
    print(
      `\n${sites} integrations, ${connections} connections, ${rounds} rounds of ${seconds} s each, in turn.`,
    );
    print('Medians of the rounds:\n');
    print(row(['', 'requests/s', 'p50 ms', 'p99 ms', 'ratio']));
    await compare('list of 20', path, { server, baseline, token });
    await compare('single read', `${path}/${id}`, { server, baseline, token });
  } finally {
    for (const program of started) await program.stop();
    await database.close();
  }
}

/** Server and baseline in turn, so that what else the machine does meets both. */
async function compare(
  name: string,
  target: string,
  { server, baseline, token }: { server: Started; baseline: Started; token: string },
): Promise<void> {
  await mustBeAlike(server.url, baseline.url, target, token);
  const ours: Round[] = [];
  const theirs: Round[] = [];
  await load(server.url + target, token, 2);
  await load(baseline.url + target, token, 2);
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await load(server.url + target, token, seconds));
    theirs.push(await load(baseline.url + target, token, seconds));
  }
  const mine = middle(ours);
  const base = middle(theirs);
  const ratio = mine.perSecond / base.perSecond;
  const cells = (of: Round) => [of.perSecond.toFixed(0), of.p50.toFixed(1), of.p99.toFixed(1)];
  print(row([`${name}, node:http + pg`, ...cells(base), '1.00']));
  print(row([`${name}, Sitebridge`, ...cells(mine), ratio.toFixed(2)]));
  verdict(`at least ${targetRatio} for the ${name}`, ratio >= targetRatio);
}

async function load(url: string, token: string, duration: number): Promise<Round> {
  interrupted.signal.throwIfAborted();
  const result = await autocannon({
    url,
    duration,
    connections,
    headers: { authorization: `Bearer ${token}` },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers of ${url} were no success, ${result.errors} calls failed.`);
  return { perSecond: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 };
}

/** A baseline that answers something else would compare nothing. */
async function mustBeAlike(ours: string, theirs: string, target: string, token: string): Promise<void> {
  const [mine, base] = await Promise.all(
    [ours, theirs].map(async (url) => {
      const answer = await fetch(url + target, { headers: { Authorization: `Bearer ${token}` } });
      return (await answer.text()).replaceAll(url, '');
    }),
  );
  if (mine !== base) throw new Error(`The baseline answers otherwise:\n${mine}\n${base}`);
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(owner),
  });
  const body: unknown = await answer.json();
  if (typeof body !== 'object' || body === null || !('access_token' in body))
    throw new Error(`Signing in answered ${answer.status}.`);
  return String(body.access_token);
}

function middle(of: Round[]): Round {
  return {
    perSecond: median(of.map((round) => round.perSecond)),
    p50: median(of.map((round) => round.p50)),
    p99: median(of.map((round) => round.p99)),
  };
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function ms(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function row([name = '', ...cells]: string[]): string {
  return name.padEnd(30) + cells.map((cell) => cell.padStart(12)).join('');
}

function verdict(target: string, met: boolean): void {
  print(`  target: ${target}: ${met ? 'met' : 'NOT met'}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
