import type { Logger } from 'pino';
import { CallerQueues } from './callerQueues.ts';
import type { Counters } from './counters.ts';
import { FailureBrake } from './failureBrake.ts';

const windowMs = 60_000;
/** Failures of one address for one subject. */
const pairLimit = 20;
/** Failures of one address for all subjects. */
const addressLimit = 200;

/**
 * Slows down callers that prove themselves with keys and signatures. Nobody guesses 256 random bits, so a
 * right proof always passes, whatever others behind the same address do. Only the cost of wrong proofs needs a
 * limit: an address over its limit proves in a queue of its own.
 */
export class ProofBrake {
  readonly #pairs: FailureBrake;
  readonly #addresses: FailureBrake;
  readonly #queues = new CallerQueues({ atOnce: 2, places: 50 });

  constructor(counters: Counters, logger: Logger) {
    const brake = (name: string, limit: number) =>
      new FailureBrake(counters.store(`brake:proof:${name}:`), { limit, windowMs }, logger);
    this.#pairs = brake('pair', pairLimit);
    this.#addresses = brake('address', addressLimit);
  }

  /**
   * Returns the result of `proof`, which is null for a wrong proof. `subject` is what the caller claims to be,
   * such as a site. Instead of null it throws 429 after too many wrong proofs, and it throws 503 with
   * Retry-After while too many proofs of a braked address wait.
   */
  async prove<T>(address: string, subject: string, proof: () => Promise<T | null>): Promise<T | null> {
    const pair = `${subject}:${address}`;
    const isOver = await Promise.all([this.#pairs.isOver(pair), this.#addresses.isOver(address)]);
    const proven = isOver.includes(true) ? await this.#queues.run(address, proof) : await proof();
    if (proven !== null) return proven;
    await this.#pairs.check(pair);
    await this.#addresses.check(address);
    await Promise.all([this.#pairs.failed(pair), this.#addresses.failed(address)]);
    return null;
  }
}
