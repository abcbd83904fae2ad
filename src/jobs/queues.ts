import { fromPrisma, PgBoss, type Queue } from 'pg-boss';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Transaction } from '../database/client.ts';

/** What a job of the sync queue carries. */
export const syncJob = z.object({ runId: z.int(), integrationId: z.int() });
type SyncJob = z.output<typeof syncJob>;

/** What a job of the webhook queue carries. */
export const webhookJob = z.object({ deliveryId: z.string().regex(/^\d+$/) });
type WebhookJob = z.output<typeof webhookJob>;

/** What a job of the content queue carries: one content to be read from its site. */
export const contentJob = z.object({
  integrationId: z.int(),
  contentType: z.string(),
  externalId: z.string(),
});
export type ContentJob = z.output<typeof contentJob>;

/** What a job of the schedule queue carries: an integration whose time has come. */
export const scheduleJob = z.object({ integrationId: z.int() });

/** When an integration is synced by itself. */
interface SyncSchedule {
  /** A cron expression of five fields. */
  cron: string;
  /** An IANA name such as `Europe/Berlin`. */
  timeZone: string;
}

/** The queues with their policies. A policy is fixed when a queue is made; the rest is brought up to date at each start. */
export const syncQueue = {
  name: 'sync',
  // One job of an integration runs and one waits, so that a change that arrives mid-run is not lost.
  policy: 'stately',
  // A worker that is killed stops its heartbeat; the job is then given to another. Attempts are for crashes
  // only: what goes wrong inside a run ends the run.
  heartbeatSeconds: 15,
  retryLimit: 20,
  retryDelay: 1,
  expireInSeconds: 6 * 3_600,
  deleteAfterSeconds: 7 * 86_400,
  notify: true,
} satisfies Queue;

/** Deliveries wait for nobody but earlier ones of the same post, which the inbox itself keeps in order. */
export const webhookQueue = {
  name: 'webhook',
  policy: 'standard',
  heartbeatSeconds: 15,
  // More than the inbox itself tries, which leaves some for workers that died in the middle.
  retryLimit: 20,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 3_600,
  expireInSeconds: 300,
  deleteAfterSeconds: 86_400,
  notify: true,
} satisfies Queue;

/** One content is read at a time, and one reading waits: what changes during the first is seen by the second. */
export const contentQueue = {
  name: 'content',
  policy: 'stately',
  heartbeatSeconds: 15,
  // Seconds apart at first, then hourly for three days, which is how long the connector tries to tell.
  retryLimit: 80,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 3_600,
  expireInSeconds: 300,
  deleteAfterSeconds: 86_400,
  notify: true,
} satisfies Queue;

/** Integrations whose time has come; each makes a run, which is what is kept and shown. */
export const scheduleQueue = {
  name: 'schedule',
  policy: 'standard',
  retryLimit: 5,
  retryDelay: 5,
  retryBackoff: true,
  // While the server is paused nobody takes them; what is long past is not made up for.
  retentionSeconds: 3_600,
  deleteAfterSeconds: 86_400,
} satisfies Queue;

/** Old records are deleted by one worker at a time, of however many. */
export const retentionQueue = {
  name: 'retention',
  policy: 'exclusive',
  heartbeatSeconds: 15,
  // The next hour's job goes on where this one stopped.
  retryLimit: 2,
  expireInSeconds: 3_600,
  deleteAfterSeconds: 86_400,
} satisfies Queue;

/** Every hour rather than every night: a server that runs in the day only must delete, too. UTC. */
const retentionCron = '17 * * * *';

const queues: Queue[] = [syncQueue, webhookQueue, contentQueue, scheduleQueue, retentionQueue];

/** Opens pg-boss on its own small pool: jobs must not wait for the connections of calls, nor calls for theirs. */
export function createBoss(options: { url: string; logger: Logger; works: boolean }): PgBoss {
  const boss = new PgBoss({
    connectionString: options.url,
    application_name: 'sitebridge-jobs',
    max: options.works ? 5 : 2,
    useListenNotify: options.works,
    supervise: options.works,
    schedule: options.works,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
    connectionTimeoutMillis: 10_000,
  });
  boss.on('error', (error: Error) => options.logger.warn({ err: error }, 'the job queue met an error'));
  return boss;
}

