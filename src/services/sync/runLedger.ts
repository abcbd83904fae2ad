import { z } from 'zod';
import type { Database, Transaction } from '../../database/client.ts';
import type { SyncRun } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';

/** What a run did, as `totals` on the wire. */
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

/** Where a run stands, so that whoever takes it over goes on from there. */
const checkpointShape = z.object({
  /** The structure of the site is to be read first. */
  structure: z.boolean().default(false),
  /** The run that began this reading, which may have been an earlier one, and when. */
  readingId: z.int().nullable().default(null),
  begunAt: z.string().nullable().default(null),
  termsRead: z.boolean().default(false),
  typesRead: z.array(z.string()).default([]),
  /** The type that is being read, and the platform's own mark of how far. */
  reading: z
    .object({ type: z.string(), mode: z.enum(['all', 'changes']), cursor: json.nullable(), items: z.int() })
    .nullable()
    .default(null),
  pulled: z.boolean().default(false),
  /** Of this type, contents up to this id have been tried. */
  pushing: z.object({ type: z.string(), afterId: z.int() }).nullable().default(null),
  typesPushed: z.array(z.string()).default([]),
  /** The first few things that went wrong, for the run's `error`. */
  troubles: z.array(z.string()).default([]),
});
export type Checkpoint = z.output<typeof checkpointShape>;

/** What one step of a run adds. */
export interface RunStep {
  totals?: Partial<RunTotals>;
  checkpoint?: Partial<Checkpoint>;
  /** How many items the whole run will bring, as far as is known now. */
  expected?: number | null;
  done?: number;
  /** What went wrong and spared the rest. */
  troubles?: string[];
}

const troublesKept = 5;

/** The run is not this worker's any more: cancelled, or taken over by another. */
export class RunLost extends Error {
  constructor() {
    super('The run was cancelled or taken over.');
    this.name = 'RunLost';
  }
}

/** Any checkpoint that a version of this server has stored; an empty one for null. */
export function readCheckpoint(stored: unknown): Checkpoint {
  return checkpointShape.parse(stored ?? {});
}

/**
 * What a run has done and where it stands. A step is written in the transaction of what it tells, and only while
 * the run is this worker's: its status is `syncing` and nobody has taken it over.
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

  /** Does `work` and writes the step that it returns, both or neither. Throws RunLost, and then neither is done. */
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
      // A page of large contents takes longer than Prisma's usual patience on a busy machine.
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
