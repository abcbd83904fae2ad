import { fromPrisma, PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Transaction } from '../database/client.ts';
import type { DatabaseProbe } from '../database/probe.ts';
import { type ContentJob, contentJob, jobKinds, scheduleJob, syncJob, webhookJob } from './jobs.ts';

/** The schedule of an integration's automatic syncs. */
interface SyncSchedule {
  /** A cron expression of five fields. */
  cron: string;
  /** An IANA name such as `Europe/Berlin`. */
  timeZone: string;
}

/** How often one of the workers looks for the jobs of dead workers. Seconds. */
const superviseS = 5;

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
    superviseIntervalSeconds: superviseS,
    monitorIntervalSeconds: superviseS,
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
    for (const { name, queue, cron } of jobKinds) {
      const known = await this.#boss.getQueue(name);
      if (!known) await this.#boss.createQueue(name, queue);
      const { policy: _fixed, ...options } = queue;
      await this.#boss.updateQueue(name, options);
      if (cron !== undefined) await this.#boss.schedule(name, cron);
    }
  }

  /**
   * Enqueues a run. Returns the job's id, or null when a job of the integration is already waiting.
   * `accountId` groups jobs, so that an account with many sites does not delay other accounts.
   */
  async enqueueSync(
    tx: Transaction,
    job: z.output<typeof syncJob.data>,
    accountId: number,
  ): Promise<string | null> {
    return this.#boss.send(syncJob.name, job, {
      db: fromPrisma(tx),
      singletonKey: String(job.integrationId),
      group: { id: String(accountId) },
    });
  }

  /** Cancels a job that has not ended. */
  async cancelSync(tx: Transaction, jobId: string): Promise<void> {
    await this.#boss.cancel(syncJob.name, jobId, { db: fromPrisma(tx) });
  }

  /**
   * Returns those of these sync jobs that wait, run or will be retried. The states are in the order of a job's
   * life: https://pgboss.dev/docs/api/jobs
   */
  async openSyncJobs(tx: Transaction, jobIds: readonly string[]): Promise<Set<string>> {
    const open = await tx.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM pgboss.job
      WHERE name = ${syncJob.name} AND id = ANY(${[...jobIds]}::uuid[]) AND state IN ('created', 'retry', 'active')`;
    return new Set(open.map(({ id }) => id));
  }

  /** Enqueues webhook deliveries. Jobs are grouped by site, so that a busy site does not delay others. */
  async enqueueWebhooks(tx: Transaction, deliveries: { id: bigint; siteId: number }[]): Promise<void> {
    if (deliveries.length === 0) return;
    const jobs = deliveries.map(({ id, siteId }) => {
      const data: z.output<typeof webhookJob.data> = { deliveryId: String(id) };
      return { data, group: { id: String(siteId) } };
    });
    await this.#boss.insert(webhookJob.name, jobs, { db: fromPrisma(tx) });
  }

  /** Enqueues a job that reads one content, unless such a job is already waiting. */
  async enqueueContent(tx: Transaction, job: ContentJob): Promise<void> {
    await this.#boss.send(contentJob.name, job, {
      db: fromPrisma(tx),
      singletonKey: `${job.integrationId}:${job.contentType}:${job.externalId}`,
      group: { id: String(job.integrationId) },
    });
  }

  /** Sets the schedule of an integration's automatic syncs. Null removes the schedule. */
  async scheduleSync(tx: Transaction, integrationId: number, schedule: SyncSchedule | null): Promise<void> {
    const key = String(integrationId);
    const db = fromPrisma(tx);
    if (schedule === null) return this.#boss.unschedule(scheduleJob.name, key, { db });
    const options = { tz: schedule.timeZone, key, missed: 'once', db } as const;
    await this.#boss.schedule(scheduleJob.name, schedule.cron, { integrationId }, options);
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

  /** Throws when the queues cannot be reached through `db` or do not exist. */
  async check(db: DatabaseProbe): Promise<void> {
    const { rows } = await db.query('SELECT 1 FROM pgboss.queue WHERE name = $1', [syncJob.name]);
    if (rows.length === 0) throw new Error('The job queues do not exist yet.');
  }
}
