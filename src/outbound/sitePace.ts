import { RemoteError } from '../errors.ts';
import { isOverload } from './overload.ts';

/** After this number of failures in a row the site is left alone. */
const FAILURES_IN_A_ROW = 5;
/** This many failures at most count that may come from requests that asked for too much. */
const MOST_OVERLOADS = 2;
/** The same for a site that has answered nothing since the work began, and lets each request time out. */
const SILENCES_IN_A_ROW = 2;
/** The wait after the first failure. It doubles with each further failure. Milliseconds. */
const FIRST_WAIT_MS = 500;
/** When a site asks for a longer wait, the work stops and the site is left alone. Milliseconds. */
const LONGEST_WAIT_MS = 60_000;
/** A site is slow above `ms` and above `times` its best time. It then gets fewer requests at once. */
const SLOW = { times: 4, ms: 1_000 };

/** The site must be left alone for a while: it failed too often in a row, or asked for a long wait. */
export class SiteResting extends RemoteError {
  /** How long the site asked to be left alone, in milliseconds. Undefined when the site did not say. */
  readonly restMs: number | undefined;

  /** `failures`: how often the site failed in a row. */
  constructor(last: RemoteError, restMs: number | undefined, failures: number) {
    const why =
      restMs === undefined
        ? `The site failed ${failures} times in a row: `
        : 'The site asks to be left alone for a while: ';
    super(last.code, why + last.message, {
      cause: last,
      ...(last.detail === undefined ? {} : { detail: last.detail }),
    });
    this.name = 'SiteResting';
    this.restMs = restMs;
  }
}

interface PaceOptions {
  /** The largest number of requests to the site at once. */
  atOnce: number;
  /** Aborts when the work is cancelled. */
  signal: AbortSignal;
  /** Called immediately before each write. Throws if the work may not write, or no longer. */
  beforeWrite: () => Promise<void>;
}

interface SendOptions {
  /** May the request be sent again after a failure that passes? */
  repeatable: boolean;
  writes: boolean;
  /**
   * Can the caller ask for less? Then a failure that may come from too much work is thrown at once. It counts as a
   * failure of the site only if the next request fails too.
   */
  divisible?: boolean | undefined;
}

interface Parts {
  now: () => number;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Limits how fast this process sends requests to sites. All its requests to a site share one pace: at most
 * `atOnce` requests at once, fewer when the site becomes slow or fails, none while the site asks to wait.
 */
export class SitePaces {
  readonly #parts: Parts;
  readonly #sites = new Map<string, PacedSite>();

  /** `now` returns milliseconds since any fixed moment. `wait` rejects when its signal aborts. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Returns the pace of the site with this key, for one piece of work. */
  open(key: string, { atOnce, signal, beforeWrite }: PaceOptions) {
    const site = this.#sites.get(key) ?? new PacedSite();
    this.#sites.set(key, site);
    site.allow(atOnce);
    const work = { hasAnswer: false };
    return {
      atOnce,
      signal,
      beforeWrite,
      send: <T>(
        request: () => Promise<T>,
        { repeatable, writes, divisible = false }: SendOptions,
      ): Promise<T> => {
        const attempt = writes ? () => beforeWrite().then(request) : request;
        return this.#send(site, attempt, { repeatable, divisible, signal, work });
      },
    };
  }

