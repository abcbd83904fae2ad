import type { Job, PgBoss } from 'pg-boss';
import type { RetentionService } from '../services/events/retention.service.ts';
import type { ContentPuller } from '../services/sync/pull/contentPuller.ts';
import type { SyncRunner } from '../services/sync/runExecutor.ts';
import type { SyncService } from '../services/sync/sync.service.ts';
import type { WebhookInboxService } from '../services/webhooks/webhookInbox.service.ts';
import {
  contentJob,
  contentQueue,
  retentionQueue,
  scheduleJob,
  scheduleQueue,
  syncJob,
  syncQueue,
  webhookJob,
  webhookQueue,
} from './queues.ts';

/** How many runs one process works on at once, and how many of them may be one account's. */
const runs = { atOnce: 8, perGroup: 4 };
/** Of one site so few are worked on at once that its flood leaves room for the others. */
const deliveries = { atOnce: 8, perGroup: 2 };
/** A site is asked for so many contents at once. */
const contents = { atOnce: 4, perGroup: 2 };
const schedules = { atOnce: 1, perGroup: 1 };
const retentions = { atOnce: 1, perGroup: 1 };

export interface Workers {
  runner: SyncRunner;
  inbox: WebhookInboxService;
  puller: ContentPuller;
  sync: SyncService;
  retention: RetentionService;
}

/** Starts to work on the queues. Ends with the boss's stop, which gives running jobs back. */
export async function startWorkers(
  boss: PgBoss,
  { runner, inbox, puller, sync, retention }: Workers,
): Promise<void> {
  await work(boss, syncQueue.name, runs, (job) => runner.execute(syncJob.parse(job.data).runId, job.signal));
  await work(boss, webhookQueue.name, deliveries, (job) =>
    inbox.apply(BigInt(webhookJob.parse(job.data).deliveryId)),
  );
  await work(boss, contentQueue.name, contents, (job) => puller.execute(contentJob.parse(job.data)));
  await work(boss, scheduleQueue.name, schedules, (job) =>
    sync.syncScheduled(scheduleJob.parse(job.data).integrationId),
  );
  await work(
    boss,
    retentionQueue.name,
    retentions,
    async (job) => void (await retention.removeOld(job.signal)),
  );
}

/** Works on a queue `atOnce` jobs at a time, of one group at most `perGroup`. */
async function work(
  boss: PgBoss,
  queue: string,
  { atOnce, perGroup }: { atOnce: number; perGroup: number },
  handle: (job: Job) => Promise<void>,
): Promise<void> {
  await boss.work(
    queue,
    {
      localConcurrency: atOnce,
      localGroupConcurrency: perGroup,
      // Listening wakes a worker at once; polling is for what was sent while nobody listened, and, of which
      // nobody is told, for jobs that were given back by a worker that stopped or died.
      pollingIntervalSeconds: 2,
      notifyPollingIntervalSeconds: 5,
    },
    async (jobs: Job[]) => {
      try {
        for (const job of jobs) await handle(job);
      } finally {
        lookAgain(boss, queue);
      }
    },
  );
}

/** Left alone, pg-boss rests after each job until the next poll, however many wait. Who is busy has cause to look again. */
function lookAgain(boss: PgBoss, queue: string): void {
  for (const worker of boss.getWipData()) {
    if (worker.name === queue && worker.count > 0) boss.notifyWorker(worker.id);
  }
}
