import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteError } from '../errors.ts';

/**
 * Checks one part that must work before the process can serve. Throws `NotReady`, which says what is missing,
 * or any other error.
 */
export type ReadinessCheck = () => Promise<void>;

/** A readiness check failed. The message says what is missing, and is shown to the caller. */
export class NotReady extends Error {}

export interface ReadinessReport {
  isReady: boolean;
  /** `ok` or what is missing, for each check. */
  checks: Record<string, string>;
  /** Why this server may call no site; null if it may. */
  paused: string | null;
}

/** In milliseconds. A load balancer must not wait for a database that gives no answer. */
const answerWithinMs = 2_000;
/** How long a report is used for all callers. Milliseconds. */
const keptForMs = 1_000;

interface Parts {
  checks: Record<string, ReadinessCheck>;
  refusal: () => Promise<RemoteError | null>;
  now: () => number;
}

/** Tells whether the process can serve. One check serves all callers of a second. */
export class Readiness {
  readonly #parts: Parts;
  #running: Promise<ReadinessReport> | null = null;
  #kept: { report: ReadinessReport; until: number } | null = null;

  /** `refusal` is why the process may call no site. `now` is in ms, from any origin. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A report that is at most a second old. Without an answer of the database it takes two seconds. */
  report(): Promise<ReadinessReport> {
    if (this.#kept !== null && this.#parts.now() < this.#kept.until)
      return Promise.resolve(this.#kept.report);
    this.#running ??= this.#look().then((report) => {
      this.#kept = { report, until: this.#parts.now() + keptForMs };
      this.#running = null;
      return report;
    });
    return this.#running;
  }

  async #look(): Promise<ReadinessReport> {
    const results = await Promise.all(
      Object.entries(this.#parts.checks).map(async ([name, check]) => {
        const result = inTime(check).then(() => 'ok', whatIsMissing);
        return [name, await result] as const;
      }),
    );
    const isReady = results.every(([, result]) => result === 'ok');
    // The reason is in the database too.
    const refusal = isReady ? await inTime(this.#parts.refusal).catch(() => null) : null;
    return { isReady, checks: Object.fromEntries(results), paused: refusal?.message ?? null };
  }
}

/** The result of `ask`. Throws NotReady when it takes too long. */
async function inTime<T>(ask: () => Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = sleep(answerWithinMs, undefined, { signal: answered.signal }).then(() => {
    throw new NotReady(`gave no answer within ${answerWithinMs / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([ask(), late]);
  } finally {
    answered.abort();
  }
}

/**
 * The text of a `NotReady`, which names no address and no secret. Another error may, so its text is not
 * shown.
 */
function whatIsMissing(error: unknown): string {
  return error instanceof NotReady ? error.message : 'cannot be reached';
}
