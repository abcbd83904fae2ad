import { fromPrisma, PgBoss, type Queue } from 'pg-boss';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Transaction } from '../database/client.ts';

/** The data of a job in the sync queue. */
export const syncJob = z.object({ runId: z.int(), integrationId: z.int() });
type SyncJob = z.output<typeof syncJob>;

/** The data of a job in the webhook queue. */
export const webhookJob = z.object({ deliveryId: z.string().regex(/^\d+$/) });
type WebhookJob = z.output<typeof webhookJob>;

/** The data of a job in the content queue, which reads one content from its site. */
export const contentJob = z.object({
  integrationId: z.int(),
  contentType: z.string(),
  externalId: z.string(),
});
export type ContentJob = z.output<typeof contentJob>;

/** The data of a job in the schedule queue: an integration whose scheduled sync is due. */
export const scheduleJob = z.object({ integrationId: z.int() });

/** The schedule of an integration's automatic syncs. */
interface SyncSchedule {
  /** A cron expression of five fields. */
  cron: string;
  /** An IANA name such as `Europe/Berlin`. */
  timeZone: string;
}

/**
 * Runs of integrations. For all queues: the policy cannot change after a queue was created. Each start
 * updates the other options.
 */
export const syncQueue = {
  name: 'sync',
  // Per integration one job runs and one may wait, so that a change during a run is not lost.
  policy: 'stately',
  // When a worker is killed, its heartbeat stops and another worker gets the job. Retries are only for
  // crashes, because an error inside a run ends the run.
  heartbeatSeconds: 15,
  retryLimit: 20,
  retryDelay: 1,
  expireInSeconds: 6 * 3_600,
  deleteAfterSeconds: 7 * 86_400,
  notify: true,
} satisfies Queue;

/**
 * Webhook deliveries. A delivery waits only for earlier ones of the same post. The inbox keeps their order.
 */
export const webhookQueue = {
  name: 'webhook',
  policy: 'standard',
  heartbeatSeconds: 15,
  // More retries than the inbox itself makes. The rest is for workers that died during a delivery.
  retryLimit: 20,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 3_600,
  expireInSeconds: 300,
  deleteAfterSeconds: 86_400,
  notify: true,
} satisfies Queue;

/**
 * Reads of single contents. Per content one job runs and one may wait, which sees changes during the first.
 */
export const contentQueue = {
  name: 'content',
  policy: 'stately',
  heartbeatSeconds: 15,
  // Retries come seconds apart at first, then hourly for three days, as long as the connector retries.
  retryLimit: 80,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 3_600,
  expireInSeconds: 300,
  deleteAfterSeconds: 86_400,
  notify: true,
} satisfies Queue;

/** Integrations whose scheduled sync is due. Each job creates a run, and the run is what users see. */
export const scheduleQueue = {
  name: 'schedule',
  policy: 'standard',
  retryLimit: 5,
  retryDelay: 5,
  retryBackoff: true,
  // While the server is paused, no worker takes these jobs. A job older than this is dropped.
  retentionSeconds: 3_600,
  deleteAfterSeconds: 86_400,
} satisfies Queue;

/** Deletion of old records. Only one worker at a time does it, however many there are. */
export const retentionQueue = {
  name: 'retention',
  policy: 'exclusive',
  heartbeatSeconds: 15,
  // After the retries, the job of the next hour continues.
  retryLimit: 2,
  expireInSeconds: 3_600,
  deleteAfterSeconds: 86_400,
} satisfies Queue;

/** In UTC. Every hour and not every night, so that a server that runs only by day deletes too. */
const retentionCron = '17 * * * *';

const queues: Queue[] = [syncQueue, webhookQueue, contentQueue, scheduleQueue, retentionQueue];

/**
 * Creates pg-boss with its own small pool. Jobs and API requests must not wait for each other's connections.
 */
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
  boss.on('error', (error: Error) => options.logger.warn({ err: error }, 'the job queue reported an error'));
  return boss;
}

/** Puts jobs into the queues, in the transaction that stores the data of the job. */
export class JobQueue {
  readonly #boss: PgBoss;

  constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  /** Creates the queues, or updates their options. Call once after the boss has started. */
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
   * Enqueues a run. Returns the job's id, or null when a job of the integration is already waiting.
   * `accountId` groups jobs, so that an account with many sites does not delay other accounts.
   */
  async enqueueSync(tx: Transaction, job: SyncJob, accountId: number): Promise<string | null> {
    return this.#boss.send(syncQueue.name, job, {
      db: fromPrisma(tx),
      singletonKey: String(job.integrationId),
      group: { id: String(accountId) },
    });
  }

  /** Cancels a job that has not ended. */
  async cancelSync(tx: Transaction, jobId: string): Promise<void> {
    await this.#boss.cancel(syncQueue.name, jobId, { db: fromPrisma(tx) });
  }

  /** Enqueues webhook deliveries. Jobs are grouped by site, so that a busy site does not delay others. */
  async enqueueWebhooks(tx: Transaction, deliveries: { id: bigint; siteId: number }[]): Promise<void> {
    if (deliveries.length === 0) return;
    const jobs = deliveries.map(({ id, siteId }) => {
      const data: WebhookJob = { deliveryId: String(id) };
      return { data, group: { id: String(siteId) } };
    });
    await this.#boss.insert(webhookQueue.name, jobs, { db: fromPrisma(tx) });
  }

  /** Enqueues a job that reads one content, unless such a job is already waiting. */
  async enqueueContent(tx: Transaction, job: ContentJob): Promise<void> {
    await this.#boss.send(contentQueue.name, job, {
      db: fromPrisma(tx),
      singletonKey: `${job.integrationId}:${job.contentType}:${job.externalId}`,
      group: { id: String(job.integrationId) },
    });
  }

  /** Sets the schedule of an integration's automatic syncs. Null removes the schedule. */
  async scheduleSync(tx: Transaction, integrationId: number, schedule: SyncSchedule | null): Promise<void> {
    const key = String(integrationId);
    const db = fromPrisma(tx);
    if (schedule === null) return this.#boss.unschedule(scheduleQueue.name, key, { db });
    const options = { tz: schedule.timeZone, key, missed: 'once', db } as const;
    await this.#boss.schedule(scheduleQueue.name, schedule.cron, { integrationId }, options);
  }

  /** Returns the invalid part of a schedule and the reason, or null when the schedule is valid. */
  scheduleFault({ cron, timeZone }: SyncSchedule): { part: 'cron' | 'time_zone'; message: string } | null {
    if (!Intl.supportedValuesOf('timeZone').includes(timeZone) && timeZone !== 'UTC')
      return { part: 'time_zone', message: 'must be an IANA time zone such as Europe/Berlin.' };
    if (cron.trim().split(/\s+/).length !== 5)
      return { part: 'cron', message: 'must have five fields, such as "0 3 * * *".' };
    try {
      this.#boss.previewSchedule(cron, { tz: timeZone, count: 1 });
      return null;
    } catch {
      return { part: 'cron', message: 'must be a cron expression such as "0 3 * * *".' };
    }
  }

  /** Throws when the queues cannot be reached or do not exist. */
  async check(): Promise<void> {
    const queue = await this.#boss.getQueue(syncQueue.name);
    if (!queue) throw new Error('The job queues do not exist yet.');
  }
}
