import { RemoteError } from '../errors.ts';

/** So many failures in a row, and the site is left alone. */
const FAILURES_IN_A_ROW = 5;
/** After one failure; doubled with each further one. Milliseconds. */
const FIRST_WAIT_MS = 500;
/** A site that asks for more patience is left alone rather than waited for. Milliseconds. */
const LONGEST_WAIT_MS = 60_000;
/** Slower than this many times its usual answer, and slower than this, a site is asked for less at once. */
const SLOW = { times: 4, ms: 1_000 };

/** The site is to be left alone for a while: it failed too often in a row, or asked for a long patience. */
export class SiteResting extends RemoteError {
  /** How long the site asked to be left alone, in milliseconds; undefined where it did not say. */
  readonly restMs: number | undefined;

  constructor(last: RemoteError, restMs: number | undefined) {
    const why =
      restMs === undefined
        ? `The site failed ${FAILURES_IN_A_ROW} times in a row: `
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
  /** Requests to the site at once, at the most. */
  atOnce: number;
  /** Aborts when the work was given up. */
  signal: AbortSignal;
}

/**
 * How fast sites are asked. All that this process does with a site goes through one pace: at most `atOnce`
 * requests at once, fewer where it answers ever more slowly or with faults, none while it asks for patience.
 */
export class SitePaces {
  readonly #sites = new Map<string, PacedSite>();
  readonly #now: () => number;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;

  /** `now` gives milliseconds, of whatever origin; `wait` rejects when its signal aborts. */
  constructor(parts: { now: () => number; wait: (ms: number, signal: AbortSignal) => Promise<void> }) {
    this.#now = parts.now;
    this.#wait = parts.wait;
  }

  /** The pace of the site with this key for one piece of work. */
  open(key: string, { atOnce, signal }: PaceOptions) {
    const site = this.#sites.get(key) ?? new PacedSite();
    this.#sites.set(key, site);
    site.allow(atOnce);
    return {
      atOnce,
      signal,
      send: <T>(request: () => Promise<T>, { repeatable }: { repeatable: boolean }): Promise<T> =>
        this.#send(site, request, repeatable, signal),
    };
  }

  async #send<T>(
    site: PacedSite,
    request: () => Promise<T>,
    repeatable: boolean,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      await this.#turn(site, signal);
      const started = this.#now();
      try {
        const answer = await request();
        site.succeeded(this.#now() - started);
        return answer;
      } catch (error) {
        if (signal.aborted || !(error instanceof RemoteError)) throw error;
        if (!error.retryable) {
          // It answered, if only to refuse.
          site.answered();
          throw error;
        }
        const failures = site.failed(started, this.#now());
        const asked = error.retryAfterMs;
        if (asked !== undefined && asked > LONGEST_WAIT_MS) throw new SiteResting(error, asked);
        if (failures >= FAILURES_IN_A_ROW) {
          site.rested();
          throw new SiteResting(error, undefined);
        }
        site.hold(this.#now() + Math.max(asked ?? 0, FIRST_WAIT_MS * 2 ** (failures - 1)));
        if (!repeatable) throw error;
      } finally {
        site.leave();
      }
    }
  }

  /** Waits until the site may be asked, and takes a place. */
  async #turn(site: PacedSite, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const held = site.heldUntil - this.#now();
      if (held > 0) await this.#wait(held, signal);
      else if (site.enter()) return;
      else await site.placeFree();
    }
  }
}

/** What is known of how one site bears being asked. */
class PacedSite {
  /** Not before this moment. */
  heldUntil = Number.NEGATIVE_INFINITY;
  #most = 1;
  #limit = 1;
  #underWay = 0;
  #failures = 0;
  #lastFailureAt = Number.NEGATIVE_INFINITY;
  /** A moving average of how long it takes to answer, and the least that it was. */
  #usualMs: number | null = null;
  #bestMs = Number.POSITIVE_INFINITY;
  #waiting: (() => void)[] = [];

  allow(most: number): void {
    // A new limit is tried whole; what slowed the site down slows it again.
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
  }

  succeeded(ms: number): void {
    this.answered();
    const usual = this.#usualMs === null ? ms : this.#usualMs * 0.8 + ms * 0.2;
    this.#usualMs = usual;
    this.#bestMs = Math.min(this.#bestMs, usual);
    if (usual > SLOW.ms && usual > this.#bestMs * SLOW.times) {
      this.#limit = Math.max(1, this.#limit - 0.25);
      // What has become usual is no reason to slow down for ever.
      this.#bestMs *= 1.01;
    } else if (this.#limit < this.#most) {
      this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
    }
  }

  /** Returns how many failures in a row that makes. Those of requests that were under way together are one. */
  failed(startedAt: number, now: number): number {
    if (startedAt >= this.#lastFailureAt) this.#failures += 1;
    this.#lastFailureAt = now;
    this.#limit = Math.max(1, this.#limit / 2);
    return this.#failures;
  }

  /** It will have been left alone before it is asked again, and begins anew then. */
  rested(): void {
    this.#failures = 0;
  }
}
