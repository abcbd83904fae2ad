import type { Transaction } from '../../../database/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { ItemFault, TypeOfSite } from '../../../platforms/contentPart.ts';
import { lockRows } from '../../content/contentLocks.ts';
import { markDeletedRemote } from '../../content/merge.ts';
import { pulledEvent } from '../../events/contentEvents.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';
import { knownContents } from './knownContents.ts';
import type { PageTarget } from './page.ts';

/** More deletions than both of these in one reading are taken for a fault of the site, until a person looks. */
const brake = { share: 0.3, items: 20 };
const askedAtOnce = 100;

interface Gone {
  externalId: string;
  /** The site's word for it, such as `trash`. */
  externalStatus: string;
}

interface Parts {
  events: EventLog;
  run: ContentRun;
  target: PageTarget;
}

/** Contents that a reading did not find: what has become of them, and the brake on believing too much of it. */
export class MissingContents {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Ids that are known and that this reading of everything did not see. `limited`: it read the newest only. */
  async unseen(limited: boolean): Promise<string[]> {
    const { siteId, platform, contentType } = this.#parts.target;
    const { readingId, begunAt } = this.#parts.run;
    const rows = await this.#parts.run.db.$queryRaw<{ external_id: string }[]>`
      SELECT external_id FROM content
      WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
        AND external_id IS NOT NULL
        AND sync_state <> 'deleted_remote' AND seen_by_reading IS DISTINCT FROM ${readingId}
        AND coalesce(last_synced_at, created_at) < ${begunAt}
        AND (NOT ${limited} OR lpad(external_id, 20, '0') > (
          SELECT min(lpad(external_id, 20, '0')) FROM content
          WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
            AND external_id IS NOT NULL AND seen_by_reading = ${readingId}))
      ORDER BY id`;
    return rows.map((row) => row.external_id);
  }

  /**
   * Asks the site for each: only what it says is gone, or in its trash, is. Throws RemoteError `too_many_deleted`
   * when that is more than can be believed, and nothing has been marked then.
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
          `The site lacks at least ${gone.length} of ${known} known items of type ${type.slug}, more than ` +
            'is believed at once; none was marked as deleted. If they were deleted on purpose, remove them here too.',
        );
      }
    }
    return { gone, faults };
  }

  /** Marks them, each with its event, and returns how many there were. */
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
