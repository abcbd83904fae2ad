/** How many runs of a process hold pages in memory at once. Runs beyond that wait with an open session. */
const heldAtOnce = 8;
/** A run whose site has not answered for this long lets another run work meanwhile. Milliseconds. */
const silentMs = 5_000;

/**
 * Bounds the memory of runs. A process carries out more runs than it has permits, because a run that waits for a
 * silent site needs hardly any memory, and must not keep others waiting. A run needs a permit only while its site
 * answers.
 */
export class WorkPermits {
  readonly #silentMs: number;
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(options: { atOnce?: number; silentMs?: number } = {}) {
    this.#free = options.atOnce ?? heldAtOnce;
    this.#silentMs = options.silentMs ?? silentMs;
  }

  /** The permit of one run. It is not held before `begin`. `signal` ends the waits for it. */
  of(signal: AbortSignal): WorkPermit {
    return new WorkPermit(this, { signal, silentMs: this.#silentMs });
  }

  /** Waits for a free permit, behind runs that wait already. Throws when `signal` aborts. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const turn = Promise.withResolvers<void>();
    const leave = () => {
      if (this.#waiting.delete(turn.resolve)) turn.reject(signal.reason);
    };
    this.#waiting.add(turn.resolve);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await turn.promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Gives a permit to the run that has waited longest, or back. */
  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

/** The permit of one run, which gives it back while its site is silent. */
export class WorkPermit {
  readonly #permits: WorkPermits;
  readonly #options: { signal: AbortSignal; silentMs: number };
  #isNeeded = false;
  #isHeld = false;
  #taking: Promise<void> | null = null;

  constructor(permits: WorkPermits, options: { signal: AbortSignal; silentMs: number }) {
    this.#permits = permits;
    this.#options = options;
  }

  /** Waits until the run may work. Throws when the run is aborted. */
  async begin(): Promise<void> {
    this.#isNeeded = true;
    await this.#take();
  }

  end(): void {
    this.#isNeeded = false;
    this.#giveBack();
  }

  /**
   * Sends a request of the run. While it is unanswered the permit is given back again and again, as the answer to
   * another request of the run may have taken it. The run has the permit again when the answer is returned.
   */
  async during<T>(request: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => this.#giveBack(), this.#options.silentMs);
    try {
      return await request();
    } finally {
      clearInterval(timer);
      if (this.#isNeeded) await this.#take();
    }
  }

  /** Two requests that end at once take one permit. */
  #take(): Promise<void> {
    if (this.#isHeld) return Promise.resolve();
    this.#taking ??= this.#permits
      .take(this.#options.signal)
      .then(() => {
        this.#isHeld = true;
        if (!this.#isNeeded) this.#giveBack();
      })
      .finally(() => {
        this.#taking = null;
      });
    return this.#taking;
  }

  #giveBack(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#permits.give();
  }
}
