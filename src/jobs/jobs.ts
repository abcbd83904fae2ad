import type { Queue } from 'pg-boss';
import { z } from 'zod';

const contentData = z.object({ integrationId: z.int(), contentType: z.string(), externalId: z.string() });
/** A content to be read from its site. */
export type ContentJob = z.output<typeof contentData>;

/** The services that carry out the jobs. */
export interface JobHandlers {
  runner: { execute(runId: number, signal: AbortSignal): Promise<void> };
  inbox: { apply(deliveryId: bigint): Promise<void> };
  contentSync: { pullAnnounced(content: ContentJob, jobId: string): Promise<void> };
  sync: { syncScheduled(integrationId: number): Promise<void> };
  retention: { removeOld(signal: AbortSignal): Promise<unknown> };
  abandonedRuns: { end(signal: AbortSignal): Promise<unknown> };
}

/** A job that a worker carries out. Its retries have the same id. */
interface ActiveJob {
  readonly id: string;
  /** Aborts when the worker has lost the job. */
  readonly signal: AbortSignal;
}

/** A kind of job: its queue, its data, how many are worked on at once, and who carries it out. */
export interface JobKind<Data extends z.ZodType = z.ZodType> {
  readonly name: string;
  /** The queue's options. The policy cannot change after a queue was created; each start updates the others. */
  readonly queue: Omit<Queue, 'name'>;
  readonly data: Data;
  /** How many jobs one process works on at once, and how many of them may belong to one group. */
  readonly atOnce: number;
  readonly perGroup: number;
  /** A job that calls a site waits in its queue while calls to sites are refused. */
  readonly callsSites: boolean;
  /** When the queue sends itself a job without data, as a cron expression in UTC. */
  readonly cron?: string;
  handle(handlers: JobHandlers, data: z.output<Data>, job: ActiveJob): Promise<unknown>;
}

/** Infers the type of a job's data from its schema. */
function jobKind<Data extends z.ZodType>(kind: JobKind<Data>): JobKind<Data> {
  return kind;
}

/**
 * A worker without a heartbeat for this long counts as dead. pg-boss allows no shorter time. The check of all
 * heartbeats (src/jobs/queues.ts) and the next poll add up to 5 s each. So another worker continues the jobs of a
 * dead worker within 25 s.
 */
const heartbeatSeconds = 10;

/** Runs of integrations. The group is the account, so that its many sites do not keep others waiting. */
export const syncJob = jobKind({
  name: 'sync',
  queue: {
    // Per integration one job runs and one may wait, so that a change during a run is not lost.
    policy: 'stately',
    // When a worker is killed, its heartbeat stops and another worker gets the job. Retries are only for
    // crashes, because an error inside a run ends the run.
    heartbeatSeconds,
    retryLimit: 20,
    retryDelay: 1,
    expireInSeconds: 6 * 3_600,
    deleteAfterSeconds: 7 * 86_400,
    notify: true,
  },
  data: z.object({ runId: z.int(), integrationId: z.int() }),
  // Most of them may wait for silent sites. WorkPermits bounds how many of them work.
  atOnce: 32,
  perGroup: 4,
  callsSites: true,
  handle: ({ runner }, { runId }, { signal }) => runner.execute(runId, signal),
});

/** Webhook deliveries. A delivery waits only for earlier ones of the same post. The inbox keeps their order. */
export const webhookJob = jobKind({
  name: 'webhook',
  queue: {
    policy: 'standard',
    heartbeatSeconds,
    // More retries than the inbox itself makes. The rest is for workers that died during a delivery.
    retryLimit: 20,
    retryDelay: 2,
    retryBackoff: true,
    retryDelayMax: 3_600,
    expireInSeconds: 300,
    deleteAfterSeconds: 86_400,
    notify: true,
  },
  data: z.object({ deliveryId: z.string().regex(/^\d+$/) }),
  atOnce: 8,
  // The group is the site. The limit keeps a busy site from blocking other sites.
  perGroup: 2,
  callsSites: false,
  handle: ({ inbox }, { deliveryId }) => inbox.apply(BigInt(deliveryId)),
});

/** Reads of single contents. Per content one job runs and one may wait, which sees changes during the first. */
export const contentJob = jobKind({
  name: 'content',
  queue: {
    policy: 'stately',
    heartbeatSeconds,
    // Retries come seconds apart at first, then hourly for three days, as long as the connector retries.
    retryLimit: 80,
    retryDelay: 5,
    retryBackoff: true,
    retryDelayMax: 3_600,
    expireInSeconds: 300,
    deleteAfterSeconds: 86_400,
    notify: true,
  },
  data: contentData,
  // A silent site keeps them for seconds only; see SlowReadings. Each notification wakes all of them.
  atOnce: 16,
  // The group is the integration.
  perGroup: 2,
  callsSites: true,
  handle: ({ contentSync }, content, { id }) => contentSync.pullAnnounced(content, id),
});

/** Integrations whose scheduled sync is due. Each job creates a run, and the run is what users see. */
export const scheduleJob = jobKind({
  name: 'schedule',
  queue: {
    policy: 'standard',
    retryLimit: 5,
    retryDelay: 5,
    retryBackoff: true,
    // While the server is paused, no worker takes these jobs. A job older than this is dropped.
    retentionSeconds: 3_600,
    deleteAfterSeconds: 86_400,
  },
  data: z.object({ integrationId: z.int() }),
  atOnce: 1,
  perGroup: 1,
  callsSites: true,
  handle: ({ sync }, { integrationId }) => sync.syncScheduled(integrationId),
});

/** Deletion of old records. Only one worker at a time does it, however many there are. */
export const retentionJob = jobKind({
  name: 'retention',
  queue: {
    policy: 'exclusive',
    heartbeatSeconds,
    // After the retries, the job of the next hour continues.
    retryLimit: 2,
    expireInSeconds: 3_600,
    deleteAfterSeconds: 86_400,
  },
  data: z.unknown(),
  atOnce: 1,
  perGroup: 1,
  callsSites: false,
  // Every hour and not every night, so that a server that runs only by day deletes too.
  cron: '17 * * * *',
  handle: ({ retention }, _, { signal }) => retention.removeOld(signal),
});

/** Ends runs whose sync job has ended without them. */
export const abandonedRunsJob = jobKind({
  name: 'abandoned-runs',
  queue: {
    policy: 'exclusive',
    heartbeatSeconds,
    // The job of the next minute continues.
    retryLimit: 0,
    expireInSeconds: 600,
    deleteAfterSeconds: 3_600,
  },
  data: z.unknown(),
  atOnce: 1,
  perGroup: 1,
  callsSites: false,
  cron: '* * * * *',
  handle: ({ abandonedRuns }, _, { signal }) => abandonedRuns.end(signal),
});

/** Every kind of job. */
export const jobKinds: readonly JobKind[] = [
  syncJob,
  webhookJob,
  contentJob,
  scheduleJob,
  retentionJob,
  abandonedRunsJob,
];
