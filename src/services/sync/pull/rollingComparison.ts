/** Compares the items of a site a slice at a time, because some changes leave neither a date nor another trace. */
import { z } from 'zod';
import type { Transaction } from '../../../database/client.ts';
import { Prisma, type TypeSync } from '../../../database/generated/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { JsonObject } from '../../../platforms/connection.ts';
import type { SlicePage } from '../../../platforms/contentPart.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import { knownContents } from './knownContents.ts';
import { MissingContents } from './missingContents.ts';
import type { PageTarget } from './page.ts';
import { markSeen } from './pageStatements.ts';
import { PullRecord, troubleText } from './pullRecord.ts';
import { storable } from './storable.ts';
import { type PageEntry, storePage } from './storePage.ts';

/** How many requests a run may take for comparisons. 10,000 items in pages of 100 then take 20 runs. */
const requestsOfRun = 5;
const troubleTexts = 5;

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const roundShape = z.object({
  cursor: jsonObject,
  begun_at: z.iso.datetime(),
  /** Marks the contents that the round has seen, if its pages hold every item of the type; else null. */
  reading_id: z.int().nullable(),
});

/** One pass over all items of a type. It continues in later runs. */
interface Round {
  /** null at the beginning. */
  cursor: JsonObject | null;
  begunAt: Date;
  readingId: number | null;
}

interface Parts {
  events: EventLog;
  now: () => number;
}

/** The site behind the address must be checked before this change is stored. */
class Unproven extends Error {}

/** Compares the next items of a site in each run, until all were compared, and then begins again. */
export class RollingComparison {
  readonly #parts: Parts;
  readonly #record: PullRecord;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#record = new PullRecord(parts.events);
  }

  /**
   * Compares the items of the run's types that were compared the longest ago, with a few requests. Does nothing
   * if the readings of changes find every change. Throws RemoteError, RunLost.
   */
  async compare(run: ContentRun): Promise<void> {
    if (run.session.findsEveryChange || run.session.readSlice === undefined) return;
    const rows = await run.db.typeSync.findMany({
      where: { integrationId: run.integration.id, contentType: { in: run.types.map(({ slug }) => slug) } },
    });
    const waiting = rows
      .filter(({ comparedAt }) => comparedAt < run.begunAt)
      .map((row) => ({ row, round: roundOf(row) }))
      .sort((one, other) => beginOf(one).getTime() - beginOf(other).getTime());
    for (const { row, round } of waiting) {
      const type = run.types.find(({ slug }) => slug === row.contentType);
      if (type === undefined) continue;
      if (requestsOfRun - run.ledger.checkpoint.compared <= 0) return;
      const begun = { cursor: null, begunAt: new Date(this.#parts.now()), readingId: run.readingId };
      await this.#compareType(run, type, round ?? begun);
    }
  }

  async #compareType(run: ContentRun, type: TypeToSync, begun: Round): Promise<void> {
    const { ledger, session, db } = run;
    const target = this.#target(run, type);
    const pages = session.readSlice?.({
      type: type.type,
      newest: type.newest,
      cursor: begun.cursor,
      requests: requestsOfRun - ledger.checkpoint.compared,
      known: knownContents(db, target),
    });
    if (pages === undefined) return;
    let round = begun;
    try {
      for await (const page of pages) {
        run.signal.throwIfAborted();
        round = await this.#storeSlice(run, type, target, round, page);
      }
    } catch (error) {
      const isCursor = error instanceof RemoteError && !error.retryable && begun.cursor !== null;
      if (!isCursor || round !== begun) throw error;
      // A place in a list may be valid for a short time only. The next run begins a new round.
      await ledger.step(async (tx) => {
        await saveRound(tx, run, type.slug, null);
        return {};
      });
    }
  }

  /** Stores a page of a slice, and how far its round is. At the end of the round, missing contents are marked. */
  async #storeSlice(
    run: ContentRun,
    type: TypeToSync,
    target: PageTarget,
    before: Round,
    page: SlicePage,
  ): Promise<Round> {
    const round = {
      ...before,
      cursor: page.cursor,
      readingId: page.listsAll ? before.readingId : null,
    };
    const seen = { ...target, readingId: round.readingId };
    await this.#storeItems(run, type, seen, page).catch(async (error: unknown) => {
      if (!(error instanceof Unproven)) throw error;
      await run.mustBeSameSite(type);
      await this.#storeItems(run, type, seen, page, { isProven: true });
    });
    await this.#storeMissing(run, type, seen, round, page);
    await run.ledger.step(async (tx) => {
      await saveRound(tx, run, type.slug, round);
      return { checkpoint: { compared: run.ledger.checkpoint.compared + 1 } };
    });
    return round;
  }

  async #storeItems(
    run: ContentRun,
    { slug }: TypeToSync,
    target: PageTarget,
    page: SlicePage,
    { isProven = false } = {},
  ): Promise<void> {
    const { items, faults: unstorable } = storable(page.items);
    const faults = withoutForbidden([...page.faults, ...unstorable]);
    await run.ledger.step(async (tx) => {
      const entries = await storePage(tx, target, items);
      const changed = entries.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'outdated');
      if (changed.length > 0 && !isProven) throw new Unproven();
      await markSeen(tx, target, page.faults);
      // No webhook tells of such changes, so none is missing.
      await this.#record.entries(tx, run, slug, 'all', changed);
      await this.#record.faults(tx, run, slug, faults);
      const { totals, done } = stepOf(changed);
      const { totals: faulty, troubles } = failed(slug, faults);
      return { totals: { ...totals, ...faulty }, done, troubles };
    });
  }

  /** Marks the contents whose items are gone from the site. */
  async #storeMissing(
    run: ContentRun,
    { slug, type, newest }: TypeToSync,
    target: PageTarget,
    round: Round,
    page: SlicePage,
  ): Promise<void> {
    const isWhole = round.cursor === null && round.readingId !== null;
    if (page.missing.length === 0 && !isWhole) return;
    const missing = new MissingContents({
      ...this.#parts,
      run: { ...run, begunAt: round.begunAt },
      target,
    });
    const candidates = isWhole ? missing.unseen(newest !== null) : [page.missing];
    const confirmed = await missing.confirm(type, candidates);
    if (confirmed.gone.length > 0) await run.mustBeSameSite({ slug, type, newest, count: 0 });
    await missing.mark(confirmed);
    const faults = withoutForbidden(confirmed.faults);
    if (faults.length === 0) return;
    await run.ledger.step(async (tx) => {
      await this.#record.faults(tx, run, slug, faults);
      return failed(slug, faults);
    });
  }

  #target(run: ContentRun, { slug }: TypeToSync): PageTarget {
    const { accountId, siteId, platform } = run.integration;
    return {
      accountId,
      siteId,
      platform,
      contentType: slug,
      rule: run.rule,
      readingId: null,
      readSince: new Date(this.#parts.now()),
      isWithoutKeys: run.session.findExisting !== undefined,
      isMoved: false,
      restoredBefore: run.memory.lostUntil,
    };
  }
}