  async #send<T>(
    site: PacedSite,
    request: () => Promise<T>,
    {
      repeatable,
      divisible,
      signal,
      work,
    }: { repeatable: boolean; divisible: boolean; signal: AbortSignal; work: { hasAnswer: boolean } },
  ): Promise<T> {
    for (;;) {
      await this.#turn(site, signal);
      const started = this.#parts.now();
      try {
        const answer = await request();
        work.hasAnswer = true;
        site.succeeded(this.#parts.now() - started);
        return answer;
      } catch (error) {
        if (signal.aborted || !(error instanceof RemoteError)) throw error;
        if (!error.retryable) {
          // The site answered, although with a refusal. So its failures in a row end here.
          work.hasAnswer = true;
          site.answered();
          throw error;
        }
        if (divisible && isOverload(error)) {
          site.overloaded(started, this.#parts.now());
          throw error;
        }
        this.#failed(site, error, { started, work });
        if (!repeatable) throw error;
      } finally {
        site.leave();
      }
    }
  }

  /** Holds back the next request after a failure. Throws SiteResting if the site failed too often. */
  #failed(
    site: PacedSite,
    error: RemoteError,
    { started, work }: { started: number; work: { hasAnswer: boolean } },
  ): void {
    const failures = site.failed(started, this.#parts.now());
    if (!isTimeout(error)) work.hasAnswer = true;
    const resting = restAfter(error, failures, work.hasAnswer);
    if (resting !== null) {
      if (resting.restMs === undefined) site.rested();
      throw resting;
    }
    site.hold(this.#parts.now() + Math.max(error.retryAfterMs ?? 0, FIRST_WAIT_MS * 2 ** (failures - 1)));
  }

  /** Waits until a request to the site may be sent, and takes one of its places. */
  async #turn(site: PacedSite, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const held = site.heldUntil - this.#parts.now();
      if (held > 0) await this.#parts.wait(held, signal);
      else if (site.enter()) return;
      else await site.placeFree();
    }
  }
}

/** Returns the error that ends the work after so many failures in a row; null if it goes on. */
function restAfter(last: RemoteError, failures: number, hasAnswer: boolean): SiteResting | null {
  const asked = last.retryAfterMs;
  if (asked !== undefined && asked > LONGEST_WAIT_MS) return new SiteResting(last, asked, failures);
  const most = hasAnswer ? FAILURES_IN_A_ROW : SILENCES_IN_A_ROW;
  return failures >= most ? new SiteResting(last, undefined, failures) : null;
}

/** Did the site neither answer nor refuse the connection? */
function isTimeout({ code, detail }: RemoteError): boolean {
  return code === 'timeout' || (code === 'unreachable' && detail === 'timeout');
}

/** The state of one site: its limit, its failures and its response times. */
class PacedSite {
  /** No request is sent before this moment. */
  heldUntil = Number.NEGATIVE_INFINITY;
  #most = 1;
  #limit = 1;
  #underWay = 0;
  #failures = 0;
  /** Failures that may come from requests that asked for too much. */
  #overloads = 0;
  #lastFailureAt = Number.NEGATIVE_INFINITY;
  /** A moving average of the response time, and the smallest value of that average. Milliseconds. */
  #usualMs: number | null = null;
  #bestMs = Number.POSITIVE_INFINITY;
  #waiting: (() => void)[] = [];

  allow(most: number): void {
    // A new limit is used in full at once. If it is too much for the site, the limit shrinks again.
    if (most !== this.#most) this.#limit = most;
    this.#most = most;
  }

  enter(): boolean {
    if (this.#underWay >= Math.max(1, Math.floor(this.#limit))) return false;
    this.#underWay += 1;
    return true;
  }

  leave(): void {
    this.#underWay -= 1;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  placeFree(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  hold(until: number): void {
    this.heldUntil = Math.max(this.heldUntil, until);
  }

  answered(): void {
    this.#failures = 0;
    this.#overloads = 0;
  }

  succeeded(ms: number): void {
    this.answered();
    const usual = this.#usualMs === null ? ms : this.#usualMs * 0.8 + ms * 0.2;
    this.#usualMs = usual;
    this.#bestMs = Math.min(this.#bestMs, usual);
    if (usual > SLOW.ms && usual > this.#bestMs * SLOW.times) {
      this.#limit = Math.max(1, this.#limit - 0.25);
      // The best time grows a little, so that a site that stays slow is not held back for ever.
      this.#bestMs *= 1.01;
    } else if (this.#limit < this.#most) {
      this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
    }
  }

  /** Returns the number of failures in a row. Failures of requests that ran at the same time count once. */
  failed(startedAt: number, now: number): number {
    if (startedAt >= this.#lastFailureAt) this.#failures += 1 + Math.min(this.#overloads, MOST_OVERLOADS);
    this.#overloads = 0;
    this.#slowDown(now);
    return this.#failures;
  }

  /** A request that may have asked for too much failed. Only a failure of the next request shows that the site is down. */
  overloaded(startedAt: number, now: number): void {
    if (startedAt >= this.#lastFailureAt) this.#overloads += 1;
    this.#slowDown(now);
  }

  #slowDown(now: number): void {
    this.#lastFailureAt = now;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  /** Resets the failures, because the site is left alone before the next request. */
  rested(): void {
    this.answered();
  }
}
