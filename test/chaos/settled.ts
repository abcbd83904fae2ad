import { expect } from '@jest/globals';
import type { Database } from '../../src/database/client.ts';
import { eventually } from '../support/eventually.ts';
import type { LoadedSite } from './loadedSite.ts';

/** After this time a run or a job that has not ended counts as stuck. Milliseconds. */
const stuckAfterMs = 120_000;

/** What has not ended. All lists and counts are empty once the server is at rest. */
async function open(db: Database, sites: readonly LoadedSite[]) {
  const [runs, jobs, deliveries] = await Promise.all([
    db.syncRun.findMany({
      where: { status: { in: ['queued', 'syncing'] } },
      select: { id: true, status: true, attempt: true, heartbeatAt: true },
    }),
    db.$queryRaw<object[]>`
      SELECT name, state::text, count(*)::int, min(start_after)::text AS start_after, max(retry_count) AS retries
      FROM pgboss.job WHERE state IN ('created', 'retry', 'active') AND name IN ('sync', 'webhook', 'content')
      GROUP BY name, state`,
    db.webhookDelivery.count({ where: { status: { not: 'processed' } } }),
  ]);
  const unsent = sites.map(({ sender }) => sender.made - sender.done);
  return { runs, jobs, deliveries, unsent };
}

/** Waits until every webhook is sent and applied, and every run and job has ended. Throws with what has not. */
export async function settled(db: Database, sites: readonly LoadedSite[]): Promise<void> {
  const none = { runs: [], jobs: [], deliveries: 0, unsent: sites.map(() => 0) };
  await eventually(async () => expect(await open(db, sites)).toEqual(none), stuckAfterMs);
}
