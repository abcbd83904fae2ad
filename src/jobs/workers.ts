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

/** How many runs one process works on at once, and how many of them may be one account's. */
const runs = { atOnce: 8, perGroup: 4 };
/** Of one site so few are worked on at once that its flood leaves room for the others. */
const deliveries = { atOnce: 8, perGroup: 2 };
/** A site is asked for so many contents at once. */
const contents = { atOnce: 4, perGroup: 2 };
const schedules = { atOnce: 1, perGroup: 1 };
const retentions = { atOnce: 1, perGroup: 1 };
/** How soon it is noticed that sites may be called, or may no more. Milliseconds. */
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
  /** Ends the looking whether sites may be called. The work itself ends with the boss's stop. */
  stop(): void;
}

/** Whether jobs that call sites may be taken. */
interface Permission {
  /** Why no site may be called now; null while they may. */
  refusal(): Promise<RemoteError | null>;
  logger: Logger;
}

/**
 * Starts to work on the queues. Jobs that call sites wait in their queues while that is refused. Ends with the boss's
 * stop, which gives running jobs back.
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

/** The workers whose jobs call sites: they are there while sites may be called. */
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
    // Ending the work waits for the jobs that run.
    if (this.#looks) return;
    this.#looks = true;
    try {
      await this.#follow();
    } catch (error) {
      if (!this.#ended) this.#permission.logger.warn({ err: error }, 'who may call sites cannot be read');
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
