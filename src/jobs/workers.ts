import type { Job, PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import type { RemoteError } from '../errors.ts';
import { type JobHandlers, type JobKind, jobKinds } from './jobs.ts';

/** The interval of the check whether sites may be called. Milliseconds. */
const lookEveryMs = 1_000;
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
  handlers: JobHandlers,
  permission: Permission,
): Promise<RunningWorkers> {
  for (const kind of jobKinds) if (!kind.callsSites) await work(boss, kind, handlers);
  const callers = new CallingWorkers(boss, handlers, permission);
  await callers.start();
  return callers;
}

/** The workers whose jobs call sites. They run only while sites may be called. */
class CallingWorkers implements RunningWorkers {
  readonly #boss: PgBoss;
  readonly #permission: Permission;
  readonly #handlers: JobHandlers;
  #timer: NodeJS.Timeout | undefined;
  #works = false;
  #looks = false;
  #ended = false;

  constructor(boss: PgBoss, handlers: JobHandlers, permission: Permission) {
    this.#boss = boss;
    this.#handlers = handlers;
    this.#permission = permission;
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
    const calling = jobKinds.filter(({ callsSites }) => callsSites);
    await Promise.all(
      calling.map((kind) =>
        allowed ? work(this.#boss, kind, this.#handlers) : this.#boss.offWork(kind.name),
      ),
    );
  }
}

/** Starts workers for a queue: at most `atOnce` jobs at a time, and at most `perGroup` of one group. */
async function work(boss: PgBoss, kind: JobKind, handlers: JobHandlers): Promise<void> {
  const { name: queue, atOnce, perGroup } = kind;
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
        for (const job of jobs) await kind.handle(handlers, kind.data.parse(job.data), job);
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
