/**
 * `npm run bench:webhooks`: how many webhooks a second the server takes in, through its whole path (signature, row,
 * job, commit, answer), as a ratio to the same two inserts by bare `pg` behind `node:http` in the same run; and how
 * long a sender waits at half of that load. Only ratios of one run compare. Loopback only; everything it makes is in
 * a temporary folder.
 *
 * Options: --rounds 5 --seconds 3
 */
import { createHmac, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { type Core, createCore } from '../src/container.ts';
import { openDatabase } from '../src/database/open.ts';
import { type Started, startProgram } from './processes.ts';

const connections = 32;
const siteCount = 8;
const targetRatio = 0.6;
const targetP99Ms = 50;
const path = '/api/v1/integration/webhooks/wordpress/metadata';

interface Site {
  id: number;
  accountId: number;
  key: string;
}

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
  const config = readConfig({ DATA_DIR: folder });
  const logger = pino({ level: 'silent' });
  const database = await openDatabase(config, logger);
  const started: Started[] = [];
  try {
    print(`Node ${process.version}, ${availableParallelism()} cores, load from this process as well.`);
    const core = createCore(config, logger, database.url);
    const server = await startProgram(process.execPath, ['src/main.ts'], {
      DATA_DIR: folder,
      PORT: '0',
      ROLE: 'api',
      LOG_LEVEL: 'warn',
    });
    started.push(server);
    const sites = await makeSites(core);
    const baseline = await startProgram(process.execPath, ['bench/webhookBaseline.ts'], {
      DATABASE_URL: database.url,
      SITES: JSON.stringify(sites),
    });
    started.push(baseline);
    await mustBeAlike(core, server.url, baseline.url, sites);
    const most = await compare(server, baseline, sites);
    await waitAtHalf(server, sites, most);
    await mustBeWhole(core);
    await core.db.$disconnect();
  } finally {
    for (const program of started) await program.stop();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeSites(core: Core): Promise<Site[]> {
  const { accountId } = await core.accounts.createAccount({
    name: 'Bench',
    ownerEmail: 'owner@bench.example',
    ownerPassword: 'a password for the bench',
  });
  const scope = { accountId, userId: null, siteId: null, role: 'owner' } as const;
  const sites: Site[] = [];
  for (let number = 1; number <= siteCount; number += 1) {
    const { id } = await core.sites.create(scope, { name: `Site ${number}`, url: 'https://site.example' });
    sites.push({ id, accountId, key: await core.sites.rotateKey(scope, id) });
  }
  return sites;
}

/** Server and baseline in turn, so that what else the machine does meets both. Gives the server's deliveries a second. */
async function compare(server: Started, baseline: Started, sites: Site[]): Promise<number> {
  print(`\n${siteCount} sites, ${connections} connections, ${rounds} rounds of ${seconds} s each, in turn.`);
  print('Medians of the rounds:\n');
  await load(server.url, sites, 2);
  await load(baseline.url, sites, 2);
  const ours: Round[] = [];
  const theirs: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await load(server.url, sites, seconds));
    theirs.push(await load(baseline.url, sites, seconds));
  }
  const mine = middle(ours);
  const base = middle(theirs);
  const ratio = mine.perSecond / base.perSecond;
  const cells = (of: Round) => [of.perSecond.toFixed(0), of.p50.toFixed(1), of.p99.toFixed(1)];
  print(row(['', 'deliveries/s', 'p50 ms', 'p99 ms', 'ratio']));
  print(row(['two inserts, node:http + pg', ...cells(base), '1.00']));
  print(row(['the whole path, Sitebridge', ...cells(mine), ratio.toFixed(2)]));
  verdict(`at least ${targetRatio} of the two inserts`, ratio >= targetRatio);
  return mine.perSecond;
}

