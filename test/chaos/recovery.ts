import type { Database } from '../../src/database/client.ts';
import { editOnSite, type LoadedSite } from './loadedSite.ts';
import { pause } from './rounds.ts';
import type { Storm } from './storm.ts';

/** The test waits longer than a recovery may take, so that the table shows how long it took. Milliseconds. */
const longestMs = 90_000;
const lookEveryMs = 200;

/** What must work again after a fault, and after how many seconds it did. */
export type Recovery = Record<string, number>;

/**
 * Waits from the end of a fault until all works again: every API process is ready, and for every site a webhook
 * is accepted and a run ends. Returns the seconds of each.
 */
export async function recover(storm: Storm): Promise<Recovery> {
  const end = Date.now();
  const since = async (name: string, done: Promise<unknown>): Promise<[string, number]> => {
    await done;
    return [name, (Date.now() - end) / 1_000];
  };
  const waits = [
    ...storm.fleet.urls.map((url, index) => since(`api ${index + 1} ready`, isReady(url))),
    ...storm.sites.map((site, index) => since(`site ${index + 1} webhook`, acceptsWebhook(site))),
    ...storm.sites
      .filter(({ isSynced }) => isSynced)
      .map((site, index) => since(`site ${index + 1} run`, finishesRun(storm.db, site, new Date(end)))),
  ];
  return Object.fromEntries(await Promise.all(waits));
}

const isReady = (url: string) =>
  becomesTrue(async () => {
    const status = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
      (answer) => answer.status,
      () => null,
    );
    return status === 200;
  });

async function acceptsWebhook(site: LoadedSite): Promise<void> {
  const { acknowledged } = site.sender;
  editOnSite(site, acknowledged.length);
  // The first of them may have been sent before the end of the fault.
  const enough = acknowledged.length + 2;
  await becomesTrue(async () => acknowledged.length >= enough);
}

/** The load requests a run every other second, so that one is always under way or about to start. */
async function finishesRun(db: Database, { tenant }: LoadedSite, end: Date): Promise<void> {
  const where = { integrationId: tenant.integrationId, finishedAt: { gt: end } };
  await becomesTrue(async () => (await db.syncRun.count({ where })) > 0);
}

/** Waits for a condition, and no longer than `longestMs`. */
async function becomesTrue(look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + longestMs;
  while (!(await look()) && Date.now() < end) await pause(lookEveryMs);
}
