/** Compares the items of a site a slice at a time, because some changes leave neither a date nor another trace. */
import { z } from 'zod';
import type { Transaction } from '../../../database/client.ts';
import { Prisma, type TypeSync } from '../../../database/generated/client.ts';
import type { JsonObject } from '../../../platforms/connection.ts';
import type { SlicePage } from '../../../platforms/contentPart.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { type ContentRun, presentTypes, type TypeToSync } from '../phaseContext.ts';
import { ComparedItems, isRefusedCursor } from './comparedItems.ts';
import { knownContents } from './knownContents.ts';
import type { PageTarget } from './page.ts';

/** How many requests a run may take for comparisons. 10,000 items in pages of 100 then take 20 runs. */
const requestsOfRun = 5;

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const roundShape = z.object({
  cursor: jsonObject,
  begun_at: z.iso.datetime(),
  reading_id: z.int().nullable(),
});

/** One pass over all items of a type. It continues in later runs. */
interface Round {
  /** null at the beginning, and after the last item. */
  cursor: JsonObject | null;
  begunAt: Date;
  /** Marks the contents that the round has seen, if its pages hold every item of the type; else null. */
  readingId: number | null;
}

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Compares the next items of a site in each run, until all were compared, and then begins again. */
export class RollingComparison {
  readonly #now: () => number;
  readonly #items: ComparedItems;

  constructor(parts: Parts) {
    this.#now = parts.now;
    this.#items = new ComparedItems(parts);
  }

  /**
   * Compares the items of the run's types that were compared the longest ago, with a few requests. Does nothing
   * if the readings of changes find every change. Returns whether the run has read or compared every item, and so has
   * found what leaves no date. Throws RemoteError, RunLost.
   */
  async compare(run: ContentRun): Promise<boolean> {
    if (run.session.findsEveryChange) return true;
    if (run.session.readSlice === undefined) return false;
    const types = presentTypes(run);
    const rows = await run.db.typeSync.findMany({
      where: { integrationId: run.integration.id, contentType: { in: types.map(({ slug }) => slug) } },
    });
    const waiting = rows
      // The other types were read in full by this run.
      .filter(({ comparedAt }) => comparedAt < run.begunAt)
      .map((row) => ({ row, round: roundOf(row) }))
      .sort((one, other) => beginOf(one).getTime() - beginOf(other).getTime());
    let isWhole = true;
    for (const { row, round } of waiting) {
      const type = types.find(({ slug }) => slug === row.contentType);
      if (type === undefined) continue;
      if (run.ledger.checkpoint.compared >= requestsOfRun) return false;
      const begun = { cursor: null, begunAt: new Date(this.#now()), readingId: run.readingId };
      await this.#compareType(run, type, round ?? begun).then(
        (isEnded) => {
          isWhole &&= isEnded && round === null;
        },
        (error: unknown) => run.leaveOut(type.slug, error),
      );
    }
    return isWhole;
  }

  /** Returns whether the round of the type has ended. */
  async #compareType(run: ContentRun, type: TypeToSync, begun: Round): Promise<boolean> {
    const { ledger, session, db } = run;
    const target = this.#items.targetOf(run, type);
    const pages = session.readSlice?.({
      type: type.type,
      newest: type.newest,
      cursor: begun.cursor,
      requests: requestsOfRun - ledger.checkpoint.compared,
      known: knownContents(db, target),
    });
    if (pages === undefined) return false;
    let round = begun;
    try {
      for await (const page of pages) {
        run.signal.throwIfAborted();
        round = await this.#storeSlice(run, type, target, round, page);
      }
    } catch (error) {
      if (!isRefusedCursor(error) || begun.cursor === null || round !== begun) throw error;
      // A place in a list may be valid for a short time only. The next run begins a new round.
      await ledger.step(async (tx) => {
        await saveRound(tx, run, type.slug, null);
        return {};
      });
      return false;
    }
    return round.cursor === null;
  }

  /** Stores a page of a slice, and how far its round is. At the end of the round, missing contents are marked. */
  async #storeSlice(
    run: ContentRun,
    type: TypeToSync,
    target: PageTarget,
    before: Round,
    page: SlicePage,
  ): Promise<Round> {
    const { cursor } = page;
    const round = { ...before, cursor, readingId: page.listsAll ? before.readingId : null };
    const marking = { ...target, readingId: round.readingId };
    await this.#items.store(run, type, marking, page);
    const isWhole = cursor === null && round.readingId !== null;
    const missing = isWhole ? null : page.missing;
    await this.#items.storeMissing(run, type, marking, missing, round.begunAt);
    await run.ledger.step(async (tx) => {
      await saveRound(tx, run, type.slug, round);
      return { checkpoint: { compared: run.ledger.checkpoint.compared + (page.requests ?? 1) } };
    });
    return round;
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