async function waitAtHalf(server: Started, sites: Site[], most: number): Promise<void> {
  const rate = Math.floor(most / 2);
  const half: Round[] = [];
  for (let round = 0; round < rounds; round += 1) half.push(await load(server.url, sites, seconds, rate));
  const { perSecond, p50, p99 } = middle(half);
  print(
    `\nAt half of that load, ${perSecond.toFixed(0)} deliveries/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  );
  verdict(`p99 below ${targetP99Ms} ms`, p99 < targetP99Ms);
}

let made = 0;

/** A new message of one of the sites, signed. */
function message(sites: Site[]): { headers: Record<string, string>; body: string } {
  made += 1;
  const site = sites[made % sites.length];
  if (site === undefined) throw new Error('No sites.');
  const body = JSON.stringify({
    external_id: String(1 + (made % 5_000)),
    post_type: 'post',
    title: `A title that was changed, number ${made}`,
    slug: 'a-title-that-was-changed',
    terms: [
      { taxonomy: 'category', slug: 'news', name: 'News' },
      { taxonomy: 'post_tag', slug: 'green', name: 'green' },
    ],
    meta: { price: 3, featured_media: 12 },
    modified_gmt: '2026-03-01T10:00:00Z',
  });
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', site.key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    headers: {
      'Content-Type': 'application/json',
      'X-Site-Id': String(site.id),
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  };
}

async function load(url: string, sites: Site[], duration: number, rate?: number): Promise<Round> {
  interrupted.signal.throwIfAborted();
  const result = await autocannon({
    url: url + path,
    method: 'POST',
    duration,
    connections,
    ...(rate === undefined ? {} : { overallRate: rate }),
    requests: [{ setupRequest: (request) => ({ ...request, ...message(sites) }) }],
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers of ${url} were no success, ${result.errors} calls failed.`);
  return { perSecond: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 };
}

/** A baseline that keeps something else would compare nothing. */
async function mustBeAlike(core: Core, ours: string, theirs: string, sites: Site[]): Promise<void> {
  const { headers, body } = message(sites);
  const kept: unknown[] = [];
  for (const url of [ours, theirs]) {
    const answer = await fetch(url + path, { method: 'POST', headers, body });
    if (answer.status !== 202) throw new Error(`${url} answered ${answer.status}.`);
    const rows = await core.db.$queryRaw<unknown[]>`
      SELECT d.site_id, d.webhook_id, d.topic, d.subject, d.body, d.body_hash, d.status,
             j.name, j.group_id, j.retry_limit, j.state
      FROM webhook_delivery d JOIN pgboss.job j ON j.name = 'webhook' AND j.data->>'deliveryId' = d.id::text`;
    kept.push(rows);
    await core.db.$executeRaw`DELETE FROM webhook_delivery`;
    await core.db.$executeRaw`DELETE FROM pgboss.job WHERE name = 'webhook'`;
  }
  const [mine, base] = kept.map((rows) => JSON.stringify(rows));
  if (mine !== base || mine === '[]') throw new Error(`The baseline keeps something else:\n${mine}\n${base}`);
}

/** Whatever was answered is kept, with one job each. */
async function mustBeWhole(core: Core): Promise<void> {
  const [row] = await core.db.$queryRaw<{ deliveries: number; jobs: number }[]>`
    SELECT (SELECT count(*)::int FROM webhook_delivery) AS deliveries,
           (SELECT count(DISTINCT data->>'deliveryId')::int FROM pgboss.job WHERE name = 'webhook') AS jobs`;
  if (!row || row.deliveries === 0 || row.deliveries !== row.jobs)
    throw new Error(`${row?.deliveries} deliveries have ${row?.jobs} jobs.`);
  print(`\n${row.deliveries} deliveries were kept, each with its job.`);
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

function row([name = '', ...cells]: string[]): string {
  return name.padEnd(30) + cells.map((cell) => cell.padStart(14)).join('');
}

function verdict(target: string, met: boolean): void {
  print(`  target: ${target}: ${met ? 'met' : 'NOT met'}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
