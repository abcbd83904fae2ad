import { Prisma } from '../../../database/generated/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { JsonObject } from '../../../platforms/connection.ts';
import type { ContentPage } from '../../../platforms/contentPart.ts';
import type { ItemFault, RemoteContent } from '../../../platforms/remoteContent.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import type { RunStep } from '../runLedger.ts';
import { forgetFailing, forgetUnmet, storeFailing } from './failingItems.ts';
import { knownContents } from './knownContents.ts';
import { areLinksDue, LinkReading } from './linkReading.ts';
import { askedParts, inParts, MissingContents } from './missingContents.ts';
import type { PageTarget } from './page.ts';
import { markSeen } from './pageStatements.ts';
import { PullRecord, troubleText } from './pullRecord.ts';
import { References } from './references.ts';
import { RollingComparison } from './rollingComparison.ts';
import { storable } from './storable.ts';
import { type PageEntry, storePage } from './storePage.ts';
import { noted, noteEvent } from './unreadNotes.ts';

const weekMs = 7 * 24 * 3_600_000;
const troubleTexts = 5;
/** How many faults one step of the run stores. */
const faultsAtOnce = 500;

interface Parts {
  events: EventLog;
  now: () => number;
}

/**
 * Reads the items of each type of a site: all items the first time, else what has changed. If the session
 * does not find every change, each run compares a part of the other items too. If the comparison of all items takes
 * over a week, for example because there were few runs, all items are read again.
 */
