import type { Database } from '../../database/client.ts';

/** How often the database is asked which runs have ended. Milliseconds. */
const lookEveryMs = 100;

interface Parts {
  db: Database;
  wait: (ms: number) => Promise<void>;
}

interface Waiter {
  runId: number;
  end: () => void;
  fail: (error: unknown) => void;
}

/** Lets calls wait for the end of runs. One query looks for the runs of all calls. */
export class RunWaits {
  readonly #parts: Parts;
  readonly #waiters = new Set<Waiter>();
  #isLooking = false;
  #isOver = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the run has ended or is gone, `ms` milliseconds have passed, or `endAll` is called. Rejects
   * when the database cannot be asked.
   */
  async untilEnd(runId: number, ms: number): Promise<void> {
    if (this.#isOver || ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        runId,
        end: () => leave(resolve),
        fail: (error) => leave(() => reject(error)),
      };
      const timer = setTimeout(() => waiter.end(), ms);
      const leave = (answer: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        answer();
      };
      this.#waiters.add(waiter);
      void this.#look();
    });
  }

  /** Ends all waits, and lets nobody wait from now on. The process is about to stop. */
  endAll(): void {
    this.#isOver = true;
    for (const waiter of [...this.#waiters]) waiter.end();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#waiters.size > 0) {
      // The callers of this moment. A later one may wait for a run that this query does not name.
      const waiters = [...this.#waiters];
      try {
        const active = await this.#activeOf(waiters.map(({ runId }) => runId));
        for (const waiter of waiters) if (!active.has(waiter.runId)) waiter.end();
      } catch (error) {
        for (const waiter of waiters) waiter.fail(error);
      }
      await this.#parts.wait(lookEveryMs);
    }
    this.#isLooking = false;
  }

  async #activeOf(runIds: number[]): Promise<Set<number>> {
    const rows = await this.#parts.db.$queryRaw<{ id: number }[]>`
      SELECT id FROM sync_run WHERE id = ANY(${runIds}) AND status IN ('queued', 'syncing')`;
    return new Set(rows.map(({ id }) => id));
  }
}
