/**
 * Processes, PostgreSQL and Redis are killed, stopped, frozen and started again under a steady load. The first
 * hook does all of that; each test then checks one promise. CHAOS_SEED replays the order of the faults, and
 * CHAOS_SHORT=1 does each kind of fault once.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPrisma } from '../../src/database/client.ts';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { createLogger } from '../../src/logger.ts';
import { RedisProcess } from '../redis/redisProcess.ts';
import { credentialKeys, jwtSecret, startTestServer } from '../support/server.ts';
import { Caller } from './caller.ts';
import { ChaosPostgres } from './chaosPostgres.ts';
import { happen, isOutage, nameOf } from './faults.ts';
import { Fleet, members } from './fleet.ts';
import { Ledger, table } from './ledger.ts';
import { startLoadedSite, work } from './loadedSite.ts';
import { errorLines, printedSecrets } from './logs.ts';
import { ReadinessWatch } from './readinessWatch.ts';
import { type Recovery, recover } from './recovery.ts';
import { readChaosSettings } from './settings.ts';
import { settled } from './settled.ts';
import type { Storm } from './storm.ts';
import { judge, type Verdict } from './verdict.ts';

/** From the end of a fault, when everything that was broken runs again, until all works. Seconds. */
const recoveryLimitS = 30;
/**
 * A busy machine needs longer for the work itself, such as the rest of a run. The slack is this time, or twice what
 * the same wait took before the faults. Seconds.
 */
const slackS = 15;

const settings = readChaosSettings(process.env);
const print = (text: string) => void process.stdout.write(`${text}\n`);
const ends: (() => Promise<unknown>)[] = [];
let storm: Storm;
let verdict: Verdict;
/** What had not ended long after the last fault; empty if everything had. */
let stuck = '';
/** How long the wait for a recovery takes without a fault. */
let calm: Recovery;
const recoveries: [string, Recovery][] = [];

async function buildStorm(): Promise<Storm> {
  const postgres = await ChaosPostgres.make();
  ends.push(() => postgres.remove());
  const redis = await RedisProcess.make();
  ends.push(() => redis.remove());
  await redis.start();
  await migrateDatabase({ url: postgres.url, logger: createLogger('silent') });
  const fleet = await Fleet.make({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
  ends.push(() => fleet.endAll());
  for (const member of members) await fleet.start(member);
  const ledger = new Ledger();
  const caller = new Caller(fleet.urls, ledger);
  const builder = await startTestServer({ ROLE: 'api' }, { database: { url: postgres.url } });
  const sites = [];
  try {
    for (const isSynced of [true, true, false]) {
      const site = await startLoadedSite(builder, caller, { isSynced });
      ends.push(() => site.wordpress.stop());
      sites.push(site);
    }
  } finally {
    await builder.stop();
  }
  const watch = new ReadinessWatch(fleet.urls);
  ends.push(async () => watch.stop());
  const db = createPrisma({ url: postgres.url, poolSize: 3, logger: createLogger('silent') });
  ends.push(() => db.$disconnect());
  return { db, postgres, redis, fleet, ledger, caller, watch, sites, faults: [] };
}

/** Lets all faults happen under the load, each after the recovery from the one before. */
async function rage({ fleet, ledger, sites, faults }: Storm): Promise<void> {
  let isOver = false;
  let isSent = false;
  const load = sites.map((site) => work(site, () => isOver));
  const senders = sites.map(({ sender }) => sender.run(() => isSent));
  try {
    calm = await recover(storm);
    for (const fault of settings.faults) {
      const name = nameOf(fault);
      const period = ledger.begin(name);
      await happen(storm, fault);
      const recovery = await recover(storm);
      period.recoveryS = Math.max(...Object.values(recovery));
      recoveries.push([name, recovery]);
      print(`${name}: ${JSON.stringify(recovery)}`);
      faults.push(...fleet.fallen().map((fallen) => `${name}: ended by itself: ${fallen}`));
    }
    ledger.begin('after the faults');
    isOver = true;
    await Promise.all(load);
    await atRest();
  } finally {
    isOver = true;
    isSent = true;
    await Promise.all([...load, ...senders]);
  }
}

/** Waits until the server has done everything, once before and once after a last run of each site. */
async function atRest(): Promise<void> {
  const { db, sites } = storm;
  try {
    await settled(db, sites);
    for (const { isSynced, user } of sites) if (isSynced) await user.sync();
    await settled(db, sites);
  } catch (error) {
    stuck = String(error);
  }
  verdict = await judge(db, sites);
}

beforeAll(async () => {
  print(`CHAOS_SEED=${settings.seed}: ${settings.faults.map(nameOf).join(', ')}`);
  storm = await buildStorm();
  await rage(storm);
});
afterAll(async () => {
  if (storm !== undefined) print(`\nCHAOS_SEED=${settings.seed}\n${table(storm.ledger.periods)}\n`);
  for (const end of ends.reverse()) await end();
});

test('each acknowledged webhook is applied once', () => {
  expect(verdict.webhooks).toEqual([]);
  for (const { sender } of storm.sites) {
    expect(sender.acknowledged.length).toBeGreaterThan(20);
    expect(sender.duplicates).toBeGreaterThan(0);
  }
});

test('each change on a site is visible here', () => {
  expect(verdict.effects).toEqual([]);
});

test('no acknowledged edit is lost or stored twice', () => {
  expect(verdict.edits).toEqual([]);
});

test('no push replaces a text that was written on the site', () => {
  expect(verdict.siteTexts).toEqual([]);
});

test('each created content is here once and on its site once', () => {
  expect(verdict.creates).toEqual([]);
});

test('no webhook, run or job is stuck', () => {
  expect(stuck).toBe('');
});

test('each run ends without a failure', () => {
  expect(verdict.runs).toEqual([]);
});

test('readyz answers 503 while PostgreSQL cannot serve', () => {
  expect(storm.watch.outages).toHaveLength(settings.faults.filter(isOutage).length);
  expect(storm.watch.lies()).toEqual([]);
});

test(`all works again within ${recoveryLimitS} s, and a slack, after each fault`, () => {
  const limit = recoveryLimitS + Math.max(slackS, 2 * Math.max(...Object.values(calm)));
  const slow = recoveries.filter(([, recovery]) => Math.max(...Object.values(recovery)) > limit);
  expect(slow).toEqual([]);
});

test('calls are answered 2xx, 503 or 429, and no process ends by itself', () => {
  expect(storm.ledger.unexpected).toEqual([]);
  expect(storm.faults).toEqual([]);
});

test('the logs blame the server for nothing and contain no secret', () => {
  expect(errorLines(storm.fleet)).toEqual([]);
  const secrets = Object.fromEntries(
    storm.sites.flatMap(({ tenant }) => [
      [`key of site ${tenant.site.siteId}`, tenant.site.key],
      [`token of user ${tenant.owner.userId}`, tenant.owner.token],
      [`password of user ${tenant.owner.userId}`, tenant.owner.password],
    ]),
  );
  const ofServer = {
    JWT_SECRET: jwtSecret,
    CREDENTIAL_KEYS: credentialKeys.split(':')[1] ?? '',
    'password of PostgreSQL': new URL(storm.postgres.url).password,
  };
  expect(printedSecrets(storm.fleet, { ...secrets, ...ofServer })).toEqual([]);
});
