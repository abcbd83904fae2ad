import { CallerError } from '../errors.ts';

/**
 * Limits costly work: a few pieces run at once, some more wait their turn, and the rest is refused at once. So
 * many calls cannot take the whole processor, or wait without end.
 */
export class BoundedQueue {
  readonly #atOnce: number;
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `places` is how many pieces of work may wait while `atOnce` run. */
  constructor(options: { atOnce: number; places: number }) {
    this.#atOnce = options.atOnce;
    this.#places = options.places;
  }

  /** Whether no work runs or waits. */
  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Runs `work` when its turn comes, and returns its result. Throws 503 with Retry-After without a place. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      // The next work takes over this one's share, so the number of running works stays the same.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#places) throw busy();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function busy(): CallerError {
  return new CallerError('unavailable', 'Too many callers prove who they are right now. Try again in 2 s.', {
    code: 'busy',
    headers: { 'Retry-After': '2' },
  });
}
