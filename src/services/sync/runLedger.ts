import { z } from 'zod';
import type { Database, Transaction } from '../../database/client.ts';
import type { SyncRun } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import { unreadNote } from './pull/unreadNotes.ts';

/** What a run did. Responses contain it as `totals`. */
export const runTotals = z.object({
  pulled: z.int().default(0),
  created: z.int().default(0),
  updated: z.int().default(0),
  unchanged: z.int().default(0),
  deleted: z.int().default(0),
  pushed: z.int().default(0),
  conflicts: z.int().default(0),
  failed: z.int().default(0),
});
export type RunTotals = z.output<typeof runTotals>;

const json: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** The progress of a run. A worker that takes over the run continues from there. */
const checkpointShape = z.object({
  /** The run must read the structure of the site first. */
  structure: z.boolean().default(false),
  /** The run that began this reading; it may be an earlier run. */
  readingId: z.int().nullable().default(null),
  /** When the reading began. */
  begunAt: z.string().nullable().default(null),
  termsRead: z.boolean().default(false),
  typesRead: z.array(z.string()).default([]),
  /** The type that is being read. `cursor` comes from the platform and tells how far the reading is. */
  reading: z
    .object({
      type: z.string(),
      mode: z.enum(['all', 'changes']),
      cursor: json.nullable(),
      items: z.int(),
      unread: z.array(unreadNote).default([]),
    })
    .nullable()
    .default(null),
  /** How many requests the run has used to compare items. */
  compared: z.int().default(0),
  /** The type whose links are being read. Those up to the id `after` were stored. */
  links: z
    .object({ type: z.string(), after: z.string(), changed: z.int(), begunAt: z.string() })
    .nullable()
    .default(null),
  pulled: z.boolean().default(false),
  /** The type that is being pushed. Its contents up to the id `afterId` were tried. */
  pushing: z.object({ type: z.string(), afterId: z.int() }).nullable().default(null),
  typesPushed: z.array(z.string()).default([]),
  /** What is wrong with the connection, although the run works (`ContentSession.problem`). */
  connectionProblem: z.object({ code: z.string(), message: z.string() }).nullable().default(null),
  /** What disturbs the answers of the site although they can be read (`ContentSession.finding`). */
  finding: z.object({ code: z.string(), message: z.string() }).nullable().default(null),
  /** The first few faults, for the run's `error`. */
  troubles: z.array(z.string()).default([]),
});
export type Checkpoint = z.output<typeof checkpointShape>;

/** What one step adds to its run. */
export interface RunStep {
  totals?: Partial<RunTotals>;
  checkpoint?: Partial<Checkpoint>;
  /** How many items the whole run is expected to handle, as far as is known now. */
  expected?: number | null;
  done?: number;
  /** Faults that did not stop the run. */
  troubles?: string[];
}

const troublesKept = 5;

/** The run is no longer this worker's: it was cancelled, or another worker took it over. */
export class RunLost extends Error {
  constructor() {
    super('The run was cancelled or taken over.');
    this.name = 'RunLost';
  }
}

/** Reads a checkpoint that any version of this server has stored. null gives an empty checkpoint. */
export function readCheckpoint(stored: unknown): Checkpoint {
  return checkpointShape.parse(stored ?? {});
}

/**
 * Stores the totals and the checkpoint of a run. A step is written in the same transaction as its changes,
 * and only while the run is this worker's: its status is `syncing` and no other worker has taken it over.
 */
export class RunLedger {
  readonly run: SyncRun;
  readonly #db: Database;
  readonly #now: () => number;
  #totals: RunTotals;
  #checkpoint: Checkpoint;
  #done: number;
  #expected: number | null;

  constructor(db: Database, run: SyncRun, now: () => number) {
    this.#db = db;
    this.run = run;
    this.#now = now;
    this.#totals = runTotals.parse(run.totals);
    this.#checkpoint = readCheckpoint(run.checkpoint);
    this.#done = run.progressDone;
    this.#expected = run.progressExpected;
  }

  get totals(): Readonly<RunTotals> {
    return this.#totals;
  }

  get checkpoint(): Readonly<Checkpoint> {
    return this.#checkpoint;
  }

  get done(): number {
    return this.#done;
  }

  /**
   * Proves that the run is still this worker's, and renews its heartbeat. Call it immediately before each write to
   * the site. Throws RunLost.
   */
  async mustBeOurs(): Promise<void> {
    const { count } = await this.#db.syncRun.updateMany({
      where: { id: this.run.id, status: 'syncing', attempt: this.run.attempt },
      data: { heartbeatAt: new Date(this.#now()) },
    });
    if (count === 0) throw new RunLost();
  }

  /**
   * Runs `work` and writes the step that it returns, in one transaction. Throws RunLost and rolls back both.
   */
  async step(work: (tx: Transaction) => Promise<RunStep>): Promise<void> {
    const next = await this.#db.$transaction(
      async (tx) => {
        const step = await work(tx);
        const state = this.#after(step);
        const { count } = await tx.syncRun.updateMany({
          where: { id: this.run.id, status: 'syncing', attempt: this.run.attempt },
          data: {
            totals: { ...state.totals },
            checkpoint: state.checkpoint,
            progressDone: state.done,
            progressExpected: state.expected,
            heartbeatAt: new Date(this.#now()),
          },
        });
        if (count === 0) throw new RunLost();
        return state;
      },
      // On a busy machine, a page of large contents takes longer than the usual transaction timeouts.
      { timeout: 60_000, maxWait: 15_000 },
    );
    this.#totals = next.totals;
    this.#checkpoint = next.checkpoint;
    this.#done = next.done;
    this.#expected = next.expected;
  }

  #after(step: RunStep) {
    const totals = { ...this.#totals };
    for (const name of Object.keys(runTotals.shape) as (keyof RunTotals)[]) {
      totals[name] += step.totals?.[name] ?? 0;
    }
    const troubles = [...this.#checkpoint.troubles, ...(step.troubles ?? [])].slice(0, troublesKept);
    const done = this.#done + (step.done ?? 0);
    const expected = step.expected === undefined ? this.#expected : step.expected;
    return {
      totals,
      checkpoint: { ...this.#checkpoint, ...step.checkpoint, troubles },
      done,
      expected: expected === null ? null : Math.max(expected, done),
    };
  }
}
