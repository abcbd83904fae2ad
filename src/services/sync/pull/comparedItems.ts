/** Stores items that were read although nothing says that they have changed. */
import type { Transaction } from '../../../database/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { ReadOutcome } from '../../../platforms/contentPart.ts';
import { FAILS_ALONE } from '../../../platforms/parts/division.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import { noteChangedLinks } from './changedLinks.ts';
import { failedSince, forgetFailing, storeFailing } from './failingItems.ts';
import { MissingContents } from './missingContents.ts';
import type { PageTarget } from './page.ts';
import { markSeen } from './pageStatements.ts';
import { PullRecord, troubleText } from './pullRecord.ts';
import { storable } from './storable.ts';
import { type PageEntry, storePage } from './storePage.ts';

const troubleTexts = 5;
/** How long links that were just read are not read again because an item has shown another link. Milliseconds. */
const linksRestMs = 6 * 3_600_000;

interface Parts {
  events: EventLog;
  now: () => number;
}

/** The site behind the address must be checked before a change is stored. */
class Unproven extends Error {}

/** The changes among compared items are stored, with events. Items that are as they are stored leave no trace. */
export class ComparedItems {
  readonly #parts: Parts;
  readonly #record: PullRecord;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#record = new PullRecord(parts.events);
  }

  /** To which contents compared items belong. */
  targetOf(run: ContentRun, { slug }: Pick<TypeToSync, 'slug'>): PageTarget {
    const { accountId, siteId, platform, movedAt } = run.integration;
    return {
      accountId,
      siteId,
      platform,
      contentType: slug,
      rule: run.rule,
      readingId: null,
      readSince: new Date(this.#parts.now()),
      isWithoutKeys: run.session.findExisting !== undefined,
      isMoved: movedAt !== null,
      restoredBefore: run.memory.lostUntil,
    };
  }

  /**
   * Stores items. Before the first change of a type, the site behind the address is checked. Throws RemoteError,
   * RunLost.
   */
  async store(
    run: ContentRun,
    type: TypeToSync,
    target: PageTarget,
    read: Pick<ReadOutcome, 'items' | 'faults'>,
  ): Promise<void> {
    try {
      await this.#step(run, target, read, false);
    } catch (error) {
      if (!(error instanceof Unproven)) throw error;
      await run.mustBeSameSite(type);
      await this.#step(run, target, read, true);
    }
  }

  async #step(
    run: ContentRun,
    target: PageTarget,
    read: Pick<ReadOutcome, 'items' | 'faults'>,
    isProven: boolean,
  ): Promise<void> {
    const { contentType } = target;
    const { items, faults: unstorable } = storable(read.items);
    const found = withoutForbidden([...read.faults, ...unstorable]);
    await run.ledger.step(async (tx) => {
      const failing = { ...run, contentType };
      // The run has told of these items.
      const told = await failedSince(tx, failing, found, run.begunAt);
      const faults = found.filter(
        ({ code, externalId }) => code !== FAILS_ALONE || !told.has(externalId ?? ''),
      );
      const entries = await storePage(tx, target, items);
      const changed = entries.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'outdated');
      if (changed.length > 0 && !isProven) throw new Unproven();
      await markSeen(tx, target, read.faults);
      const came = items.map(({ externalId }) => externalId);
      await forgetFailing(tx, failing, came);
      await storeFailing(tx, failing, faults, new Date(this.#parts.now()));
      // No webhook tells of such changes, so none is missing.
      await this.#record.entries(tx, run, contentType, 'all', changed);
      await this.#record.faults(tx, run, contentType, faults);
      if (changed.some(({ hasOtherLink }) => hasOtherLink)) await this.#noteLinks(tx, run, contentType);
      return {
        totals: { ...totalsOf(changed), failed: faults.length },
        done: changed.length,
        troubles: faults.slice(0, troubleTexts).map((fault) => troubleText(contentType, fault)),
      };
    });
  }

  /**
   * Notes that the base of the links has changed, unless the links alone were read lately: the links of a site may
   * change all the time.
   */
  async #noteLinks(tx: Transaction, run: ContentRun, contentType: string): Promise<void> {
    const { id } = run.integration;
    const now = this.#parts.now();
    const row = await tx.typeSync.findUnique({
      where: { integrationId_contentType: { integrationId: id, contentType } },
    });
    const readAt = row?.linksReadAt ?? null;
    const isRead = row !== null && readAt !== null && readAt > row.fullyReadAt;
    if (isRead && now - readAt.getTime() < linksRestMs) return;
    const isNoted = await tx.siteIntegration.count({ where: { id, linksChangedAt: { not: null } } });
    if (isNoted === 0) await noteChangedLinks(tx, run, this.#parts, contentType);
  }

  /**
   * Asks the site about contents whose items were not found, and marks those whose items are gone.
   * @param missing external ids in parts; null for all contents that the reading of the target has not seen since
   * `begunAt`.
   */
  async storeMissing(
    run: ContentRun,
    type: TypeToSync,
    target: PageTarget,
    missing: readonly string[] | null,
    begunAt: Date,
  ): Promise<void> {
    if (missing?.length === 0) return;
    const contents = new MissingContents({ ...this.#parts, run: { ...run, begunAt }, target });
    const candidates = missing === null ? contents.unseen(type.newest !== null) : [missing];
    const confirmed = await contents.confirm(type.type, candidates);
    if (confirmed.gone.length > 0) await run.mustBeSameSite(type);
    await contents.mark(confirmed);
    const faults = withoutForbidden(confirmed.faults);
    if (faults.length > 0) await this.#step(run, target, { items: [], faults }, true);
  }
}

/** Was the place in a list refused, from which a reading was to continue? */
export function isRefusedCursor(error: unknown): boolean {
  return error instanceof RemoteError && !error.retryable;
}

/** Items that the user may not see exist on the site, and cannot be compared. */
function withoutForbidden(faults: readonly ItemFault[]): ItemFault[] {
  return faults.filter(({ code }) => code !== 'forbidden');
}

/** What a run counts of compared items: only the changes among them. */
function totalsOf(changed: readonly PageEntry[]) {
  const count = (...outcomes: PageEntry['outcome'][]) =>
    changed.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    pulled: changed.length,
    created: count('created'),
    updated: count('updated', 'settled_remote'),
    deleted: count('deleted_remote'),
    conflicts: count('conflict', 'settled_local', 'settled_remote'),
  };
}
