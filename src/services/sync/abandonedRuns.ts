import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import type { SyncRun } from '../../database/generated/client.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { EventLog } from '../events/eventLog.ts';
import { endRun } from './runEnd.ts';

/** A run with a younger heartbeat has a worker, whatever has become of its own job. Milliseconds. */
const silentForMs = 60_000;
const pageSize = 500;

const message =
  'The job of the run ended before the run did: its worker died too often, or the result could not be stored. ' +
  'Start a sync again; it continues where the run stopped.';

interface Parts {
  db: Database;
  queue: JobQueue;
  events: EventLog;
  logger: Logger;
  now: () => number;
}

/**
 * Ends runs that no job carries any more. Without that, such a run would stay `queued` or `syncing` for ever,
 * and new requests would be added to it.
 */
export class AbandonedRuns {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Returns how many runs were ended. `signal` stops the work between two runs. */
  async end(signal: AbortSignal): Promise<number> {
    const { db, queue } = this.#parts;
    const since = new Date(this.#parts.now() - silentForMs);
    let ended = 0;
    for (let after = 0; ; ) {
      const silent = await db.syncRun.findMany({
        where: {
          id: { gt: after },
          status: { in: ['queued', 'syncing'] },
          createdAt: { lt: since },
          OR: [{ heartbeatAt: null }, { heartbeatAt: { lt: since } }],
        },
        orderBy: { id: 'asc' },
        take: pageSize,
      });
      const last = silent.at(-1);
      if (last === undefined) return ended;
      after = last.id;
      const carried = await queue.openSyncJobs(
        db,
        silent.flatMap(({ jobId }) => jobId ?? []),
      );
      for (const run of silent) {
        if (signal.aborted) return ended;
        if (run.jobId === null || !carried.has(run.jobId)) ended += (await this.#endOne(run)) ? 1 : 0;
      }
    }
  }

  #endOne(run: SyncRun): Promise<boolean> {
    const end = { status: 'failed', finishedAt: new Date(this.#parts.now()), error: message } as const;
    this.#parts.logger.warn({ run_id: run.id }, 'a run has no job any more and is ended');
    return this.#parts.db.$transaction((tx) => endRun(tx, this.#parts.events, run, end));
  }
}
