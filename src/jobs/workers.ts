import type { Job, PgBoss } from 'pg-boss';
import type { SyncRunner } from '../services/syncRunner.ts';
import { syncJob, syncQueue } from './queues.ts';

/** How many runs one process works on at once, and how many of them may be one account's. */
const concurrency = { runs: 8, perAccount: 4 };

/** Starts to work on the queues. Ends with the boss's stop, which gives running jobs back. */
export async function startWorkers(boss: PgBoss, runner: SyncRunner): Promise<void> {
  await boss.work(
    syncQueue.name,
    {
      localConcurrency: concurrency.runs,
      localGroupConcurrency: concurrency.perAccount,
      // Listening wakes a worker at once; polling is for what was sent while nobody listened, and, of which
      // nobody is told, for jobs that were given back by a worker that stopped or died.
      pollingIntervalSeconds: 2,
      notifyPollingIntervalSeconds: 5,
    },
    async (jobs: Job[]) => {
      for (const job of jobs) await runner.execute(syncJob.parse(job.data).runId, job.signal);
    },
  );
}
