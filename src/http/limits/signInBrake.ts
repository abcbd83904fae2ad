import type { Logger } from 'pino';
import { CallerError } from '../../errors.ts';
import { CallerQueues } from './callerQueues.ts';
import type { Counters } from './counters.ts';
import { FailureBrake } from './failureBrake.ts';
import { Tally } from './tally.ts';

const minute = 60_000;
const windowMs = 10 * minute;
/** Failures of one address for one e-mail. */
const pairLimit = 20;
/** The same, while many addresses together guess the password of that e-mail. */
const pairLimitUnderAttack = 5;
/** Failures of one address, or for one e-mail. */
const widerLimit = 100;
/** How long a sign-in makes its address known for its e-mail. Timers of Node reach 24 days. */
const knownForMs = 20 * 24 * 60 * minute;

/**
 * Slows down guessing of passwords. The limits count by address and e-mail together, by address, and by
 * e-mail. An address may always try a few passwords for an e-mail, whatever others do, so nobody can lock out
 * a user from another address. A right password does not pass a brake: otherwise the brake would only hide the
 * wrong guesses.
 */
export class SignInBrake {
  readonly #pairs: FailureBrake;
  readonly #addresses: FailureBrake;
  readonly #emails: FailureBrake;
  readonly #known: Tally;
  readonly #queues = new CallerQueues({ atOnce: 2, places: 60 });

  constructor(counters: Counters, logger: Logger) {
    const brake = (name: string, limit: number) =>
      new FailureBrake(counters.store(`brake:sign-in:${name}:`), { limit, windowMs }, logger);
    this.#pairs = brake('pair', pairLimit);
    this.#addresses = brake('address', widerLimit);
    this.#emails = brake('email', widerLimit);
    this.#known = new Tally(counters.store('sign-in:known:'), knownForMs, logger);
  }

  /**
   * Runs `signIn` and counts its failures. Throws 429 after too many failures, and 503 with Retry-After while
   * too many calls of the address wait.
   */
  async run<T>(address: string, emailAsWritten: string, signIn: () => Promise<T>): Promise<T> {
    const email = emailAsWritten.trim().toLowerCase();
    const pair = `${address}:${email}`;
    await this.#check(address, email, pair);
    return this.#queues.run(address, async () => {
      // The calls before this one in the queue may have failed.
      await this.#check(address, email, pair);
      try {
        const result = await signIn();
        await this.#known.add(pair);
        return result;
      } catch (error) {
        if (error instanceof CallerError && error.kind === 'unauthenticated')
          await Promise.all([
            this.#pairs.failed(pair),
            this.#addresses.failed(address),
            this.#emails.failed(email),
          ]);
        throw error;
      }
    });
  }

  async #check(address: string, email: string, pair: string): Promise<void> {
    // A colleague behind the same address must not lock out a user who signs in there.
    const isKnown = (await this.#known.count(pair)).hits > 0;
    const isUnderAttack = !isKnown && (await this.#emails.isOver(email));
    await this.#pairs.check(pair, isUnderAttack ? pairLimitUnderAttack : pairLimit);
    if (!isKnown) await this.#addresses.check(address);
  }
}
