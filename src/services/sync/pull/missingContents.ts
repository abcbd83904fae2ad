import type { Transaction } from '../../../database/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { TypeOfSite } from '../../../platforms/contentPart.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import { isOnSite } from '../../content/excluded.ts';
import { pulledEvent } from '../../events/contentEvents.ts';
import type { EventInput, EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';
import { forgetFailing } from './failingItems.ts';
import { knownContents } from './knownContents.ts';
import type { PageTarget } from './page.ts';

/**
 * If a reading finds more deletions than both limits, they count as a fault of the site until a person
 * checks.
 */
const brake = { share: 0.3, items: 20 };
const askedAtOnce = 100;
/** How many contents one statement and one step of the run mark. */
const markedAtOnce = 500;

interface Gone {
  externalId: string;
  /** The status in the site's own words, such as `trash`. */
  externalStatus: string;
}

/** What the site answered about contents that a reading did not find. */
export interface Confirmed {
  gone: Gone[];
  faults: ItemFault[];
  /** When the first of them was asked for. What was stored since then is newer than the answers. */
  askedAt: Date;
}

interface Parts {
  events: EventLog;
  run: ContentRun;
  target: PageTarget;
  now: () => number;
}

/**
 * Handles contents that a reading did not find: asks the site about them, and stops if too many seem deleted.
 * Only ids are held in memory, and every statement handles a bounded number of contents.
 */
export class MissingContents {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * External ids of contents that this full reading did not see, in parts. `limited`: only the newest items
   * were read.
   */
  async *unseen(limited: boolean): AsyncGenerator<string[]> {
    const { siteId, platform, contentType } = this.#parts.target;
    const { readingId, begunAt, db } = this.#parts.run;
    for (let after = 0; ; ) {
      const rows = await db.$queryRaw<{ id: number; external_id: string }[]>`
        SELECT id, external_id FROM content
        WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
          AND id > ${after} AND external_id IS NOT NULL
          AND ${isOnSite} AND seen_by_reading IS DISTINCT FROM ${readingId}
          AND coalesce(last_synced_at, created_at) < ${begunAt}
          AND (NOT ${limited} OR lpad(external_id, 20, '0') > (
            SELECT min(lpad(external_id, 20, '0')) FROM content
            WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
              AND external_id IS NOT NULL AND seen_by_reading = ${readingId}))
        ORDER BY id LIMIT ${askedAtOnce}`;
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => row.external_id);
      after = last.id;
    }
  }

  /**
   * Asks the site about each item. Only an item that the site reports as deleted or trashed counts as gone.
   * Throws RemoteError `too_many_deleted` if more items are gone than both limits of `brake`; no content was
   * marked then.
   */
  async confirm(
    type: TypeOfSite,
    candidates: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  ): Promise<Confirmed> {
    const known = await knownContents(this.#parts.run.db, this.#parts.target).count();
    const askedAt = new Date(this.#parts.now());
    const gone: Gone[] = [];
    const faults: ItemFault[] = [];
    for await (const part of candidates) {
      this.#parts.run.signal.throwIfAborted();
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
    return { gone, faults, askedAt };
  }

  /**
   * Marks the contents of the items that are gone as deleted, each with an event. Each step of the run marks
   * some of them. A run that stops in between continues with the rest, because a marked content is no longer
   * missing. Throws RunLost.
   */
  async mark({ gone, askedAt }: Confirmed): Promise<void> {
    const { ledger, signal } = this.#parts.run;
    for (const part of inParts(gone, markedAtOnce)) {
      signal.throwIfAborted();
      await ledger.step(async (tx) => {
        const ids = part.map(({ externalId }) => externalId);
        await forgetFailing(tx, { ...this.#parts.run, ...this.#parts.target }, ids);
        return { totals: { deleted: await this.#markSome(tx, part, askedAt) } };
      });
    }
  }

  async #markSome(tx: Transaction, gone: readonly Gone[], askedAt: Date): Promise<number> {
    const { siteId, platform, contentType, readingId } = this.#parts.target;
    const rows = gone.map(({ externalId, externalStatus }) => ({
      external_id: externalId,
      external_status: externalStatus,
    }));
    const marked = await tx.$queryRaw<{ id: number; external_id: string; external_status: string }[]>`
      /* planned each time */ WITH held AS (
        SELECT id FROM content
        WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
          AND external_id = ANY(${gone.map(({ externalId }) => externalId)})
        ORDER BY id FOR UPDATE)
      UPDATE content SET sync_state = 'deleted_remote', external_status = gone.external_status, updated_at = now()
      FROM held, json_to_recordset(${JSON.stringify(rows)}::json) AS gone (external_id text, external_status text)
      WHERE content.id = held.id AND content.external_id = gone.external_id
        AND content.sync_state NOT IN ('deleted_remote', 'excluded')
        AND coalesce(content.last_synced_at, content.created_at) < ${askedAt}
      RETURNING content.id, content.external_id, content.external_status`;
    // An excluded content stays excluded. Without a hash of its item it is no longer looked for.
    await tx.$executeRaw`
      UPDATE content SET remote_hash = NULL, external_status = gone.external_status
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS gone (external_id text, external_status text)
      WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
        AND content.external_id = gone.external_id AND sync_state = 'excluded'`;
    await this.#parts.events.recordAll(
      tx,
      marked.map(
        (content): EventInput => ({
          ...this.#parts.run.owner,
          type: 'content',
          contentId: content.id,
          externalId: content.external_id,
          ...pulledEvent({
            contentType,
            outcome: 'deleted_remote',
            cause: 'run',
            isUntold: readingId === null,
            more: { external_status: content.external_status, run_id: this.#parts.run.ledger.run.id },
          }),
        }),
      ),
    );
    return marked.length;
  }
}

/** Splits the ids that a reading of changes did not find into parts that are asked for at once. */
export function askedParts(externalIds: readonly string[]): Iterable<string[]> {
  return inParts(externalIds, askedAtOnce);
}

/** Splits a list into lists of at most `most`. */
export function* inParts<T>(list: readonly T[], most: number): Generator<T[]> {
  for (let start = 0; start < list.length; start += most) yield list.slice(start, start + most);
}