/** Until when every item was compared last: the begin of the round that is under way, else of the last round. */
function beginOf({ row, round }: { row: TypeSync; round: Round | null }): Date {
  return round?.begunAt ?? row.comparedAt;
}

function roundOf({ round }: TypeSync): Round | null {
  const read = roundShape.safeParse(round);
  if (!read.success) return null;
  const { cursor, begun_at, reading_id } = read.data;
  return { cursor, begunAt: new Date(begun_at), readingId: reading_id };
}

/** Stores how far a round is. A round without a cursor has compared every item. */
async function saveRound(
  tx: Transaction,
  { integration }: ContentRun,
  contentType: string,
  round: Round | null,
): Promise<void> {
  const isDone = round !== null && round.cursor === null;
  await tx.typeSync.updateMany({
    where: { integrationId: integration.id, contentType },
    data: {
      round:
        round === null || isDone
          ? Prisma.DbNull
          : { cursor: round.cursor, begun_at: round.begunAt.toISOString(), reading_id: round.readingId },
      ...(isDone ? { comparedAt: round.begunAt } : {}),
    },
  });
}

/** Items that the user may not see exist on the site, and cannot be compared. */
function withoutForbidden(faults: readonly ItemFault[]): ItemFault[] {
  return faults.filter(({ code }) => code !== 'forbidden');
}

/** What a run counts of faults. */
function failed(contentType: string, faults: readonly ItemFault[]) {
  return {
    totals: { failed: faults.length },
    troubles: faults.slice(0, troubleTexts).map((fault) => troubleText(contentType, fault)),
  };
}

/** What a run counts of a slice: only the changes that it found. */
function stepOf(changed: readonly PageEntry[]) {
  const count = (...outcomes: PageEntry['outcome'][]) =>
    changed.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    totals: {
      pulled: changed.length,
      created: count('created'),
      updated: count('updated', 'settled_remote'),
      deleted: count('deleted_remote'),
      conflicts: count('conflict', 'settled_local', 'settled_remote'),
    },
    done: changed.length,
  };
}
