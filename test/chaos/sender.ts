import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { TestSite } from '../support/builders.ts';
import { signedHeaders, webhooksPath } from '../support/webhooks.ts';
import type { Caller } from './caller.ts';
import type { Period } from './ledger.ts';
import { pause } from './rounds.ts';

/** A webhook that the server has acknowledged. */
export interface AcknowledgedWebhook {
  siteId: number;
  webhookId: string;
  period: Period;
}

const againAfterMs = 200;

/**
 * Sends the webhooks of a site in their order, each with one id until the server acknowledges it, as the
 * connector does. Every tenth is sent once more after that, as if the answer had been lost.
 */
export class Sender {
  readonly acknowledged: AcknowledgedWebhook[] = [];
  /** How many webhooks were told to be known already. */
  duplicates = 0;
  readonly #caller: Caller;
  readonly #wordpress: SimulatedWordpress;
  readonly #site: TestSite;
  #next: number;

  constructor(parts: { caller: Caller; wordpress: SimulatedWordpress; site: TestSite }) {
    this.#caller = parts.caller;
    this.#wordpress = parts.wordpress;
    this.#site = parts.site;
    this.#next = parts.wordpress.webhooks.length;
  }

  /** The number of webhooks that the site has made so far. */
  get made(): number {
    return this.#wordpress.webhooks.length;
  }

  /** The number of webhooks that need not be sent any more. */
  get done(): number {
    return this.#next;
  }

  /** Sends until the stop. */
  async run(isStopped: () => boolean): Promise<void> {
    while (!isStopped()) {
      const webhook = this.#wordpress.webhooks[this.#next];
      if (webhook === undefined) {
        await pause(20);
        continue;
      }
      const { status, period } = await this.#send(webhook);
      if (status !== 202) {
        await pause(againAfterMs);
        continue;
      }
      this.acknowledged.push({ siteId: this.#site.siteId, webhookId: webhook.id, period });
      if (this.acknowledged.length % 10 === 0) await this.#send(webhook);
      this.#next += 1;
    }
  }

  async #send({ id, topic, body }: SimulatedWordpress['webhooks'][number]) {
    const answer = await this.#caller.call('POST', `${webhooksPath}/wordpress/${topic}`, {
      text: body,
      headers: { 'X-Site-Id': String(this.#site.siteId), ...signedHeaders(this.#site.key, body, { id }) },
    });
    if (answer.body.duplicate === true) this.duplicates += 1;
    return answer;
  }
}
