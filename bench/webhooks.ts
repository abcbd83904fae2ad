/**
 * `npm run bench:webhooks` measures how many webhooks per second the server accepts, through the whole path:
 * signature, row, job, commit, response. The result is a ratio to the same two inserts by bare `pg` behind
 * `node:http` in the same run. It also measures how long a sender waits at half of that load. Only ratios of
 * the same run are comparable. The bench uses the loopback interface only, and keeps all its files in a
 * temporary folder.
 *
 * Options: --rounds 5 --seconds 3
 */
import { createHmac, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { type Core, createCore } from '../src/adminServices.ts';
import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/database/open.ts';
import { type Started, startProgram } from './processes.ts';
import {
  compare,
  inTemporaryFolder,
  load,
  middle,
  print,
  type Round,
  rounds,
  row,
  seconds,
  verdict,
} from './rounds.ts';

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

async function benchWebhooks(folder: string): Promise<void> {
  const config = readConfig({ DATA_DIR: folder });
  const logger = pino({ level: 'silent' });
  const database = await openDatabase(config, logger);
  const started: Started[] = [];
  try {
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
    print(
      `\n${siteCount} sites, ${connections} connections, ${rounds} rounds of ${seconds} s each, in turn.`,
    );
    print('Medians of the rounds:\n');
    print(row(['', 'deliveries/s', 'p50 ms', 'p99 ms', 'ratio']));
    const names = {
      server: 'the whole path, Sitebridge',
      baseline: 'two inserts, node:http + pg',
      target: 'of the two inserts',
    };
    const { perSecond } = await compare(names, { server, baseline }, targetRatio, (url, duration) =>
      deliver(url, sites, duration),
    );
    await waitAtHalf(server, sites, perSecond);
    await mustBeWhole(core);
    await core.db.$disconnect();
  } finally {
    for (const program of started) await program.stop();
    await database.close();
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

async function waitAtHalf(server: Started, sites: Site[], most: number): Promise<void> {
  const rate = Math.floor(most / 2);
  const half: Round[] = [];
  for (let round = 0; round < rounds; round += 1) half.push(await deliver(server.url, sites, seconds, rate));
  const { perSecond, p50, p99 } = middle(half);
  print(
    `\nAt half of that load, ${perSecond.toFixed(0)} deliveries/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  );
  verdict(`p99 below ${targetP99Ms} ms`, p99 < targetP99Ms);
}

let made = 0;

/** A new signed webhook message of one of the sites. */
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

function deliver(url: string, sites: Site[], duration: number, rate?: number): Promise<Round> {
  return load({
    url: url + path,
    method: 'POST',
    duration,
    connections,
    ...(rate === undefined ? {} : { overallRate: rate }),
    requests: [{ setupRequest: (request) => ({ ...request, ...message(sites) }) }],
  });
}

/** Throws when server and baseline store different rows, because then the comparison means nothing. */
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
  if (mine !== base || mine === '[]') throw new Error(`The baseline stores other rows:\n${mine}\n${base}`);
}

/** Throws unless each stored delivery has exactly one job. */
async function mustBeWhole(core: Core): Promise<void> {
  const [row] = await core.db.$queryRaw<{ deliveries: number; jobs: number }[]>`
    SELECT (SELECT count(*)::int FROM webhook_delivery) AS deliveries,
           (SELECT count(DISTINCT data->>'deliveryId')::int FROM pgboss.job WHERE name = 'webhook') AS jobs`;
  if (!row || row.deliveries === 0 || row.deliveries !== row.jobs)
    throw new Error(`${row?.deliveries} deliveries have ${row?.jobs} jobs.`);
  print(`\n${row.deliveries} deliveries were stored, each with its job.`);
}

await inTemporaryFolder(benchWebhooks);
