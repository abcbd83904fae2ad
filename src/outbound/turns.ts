import { setImmediate } from 'node:timers/promises';

/** How long one piece of work may keep other work of the process waiting. Milliseconds. */
const LONGEST_TURN_MS = 8;

/**
 * Splits long work into turns. Between two turns the event loop serves everybody else, so that one site's
 * large answer does not hold up the other sites.
 */
export class Turns {
  #begun = performance.now();

  /** Waits for the next turn if this one has lasted long enough. */
  async pause(): Promise<void> {
    if (performance.now() - this.#begun < LONGEST_TURN_MS) return;
    await setImmediate();
    this.#begun = performance.now();
  }
}
