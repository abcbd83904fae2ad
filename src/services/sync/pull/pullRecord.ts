import { type Incomplete, lackingText } from '../../../platforms/incompleteList.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import { pulledEvent } from '../../events/contentEvents.ts';
import type { EventInput, EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';
import type { PageEntry } from './storePage.ts';

/** Records the events of a reading. */
export class PullRecord {
  readonly #events: EventLog;

  constructor(events: EventLog) {
    this.#events = events;
  }

  /** Reports that the site counts more items than it gave. The next run looks for them. */
  async incomplete(run: ContentRun, contentType: string, incomplete: Incomplete): Promise<void> {
    const error = `${contentType}: ${lackingText(incomplete)}`;
    await run.ledger.step(async (tx) => {
      await this.#events.record(tx, {
        ...run.owner,
        type: 'sync',
        action: 'incomplete',
        success: false,
        error,
        details: { content_type: contentType, ...incomplete, run_id: run.ledger.run.id },
      });
      return { totals: { failed: 1 }, troubles: [error] };
    });
  }

  /** Records what became of the items of a page. */
  async entries(
    tx: Parameters<EventLog['record']>[0],
    run: ContentRun,
    contentType: string,
    mode: 'all' | 'changes',
    entries: readonly PageEntry[],
  ): Promise<void> {
    const told = entries.filter(
      ({ outcome, reason }) => (outcome !== 'unchanged' && outcome !== 'outdated') || reason !== undefined,
    );
    await this.#events.recordAll(
      tx,
      told.map(
        (entry): EventInput => ({
          ...run.owner,
          type: 'content',
          contentId: entry.contentId,
          externalId: entry.externalId,
          ...pulledEvent({
            contentType,
            outcome: entry.outcome,
            reason: entry.reason,
            cause: 'run',
            isUntold: mode === 'changes',
            more: { run_id: run.ledger.run.id, modified_at: entry.modifiedAt },
          }),
        }),
      ),
    );
  }

  /** Records the faults of items. */
  faults(
    tx: Parameters<EventLog['record']>[0],
    run: ContentRun,
    contentType: string,
    faults: readonly ItemFault[],
  ): Promise<void> {
    return this.#events.recordAll(
      tx,
      faults.map(
        (fault): EventInput => ({
          ...run.owner,
          type: 'content',
          action: 'pull_failed',
          success: false,
          externalId: fault.externalId,
          error: fault.message,
          details: { content_type: contentType, code: fault.code, cause: 'run', run_id: run.ledger.run.id },
        }),
      ),
    );
  }
}

/** Describes a fault of one item for the run's `error`. */
export function troubleText(contentType: string, fault: ItemFault): string {
  return `${contentType} ${fault.externalId ?? 'without id'}: ${fault.message}`;
}
