import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import type { EventAction } from '../../events/eventActions.ts';
import type { EventInput, EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';
import type { RunStep } from '../runLedger.ts';

/** The results of a batch of writes, collected for one step of the run. */
export class PushBatch {
  readonly tx: Transaction;
  readonly run: ContentRun;
  readonly totals = { pushed: 0, created: 0, updated: 0, conflicts: 0, deleted: 0 };
  readonly #faults: { content: Content; fault: ItemFault }[] = [];
  readonly #events: EventInput[] = [];

  /** `tx` is the transaction of the step. */
  constructor(tx: Transaction, run: ContentRun) {
    this.tx = tx;
    this.run = run;
  }

  /** Adds an event about a content. */
  record(
    content: Content,
    event: { action: EventAction<'content'> } & Pick<
      EventInput,
      'success' | 'error' | 'externalId' | 'details'
    >,
  ): void {
    this.#events.push({
      ...this.run.owner,
      type: 'content',
      contentId: content.id,
      externalId: content.externalId,
      ...event,
      error: event.error ?? null,
      details: { content_type: content.contentType, run_id: this.run.ledger.run.id, ...event.details },
    });
  }

  /** Adds a fault of a content with its event. `details` are added to the code of the fault. */
  fault(
    content: Content,
    fault: ItemFault,
    event: { action: EventAction<'content'> } & Pick<EventInput, 'externalId' | 'details'>,
  ): void {
    this.#faults.push({ content, fault });
    this.record(content, { success: false, error: fault.message, ...event });
  }

  /** Adds the fault of a content that was not pushed. */
  fail(content: Content, fault: ItemFault): void {
    this.fault(content, fault, { action: 'push_failed', details: { code: fault.code } });
  }

  /** Writes the events in the transaction of the changes. Returns the step for the ledger. */
  async finish(events: EventLog): Promise<RunStep> {
    await events.recordAll(this.tx, this.#events);
    const { pushed, conflicts, deleted } = this.totals;
    return {
      totals: { ...this.totals, failed: this.#faults.length },
      done: pushed + conflicts + deleted,
      troubles: this.#faults.map(
        ({ content, fault }) => `${content.contentType} content ${content.id}: ${fault.message}`,
      ),
    };
  }
}
