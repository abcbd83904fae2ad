import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { isItemOf } from '../../content/birth.ts';
import { lockRows } from '../../content/contentLocks.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import { writeOf } from './contentWrite.ts';
import { PushBatch } from './pushBatch.ts';
import { storeExisting, unlink } from './pushConflicts.ts';

/** A content that has an item. */
type ItemHolder = Pick<Content, 'id' | 'birth'>;

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
      writeOf(run, { content, opId: '', mayExist: false, sentAs: [], despiteEditor: false }, null),
    );
    const found = await run.session.findExisting(type.type, writes);
    if (found.size === 0) return;
    await run.ledger.step(async (tx) => {
      await lockRows(
        tx,
        contents.map(({ id }) => id),
      );
      const batch = new PushBatch(tx, run);
      const holders = await this.#holders(tx, run, type, [...found.values()].flat());
      for (const content of contents) {
        const item = (found.get(content.key) ?? []).find(
          (each) => each.status !== null && isFreeFor(content, each, holders.get(each.externalId)),
        );
        if (item === undefined || !(await isAsLookedFor(tx, content))) continue;
        const holder = holders.get(item.externalId);
        if (holder !== undefined) await unlink(batch, holder.id);
        holders.set(item.externalId, content);
        await storeExisting(batch, content, item);
      }
      return batch.finish(this.#events);
    });
  }

  /** Returns the contents to which the items belong already, by external id. */
  async #holders(
    tx: Transaction,
    run: ContentRun,
    { slug: contentType }: TypeToSync,
    items: readonly RemoteContent[],
  ): Promise<Map<string, ItemHolder>> {
    const { siteId, platform } = run.integration;
    const holders = await tx.content.findMany({
      where: { siteId, platform, contentType, externalId: { in: items.map(({ externalId }) => externalId) } },
      select: { id: true, birth: true, externalId: true },
    });
    return new Map(holders.map((holder) => [holder.externalId ?? '', holder]));
  }
}

/** Can the content be linked to the item? A restored site may have given the id of its holder's item again. */
function isFreeFor(content: Content, item: RemoteContent, holder: ItemHolder | undefined): boolean {
  return holder === undefined || isItemOf(content, item, holder);
}

/** Is the content still as it was before the search: not edited, deleted or linked to an item meanwhile? */
async function isAsLookedFor(tx: Transaction, { id, localVersion }: Content): Promise<boolean> {
  const now = await tx.content.count({
    where: { id, localVersion, externalId: null, syncState: 'local_only' },
  });
  return now === 1;
}
