import type { Job, PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import type { RemoteError } from '../errors.ts';
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

/** How many runs one process works on at once, and how many of them may belong to one account. */
const runs = { atOnce: 8, perGroup: 4 };
/** Limits for webhook deliveries. The limit per site keeps a busy site from blocking other sites. */
const deliveries = { atOnce: 8, perGroup: 2 };
/** How many contents are read at once, and how many of them from one integration. */
const contents = { atOnce: 4, perGroup: 2 };
const schedules = { atOnce: 1, perGroup: 1 };
const retentions = { atOnce: 1, perGroup: 1 };
/** The interval of the check whether sites may be called. Milliseconds. */
const lookEveryMs = 1_000;
/** The queues whose jobs call sites. */
const callingQueues = [syncQueue, contentQueue, scheduleQueue];

export interface Workers {
  runner: SyncRunner;
  inbox: WebhookInboxService;
  puller: ContentPuller;
  sync: SyncService;
  retention: RetentionService;
}

/** Workers that were started. */
export interface RunningWorkers {
  /** Ends the regular check whether sites may be called. The work itself ends when the boss stops. */
  stop(): void;
}

/** Decides whether workers may take jobs that call sites. */
interface Permission {
  /** Returns the error that forbids calls to sites now, or null when calls are allowed. */
  refusal(): Promise<RemoteError | null>;
  logger: Logger;
}

/**
 * Starts the workers of all queues. While calls to sites are refused, jobs that call sites wait in their
 * queues. The workers end when the boss stops, which returns running jobs to their queues.
 */
export async function startWorkers(
  boss: PgBoss,
  { runner, inbox, puller, sync, retention }: Workers,
  permission: Permission,
): Promise<RunningWorkers> {
  await work(boss, webhookQueue.name, deliveries, (job) =>
    inbox.apply(BigInt(webhookJob.parse(job.data).deliveryId)),
  );
  await work(
    boss,
    retentionQueue.name,
    retentions,
    async (job) => void (await retention.removeOld(job.signal)),
  );
  const callers = new CallingWorkers(boss, permission, async () => {
    await work(boss, syncQueue.name, runs, (job) =>
      runner.execute(syncJob.parse(job.data).runId, job.signal),
    );
    await work(boss, contentQueue.name, contents, (job) => puller.execute(contentJob.parse(job.data)));
    await work(boss, scheduleQueue.name, schedules, (job) =>
      sync.syncScheduled(scheduleJob.parse(job.data).integrationId),
    );
  });
  await callers.start();
  return callers;
}

/** The workers whose jobs call sites. They run only while sites may be called. */
class CallingWorkers implements RunningWorkers {
  readonly #boss: PgBoss;
  readonly #permission: Permission;
  readonly #begin: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #works = false;
  #looks = false;
  #ended = false;

  /** `begin` starts the work on all of `callingQueues`. */
  constructor(boss: PgBoss, permission: Permission, begin: () => Promise<void>) {
    this.#boss = boss;
    this.#permission = permission;
    this.#begin = begin;
  }

  async start(): Promise<void> {
    await this.#follow();
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  stop(): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // The previous check may still be waiting for running jobs to end.
    if (this.#looks) return;
    this.#looks = true;
    try {
      await this.#follow();
    } catch (error) {
      if (!this.#ended)
        this.#permission.logger.warn({ err: error }, 'cannot read whether sites may be called');
    } finally {
      this.#looks = false;
    }
  }

  async #follow(): Promise<void> {
    const allowed = (await this.#permission.refusal()) === null;
    if (allowed === this.#works || this.#ended) return;
    this.#works = allowed;
    if (allowed) return this.#begin();
    await Promise.all(callingQueues.map(({ name }) => this.#boss.offWork(name)));
  }
}

/** Starts workers for a queue: at most `atOnce` jobs at a time, and at most `perGroup` of one group. */
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
      // A notification wakes a worker at once. Polling finds the jobs without one: jobs sent while no worker
      // listened, and jobs returned by a worker that stopped or died.
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

/**
 * Wakes the busy workers of a queue after a job. Without this, pg-boss waits for the next poll after each
 * job, even when more jobs are waiting.
 */
function lookAgain(boss: PgBoss, queue: string): void {
  for (const worker of boss.getWipData()) {
    if (worker.name === queue && worker.count > 0) boss.notifyWorker(worker.id);
  }
}
