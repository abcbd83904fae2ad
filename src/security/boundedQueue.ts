import { CallerError } from '../errors.ts';

export interface BoundedQueueOptions {
  atOnce: number;
  places: number;
  busy?: string;
}

/**
 * Limits costly work: a few pieces run at once, some more wait their turn, and the rest is refused at once. So
 * many calls cannot take the whole processor, or wait without end.
 */
export class BoundedQueue {
  readonly #atOnce: number;
  readonly #places: number;
  readonly #busy: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `places` is how many pieces of work may wait while `atOnce` run. `busy` is the message of a refusal. */
  constructor(options: BoundedQueueOptions) {
    this.#atOnce = options.atOnce;
    this.#places = options.places;
    this.#busy = options.busy ?? 'Too many callers prove who they are right now. Try again in 2 s.';
  }

  /** Whether no work runs or waits. */
  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Whether as much work runs as may run at once. */
  get isFull(): boolean {
    return this.#running >= this.#atOnce;
  }

  /** Whether work waits for its turn. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
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
    if (this.#waiting.length >= this.#places) throw busy(this.#busy);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function busy(message: string): CallerError {
  return new CallerError('unavailable', message, {
    code: 'busy',
    headers: { 'Retry-After': '2' },
  });
}
