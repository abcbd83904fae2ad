import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { lockRows } from '../../content/contentLocks.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import { writeOf } from './contentWrite.ts';
import { PushBatch } from './pushBatch.ts';
import { storeExisting } from './pushConflicts.ts';

/** How many contents are looked for on a site at once. */
export const lookedAtOnce = 100;

/**
 * Looks for existing items of contents before their creates, on a site that does not itself prevent
 * duplicates. A content whose push is missing in a restored backup must not be created twice.
 */
export class ExistingItems {
  readonly #events: EventLog;

  constructor(events: EventLog) {
    this.#events = events;
  }

  /**
   * Links each content to its existing item. If their texts differ, the content becomes a conflict. Throws
   * RemoteError.
   */
  async settle(run: ContentRun, type: TypeToSync, ids: readonly number[]): Promise<void> {
    if (run.session.findExisting === undefined) return;
    // The retry of a begun create looks for its item itself.
    const contents = await run.db.content.findMany({
      where: { id: { in: [...ids] }, externalId: null, createBegunAt: null, syncState: 'local_only' },
      orderBy: { id: 'asc' },
    });
    if (contents.length === 0) return;
    const writes = contents.map((content) =>
      writeOf(run, { content, opId: '', mayExist: false, sentAs: [] }, null),
    );
    const found = await run.session.findExisting(type.type, writes);
    if (found.size === 0) return;
    await run.ledger.step(async (tx) => {
      await lockRows(
        tx,
        contents.map(({ id }) => id),
      );
      const batch = new PushBatch(tx, run);
      const taken = await this.#takenIds(tx, run, type, [...found.values()].flat());
      for (const content of contents) {
        const item = (found.get(content.key) ?? []).find(
          ({ externalId, status }) => status !== null && !taken.has(externalId),
        );
        if (item === undefined || !(await isAsLookedFor(tx, content))) continue;
        taken.add(item.externalId);
        await storeExisting(batch, content, item);
      }
      return batch.finish(this.#events);
    });
  }

  /** Returns the external ids of the items that belong to contents already. */
  async #takenIds(
    tx: Transaction,
    run: ContentRun,
    { slug: contentType }: TypeToSync,
    items: readonly RemoteContent[],
  ): Promise<Set<string>> {
    const { siteId, platform } = run.integration;
    const known = await tx.content.findMany({
      where: { siteId, platform, contentType, externalId: { in: items.map(({ externalId }) => externalId) } },
      select: { externalId: true },
    });
    return new Set(known.flatMap(({ externalId }) => externalId ?? []));
  }
}

/** Is the content still as it was before the search: not edited, deleted or linked to an item meanwhile? */
async function isAsLookedFor(tx: Transaction, { id, localVersion }: Content): Promise<boolean> {
  const now = await tx.content.count({
    where: { id, localVersion, externalId: null, syncState: 'local_only' },
  });
  return now === 1;
}
