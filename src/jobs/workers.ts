import type { Job, PgBoss } from 'pg-boss';
import type { ContentPuller } from '../services/contentPuller.ts';
import type { SyncRunner } from '../services/syncRunner.ts';
import type { WebhookInboxService } from '../services/webhookInbox.service.ts';
import { contentJob, contentQueue, syncJob, syncQueue, webhookJob, webhookQueue } from './queues.ts';

/** How many runs one process works on at once, and how many of them may be one account's. */
const concurrency = { runs: 8, perAccount: 4 };
/** Of one site at most half are worked on at once, so that its flood leaves room for the others. */
const deliveries = { atOnce: 4, perSite: 2 };
/** A site is asked for so many contents at once. */
const contents = { atOnce: 4, perSite: 2 };

export interface Workers {
  runner: SyncRunner;
  inbox: WebhookInboxService;
  puller: ContentPuller;
}

/** Starts to work on the queues. Ends with the boss's stop, which gives running jobs back. */
export async function startWorkers(boss: PgBoss, { runner, inbox, puller }: Workers): Promise<void> {
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
  await boss.work(
    webhookQueue.name,
    {
      localConcurrency: deliveries.atOnce,
      localGroupConcurrency: deliveries.perSite,
      pollingIntervalSeconds: 2,
      notifyPollingIntervalSeconds: 5,
    },
    async (jobs: Job[]) => {
      for (const job of jobs) await inbox.apply(BigInt(webhookJob.parse(job.data).deliveryId));
    },
  );
  await boss.work(
    contentQueue.name,
    {
      localConcurrency: contents.atOnce,
      localGroupConcurrency: contents.perSite,
      pollingIntervalSeconds: 2,
      notifyPollingIntervalSeconds: 5,
    },
    async (jobs: Job[]) => {
      for (const job of jobs) await puller.execute(contentJob.parse(job.data));
    },
  );
}
