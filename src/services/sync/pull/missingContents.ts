import type { Transaction } from '../../../database/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { ItemFault, TypeOfSite } from '../../../platforms/contentPart.ts';
import { lockRows } from '../../content/contentLocks.ts';
import { isOnSite } from '../../content/excluded.ts';
import { markDeletedRemote } from '../../content/merge.ts';
import { pulledEvent } from '../../events/contentEvents.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';
import { knownContents } from './knownContents.ts';
import type { PageTarget } from './page.ts';

/**
 * If a reading finds more deletions than both limits, they count as a fault of the site until a person
 * checks.
 */
const brake = { share: 0.3, items: 20 };
const askedAtOnce = 100;

interface Gone {
  externalId: string;
  /** The status in the site's own words, such as `trash`. */
  externalStatus: string;
}

interface Parts {
  events: EventLog;
  run: ContentRun;
  target: PageTarget;
}

/**
 * Handles contents that a reading did not find: asks the site about them, and stops if too many seem deleted.
 */
export class MissingContents {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * External ids of contents that this full reading did not see. `limited`: only the newest items were read.
   */
  async unseen(limited: boolean): Promise<string[]> {
    const { siteId, platform, contentType } = this.#parts.target;
    const { readingId, begunAt } = this.#parts.run;
    const rows = await this.#parts.run.db.$queryRaw<{ external_id: string }[]>`
      SELECT external_id FROM content
      WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
        AND external_id IS NOT NULL
        AND ${isOnSite} AND seen_by_reading IS DISTINCT FROM ${readingId}
        AND coalesce(last_synced_at, created_at) < ${begunAt}
        AND (NOT ${limited} OR lpad(external_id, 20, '0') > (
          SELECT min(lpad(external_id, 20, '0')) FROM content
          WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
            AND external_id IS NOT NULL AND seen_by_reading = ${readingId}))
      ORDER BY id`;
    return rows.map((row) => row.external_id);
  }

  /**
   * Asks the site about each item. Only an item that the site reports as deleted or trashed counts as gone.
   * Throws RemoteError `too_many_deleted` if more items are gone than both limits of `brake`; no content was
   * marked then.
   */
  async confirm(
    type: TypeOfSite,
    externalIds: readonly string[],
  ): Promise<{ gone: Gone[]; faults: ItemFault[] }> {
    const known = await knownContents(this.#parts.run.db, this.#parts.target).count();
    const gone: Gone[] = [];
    const faults: ItemFault[] = [];
    for (let start = 0; start < externalIds.length; start += askedAtOnce) {
      this.#parts.run.signal.throwIfAborted();
      const part = externalIds.slice(start, start + askedAtOnce);
      const answer = await this.#parts.run.session.read(type, part);
      gone.push(...answer.gone.map((externalId) => ({ externalId, externalStatus: 'deleted' })));
      for (const item of answer.items) {
        if (item.status === null)
          gone.push({ externalId: item.externalId, externalStatus: item.externalStatus });
      }
      faults.push(...answer.faults);
      const isBelieved = this.#parts.run.integration.movedAt !== null;
      if (!isBelieved && gone.length > brake.items && gone.length > known * brake.share) {
        throw new RemoteError(
          'too_many_deleted',
          `At least ${gone.length} of ${known} known items of type ${type.slug} are missing on the site. ` +
            'That is more than is plausible, so no content was marked as deleted. ' +
            'If the items were deleted on purpose, delete their contents here too.',
        );
      }
    }
    return { gone, faults };
  }

  /** Marks the contents of these items as deleted, each with an event. Returns how many were marked. */
  async mark(tx: Transaction, gone: readonly Gone[]): Promise<number> {
    const { siteId, platform, contentType } = this.#parts.target;
    const status = new Map(gone.map((each) => [each.externalId, each.externalStatus]));
    const where = { siteId, platform, contentType, externalId: { in: [...status.keys()] } };
    const ids = await tx.content.findMany({ where, select: { id: true } });
    await lockRows(
      tx,
      ids.map(({ id }) => id),
    );
    const contents = await tx.content.findMany({ where });
    let marked = 0;
    for (const content of contents) {
      const externalStatus = status.get(content.externalId ?? '') ?? 'deleted';
      const outcome = await markDeletedRemote(tx, content, { externalStatus });
      if (outcome !== 'deleted_remote') continue;
      marked += 1;
      await this.#parts.events.record(tx, {
        ...this.#parts.run.owner,
        type: 'content',
        contentId: content.id,
        externalId: content.externalId,
        ...pulledEvent({
          contentType,
          outcome,
          cause: 'run',
          isUntold: this.#parts.target.readingId === null,
          more: { external_status: externalStatus, run_id: this.#parts.run.ledger.run.id },
        }),
      });
    }
    return marked;
  }
}