export class ContentPull {
  readonly #parts: Parts;
  readonly #record: PullRecord;
  readonly #comparison: RollingComparison;
  readonly #links: LinkReading;
  readonly #references: References;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#record = new PullRecord(parts.events);
    this.#comparison = new RollingComparison(parts);
    this.#links = new LinkReading(parts);
    this.#references = new References(parts);
  }

  /** Reads every type of the run that was not read yet. Throws RemoteError, RunLost. */
  async pull(run: ContentRun): Promise<void> {
    for (const type of run.types) {
      if (run.ledger.checkpoint.typesRead.includes(type.slug)) continue;
      await this.#readType(run, type).catch((error: unknown) => run.leaveOut(type.slug, error));
    }
    const isWhollyCompared = await this.#comparison.compare(run);
    if (!isWhollyCompared) await this.#references.compare(run);
    await this.#links.read(run, { mayBeUnseen: !isWhollyCompared });
    await run.ledger.step(async () => ({ checkpoint: { pulled: true } }));
  }

  async #readType(run: ContentRun, type: TypeToSync): Promise<void> {
    const { ledger, session } = run;
    const begun = ledger.checkpoint.reading;
    const before = await run.db.typeSync.findUnique({
      where: { integrationId_contentType: { integrationId: run.integration.id, contentType: type.slug } },
    });
    const stale = (at: Date) => this.#parts.now() - at.getTime() > weekMs;
    const isMoved = run.integration.movedAt !== null;
    const hasOldLinks =
      session.readLinks === undefined && areLinksDue(before, run.integration.linksChangedAt);
    const isStale = before !== null && !session.findsEveryChange && stale(before.comparedAt);
    const whole = before === null || run.full || isMoved || isStale || hasOldLinks;
    const mode = begun?.type === type.slug ? begun.mode : whole ? 'all' : 'changes';
    const cursor = begun?.type === type.slug && mode === 'all' ? begun.cursor : null;
    const target: PageTarget = {
      accountId: run.integration.accountId,
      siteId: run.integration.siteId,
      platform: run.integration.platform,
      contentType: type.slug,
      rule: run.rule,
      readingId: mode === 'all' ? run.readingId : null,
      readSince: new Date(this.#parts.now()),
      isWithoutKeys: session.findExisting !== undefined,
      isMoved: run.integration.movedAt !== null,
      restoredBefore: run.memory.lostUntil,
    };
    const known = knownContents(run.db, target);
    const earlier = ledger.done - (begun?.type === type.slug ? begun.items : 0);
    const pages =
      mode === 'all' || before === null
        ? session.readAll({ type: type.type, newest: type.newest, cursor })
        : session.readChanges({
            type: type.type,
            newest: type.newest,
            watermark: jsonObject(before.watermark),
            known,
          });
    let end: ContentPage['end'];
    for await (const page of pages) {
      run.signal.throwIfAborted();
      if (page.items.length > 0) await run.mustBeSameSite(type);
      await this.#storePage(run, target, page, earlier);
      end = page.end;
    }
    if (!end)
      throw new RemoteError('unexpected_answer', `Reading ${type.slug} stopped before the last page.`);
    const { watermark, missing, incomplete } = end;
    if (incomplete !== undefined) {
      // What did not come may still be there, so no content counts as deleted.
      await this.#record.incomplete(run, type.slug, incomplete);
      await this.#finishType(run, target, watermark);
      return;
    }
    const missingContents = new MissingContents({ ...this.#parts, run, target });
    const candidates = mode === 'all' ? missingContents.unseen(type.newest !== null) : askedParts(missing);
    const confirmed = await missingContents.confirm(type.type, candidates);
    await missingContents.mark(confirmed);
    await this.#storeFaults(run, target, confirmed.faults);
    await this.#finishType(run, target, watermark);
  }

  /**
   * Stores the faults of items that a reading did not find, in bounded steps. Their items exist on the site,
   * so a full reading counts them as seen: a run that continues does not ask for them again.
   */
  async #storeFaults(run: ContentRun, target: PageTarget, faults: readonly ItemFault[]): Promise<void> {
    const { contentType } = target;
    for (const part of inParts(faults, faultsAtOnce)) {
      run.signal.throwIfAborted();
      await run.ledger.step(async (tx) => {
        await markSeen(tx, target, part);
        await storeFailing(tx, { ...run, contentType }, part, new Date(this.#parts.now()));
        await this.#record.faults(tx, run, contentType, part);
        return {
          totals: { failed: part.length },
          troubles: part.slice(0, troubleTexts).map((fault) => troubleText(contentType, fault)),
        };
      });
    }
  }

  /** Stores that a type was read, where its next reading of changes begins, and notes about unread fields. */
  async #finishType(run: ContentRun, target: PageTarget, watermark: JsonObject): Promise<void> {
    const { accountId, siteId, contentType, readingId } = target;
    const { ledger, integration } = run;
    await ledger.step(async (tx) => {
      const { reading } = ledger.checkpoint;
      const notes = reading?.type === contentType ? reading.unread : [];
      await this.#parts.events.recordAll(
        tx,
        notes.map((note) => noteEvent(run.owner, { runId: ledger.run.id, contentType }, note)),
      );
      const now = new Date(this.#parts.now());
      if (readingId !== null) await forgetUnmet(tx, { ...run, contentType }, run.begunAt);
      const whole = {
        fullyReadAt: now,
        comparedAt: run.begunAt,
        linksReadAt: run.begunAt,
        round: Prisma.DbNull,
      };
      const everyChange = run.session.findsEveryChange ? { comparedAt: target.readSince } : {};
      const read = { watermark, readAt: now, ...(readingId === null ? everyChange : whole) };
      await tx.typeSync.upsert({
        where: { integrationId_contentType: { integrationId: integration.id, contentType } },
        create: { integrationId: integration.id, accountId, siteId, contentType, ...whole, ...read },
        update: read,
      });
      return {
        checkpoint: { reading: null, typesRead: [...ledger.checkpoint.typesRead, contentType] },
      };
    });
  }

  /** Stores a page, its events, its checkpoint and its totals in one transaction. */
  async #storePage(run: ContentRun, target: PageTarget, read: ContentPage, earlier: number): Promise<void> {
    const { contentType } = target;
    const { items: good, faults } = storable(eachOnce(read.items));
    const page = { ...read, items: good, faults: [...read.faults, ...faults] };
    const mode = target.readingId === null ? 'changes' : 'all';
    await run.ledger.step(async (tx): Promise<RunStep> => {
      const entries = await storePage(tx, target, page.items);
      await markSeen(tx, target, page.faults);
      const came = page.items.map(({ externalId }) => externalId);
      await forgetFailing(tx, { ...run, contentType }, came);
      await storeFailing(tx, { ...run, contentType }, page.faults, new Date(this.#parts.now()));
      await this.#record.entries(tx, run, contentType, mode, entries);
      await this.#record.faults(tx, run, contentType, page.faults);
      const count = (...outcomes: PageEntry['outcome'][]) =>
        entries.filter((entry) => outcomes.includes(entry.outcome)).length;
      const items = page.items.length + page.faults.length;
      const already = run.ledger.checkpoint.reading;
      const before = already?.type === contentType ? already : { items: 0, unread: [] };
      const ofType = before.items + items;
      const unread = noted(before.unread, page.items);
      return {
        totals: {
          pulled: page.items.length,
          created: count('created'),
          updated: count('updated', 'settled_remote'),
          unchanged: count('unchanged', 'outdated'),
          deleted: count('deleted_remote'),
          conflicts: count('conflict', 'settled_local', 'settled_remote'),
          failed: page.faults.length,
        },
        checkpoint: { reading: { type: contentType, mode, cursor: page.cursor, items: ofType, unread } },
        done: items,
        expected: page.expected === null ? null : earlier + page.expected + run.expectedAfter(contentType),
        troubles: page.faults.slice(0, troubleTexts).map((fault) => troubleText(contentType, fault)),
      };
    });
  }
}

/** An item that a platform gave twice on a page counts as it came last. */
function eachOnce(items: readonly RemoteContent[]): RemoteContent[] {
  return [...new Map(items.map((item) => [item.externalId, item])).values()];
}

function jsonObject(value: unknown) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return JSON.parse(JSON.stringify(value));
}