/** Puts jobs into the queues, in the transaction of what they are for. */
export class JobQueue {
  readonly #boss: PgBoss;

  constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  /** Makes the queues, or brings their options up to date. Call once after the boss has started. */
  async prepare(): Promise<void> {
    for (const queue of queues) {
      const known = await this.#boss.getQueue(queue.name);
      if (!known) await this.#boss.createQueue(queue.name, queue);
      const { name, policy: _fixed, ...options } = queue;
      await this.#boss.updateQueue(name, options);
    }
    await this.#boss.schedule(retentionQueue.name, retentionCron);
  }

  /**
   * Enqueues a run. Returns the job's id; null when a job of the integration waits already.
   * `accountId` groups jobs, so that one account's many sites do not keep the others waiting.
   */
  async enqueueSync(tx: Transaction, job: SyncJob, accountId: number): Promise<string | null> {
    return this.#boss.send(syncQueue.name, job, {
      db: fromPrisma(tx),
      singletonKey: String(job.integrationId),
      group: { id: String(accountId) },
    });
  }

  /** Takes a job back that has not ended. */
  async cancelSync(tx: Transaction, jobId: string): Promise<void> {
    await this.#boss.cancel(syncQueue.name, jobId, { db: fromPrisma(tx) });
  }

  /** Enqueues deliveries to be applied. Jobs are grouped by site, so that one site's flood leaves room for others. */
  async enqueueWebhooks(tx: Transaction, deliveries: { id: bigint; siteId: number }[]): Promise<void> {
    if (deliveries.length === 0) return;
    const jobs = deliveries.map(({ id, siteId }) => {
      const data: WebhookJob = { deliveryId: String(id) };
      return { data, group: { id: String(siteId) } };
    });
    await this.#boss.insert(webhookQueue.name, jobs, { db: fromPrisma(tx) });
  }

  /** Enqueues the reading of one content, unless one waits already. */
  async enqueueContent(tx: Transaction, job: ContentJob): Promise<void> {
    await this.#boss.send(contentQueue.name, job, {
      db: fromPrisma(tx),
      singletonKey: `${job.integrationId}:${job.contentType}:${job.externalId}`,
      group: { id: String(job.integrationId) },
    });
  }

  /** Sets when an integration is synced by itself, or never for null. */
  async scheduleSync(tx: Transaction, integrationId: number, schedule: SyncSchedule | null): Promise<void> {
    const key = String(integrationId);
    const db = fromPrisma(tx);
    if (schedule === null) return this.#boss.unschedule(scheduleQueue.name, key, { db });
    const options = { tz: schedule.timeZone, key, missed: 'once', db } as const;
    await this.#boss.schedule(scheduleQueue.name, schedule.cron, { integrationId }, options);
  }

  /** Why a schedule cannot be used; null when it can. */
  scheduleFault({ cron, timeZone }: SyncSchedule): { part: 'cron' | 'time_zone'; message: string } | null {
    if (!Intl.supportedValuesOf('timeZone').includes(timeZone) && timeZone !== 'UTC')
      return { part: 'time_zone', message: 'must be an IANA time zone such as Europe/Berlin.' };
    if (cron.trim().split(/\s+/).length !== 5)
      return { part: 'cron', message: 'must have five fields, such as "0 3 * * *".' };
    try {
      this.#boss.previewSchedule(cron, { tz: timeZone, count: 1 });
      return null;
    } catch {
      return { part: 'cron', message: 'is no cron expression such as "0 3 * * *".' };
    }
  }

  /** Throws when the queue cannot be reached. */
  async check(): Promise<void> {
    const queue = await this.#boss.getQueue(syncQueue.name);
    if (!queue) throw new Error('The queues have not been made.');
  }
}
