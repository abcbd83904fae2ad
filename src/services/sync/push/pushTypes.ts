import type { Content } from '../../../database/generated/client.ts';
import { RemoteError } from '../../../errors.ts';
import { isOverload } from '../../../outbound/overload.ts';
import type { WriteOutcome } from '../../../platforms/contentWrite.ts';
import { FAILS_ALONE } from '../../../platforms/parts/division.ts';
import type { ItemFault, RemoteContent } from '../../../platforms/remoteContent.ts';
import { lockRows } from '../../content/contentLocks.ts';
import { isHashOf, remoteState } from '../../content/sharedState.ts';
import { isStillBase } from '../../content/unreadFields.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import type { RunStep } from '../runLedger.ts';
import { type Begun, begunAs, writeOf } from './contentWrite.ts';
import { ExistingItems, lookedAtOnce } from './existingItems.ts';
import { PushBatch } from './pushBatch.ts';
import { storeConflict } from './pushConflicts.ts';
import { missingOutcome, storeOutcomes } from './pushOutcomes.ts';
import { probingParts, rememberBlock, tellBlock } from './writesBlock.ts';

/** How often a content is tried in one run. */
const triesAtMost = 3;

interface Parts {
  events: EventLog;
  now: () => number;
}

/**
 * Pushes contents that are `ready` or were edited here. Each is created once, whatever happens in between.
 */
export class ContentPush {
  readonly #parts: Parts;
  readonly #existing: ExistingItems;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#existing = new ExistingItems(parts.events);
  }

  /**
   * Pushes every type of the run that was not pushed yet. If the host of the site refuses every write, the run tells
   * it once, and the contents keep their state. Throws RemoteError, RunLost.
   */
  async push(run: ContentRun): Promise<void> {
    try {
      await this.#pushTypes(run);
    } catch (error) {
      await tellBlock(run, error, new Date(this.#parts.now()));
    }
  }

  async #pushTypes(run: ContentRun): Promise<void> {
    for (const type of run.types) {
      if (run.ledger.checkpoint.typesPushed.includes(type.slug)) continue;
      await this.#pushType(run, type).catch((error: unknown) => run.leaveOut(type.slug, error));
      if (run.ledger.checkpoint.typesPushed.includes(type.slug)) continue;
      const typesPushed = [...run.ledger.checkpoint.typesPushed, type.slug];
      await run.ledger.step(async () => ({ checkpoint: { typesPushed, pushing: null } }));
    }
  }

  async #pushType(run: ContentRun, type: TypeToSync): Promise<void> {
    const begun = run.ledger.checkpoint.pushing;
    let afterId = begun?.type === type.slug ? begun.afterId : 0;
    for (;;) {
      run.signal.throwIfAborted();
      const ids = await this.#next(run, type, afterId);
      const last = ids.at(-1);
      if (last === undefined) return;
      await run.mustBeSameSite(type);
      await this.#existing.settle(run, type, ids);
      await this.#pushInParts(run, type, ids);
      afterId = last;
      await run.ledger.step(async () => ({ checkpoint: { pushing: { type: type.slug, afterId: last } } }));
    }
  }

  /** Pushes contents as many at once as the site can carry out, which may be fewer after each failure. */
  async #pushInParts(run: ContentRun, type: TypeToSync, ids: readonly number[]): Promise<void> {
    for (const waiting = probingParts(run, [...ids]).map((part) => ({ ids: part, tries: 1 })); ; ) {
      const next = waiting.shift();
      if (next === undefined) return;
      const some = next.ids.slice(0, run.session.writesAtOnce);
      if (some.length < next.ids.length) waiting.unshift({ ...next, ids: next.ids.slice(some.length) });
      const left = await this.#pushSome(run, type, some, next.tries >= triesAtMost);
      if (left.length === 0) continue;
      // Fewer at once are another attempt. It does not count as a repetition.
      const isSmaller = run.session.writesAtOnce < some.length;
      const isLastTry = !isSmaller && next.tries >= triesAtMost;
      if (isLastTry) waiting.unshift(...left.map((id) => ({ ids: [id], tries: triesAtMost })));
      else waiting.unshift({ ids: left, tries: isSmaller ? next.tries : next.tries + 1 });
    }
  }

  async #next(run: ContentRun, type: TypeToSync, afterId: number): Promise<number[]> {
    const rows = await run.db.$queryRaw<{ id: number }[]>`
      SELECT id FROM content
      WHERE site_id = ${run.owner.siteId} AND content_type = ${type.slug} AND id > ${afterId}
        AND (platform = ${run.integration.platform} OR platform IS NULL)
        AND sync_state IN ('local_only', 'local_changes')
        AND (external_id IS NOT NULL OR status = 'ready' OR create_begun_at IS NOT NULL)
      ORDER BY id LIMIT ${Math.max(run.session.writesAtOnce, lookedAtOnce)}`;
    return rows.map(({ id }) => id);
  }

  /**
   * Pushes some contents of one type. Returns the ids of the contents that are worth another try: alone, if this was
   * the last try and the site may have broken down over one of them.
   */
  async #pushSome(run: ContentRun, type: TypeToSync, ids: number[], lastTry: boolean): Promise<number[]> {
    const { begun, opId } = await this.#begin(run, ids);
    const onSite = await this.#readBefore(run, type, begun);
    const writable = await this.#settle(run, begun, onSite);
    if (writable.length === 0) return [];
    const writes = writable.map((each) => {
      const found = onSite.get(each.content.externalId ?? '') ?? null;
      return writeOf(run, { ...each, opId }, found !== null && 'code' in found ? null : found);
    });
    let outcomes: WriteOutcome[];
    try {
      outcomes = await run.session.write(type.type, writes);
    } catch (error) {
      if (!(error instanceof RemoteError) || !error.retryable) throw error;
      // The outcome of these writes is unknown. The database already records that they were begun.
      const mayBeOther = writable.length > 1 && isOverload(error);
      if (!lastTry || mayBeOther) return writable.map(({ content }) => content.id);
      if (run.session.prove === undefined || !isOverload(error)) throw error;
      await run.session.prove();
      await this.#failAll(run, writable, error);
      return [];
    }
    let again: number[] = [];
    await run.ledger.step(async (tx): Promise<RunStep> => {
      await lockRows(
        tx,
        writable.map(({ content }) => content.id),
      );
      const batch = new PushBatch(tx, run);
      const answered = writable.map(
        (each, index) => [each, outcomes[index] ?? missingOutcome(each)] as const,
      );
      const now = new Date(this.#parts.now());
      await tx.writeOperation.update({ where: { id: opId }, data: { answeredAt: now } });
      again = await storeOutcomes(batch, type, answered, { lastTry, now });
      if (outcomes.some(({ result }) => result !== 'failed')) await rememberBlock(tx, run, null);
      return batch.finish(this.#parts.events);
    });
    return again;
  }

  /** Stores that the site breaks down over these contents, while it answers other requests. */
  async #failAll(run: ContentRun, some: readonly Begun[], { message }: RemoteError): Promise<void> {
    await run.ledger.step(async (tx) => {
      const batch = new PushBatch(tx, run);
      for (const { content } of some) {
        const fault = `The site fails when this content is written, and answers other requests: ${message}`;
        batch.fail(content, { externalId: content.externalId, code: FAILS_ALONE, message: fault });
      }
      return batch.finish(this.#parts.events);
    });
  }

  /**
   * Records, before anything is sent, that these contents are being written and by which operation. A worker
   * that has lost the run stops here with RunLost.
   */
  async #begin(run: ContentRun, ids: number[]): Promise<{ begun: Begun[]; opId: string }> {
    const { platform } = run.integration;
    let result: { begun: Begun[]; opId: string } = { begun: [], opId: '' };
    await run.ledger.step(async (tx) => {
      await lockRows(tx, ids);
      const contents = await tx.content.findMany({
        where: {
          id: { in: ids },
          syncState: { in: ['local_only', 'local_changes'] },
          OR: [{ platform }, { platform: null }],
        },
        orderBy: { id: 'asc' },
      });
      const { id: opId } = await tx.writeOperation.create({ data: run.owner, select: { id: true } });
      const now = new Date(this.#parts.now());
      const begun = contents.map((content) => begunAs(content, platform, opId, now));
      const rows = begun.map(({ content }) => ({
        id: content.id,
        create_begun_at: content.createBegunAt?.toISOString() ?? null,
        create_sent_as: content.createSentAs,
      }));
      await tx.$executeRaw`
        UPDATE content SET platform = ${platform}, last_op_id = ${opId}, create_begun_at = begun.create_begun_at,
          create_sent_as = begun.create_sent_as, updated_at = ${now}
        FROM json_to_recordset(${JSON.stringify(rows)}::json)
          AS begun (id int, create_begun_at timestamptz, create_sent_as jsonb)
        WHERE content.id = begun.id`;
      result = { begun, opId };
      return {};
    });
    return result;
  }

  /**
   * Reads the current items of contents that are on the site. Contents are left out if the site itself
   * compares the item before it writes. Returns by external id: the item, null if the item is gone, or why it
   * cannot be read.
   */
  async #readBefore(
    run: ContentRun,
    type: TypeToSync,
    begun: readonly Begun[],
  ): Promise<Map<string, RemoteContent | ItemFault | null>> {
    const unsure = begun.flatMap(({ content }) =>
      content.externalId !== null && (!run.session.comparesAndSets || content.remoteTag === null)
        ? [content.externalId]
        : [],
    );
    if (unsure.length === 0) return new Map();
    const answer = await run.session.read(type.type, unsure);
    const found = new Map<string, RemoteContent | ItemFault | null>(
      unsure.map((externalId) => [
        externalId,
        { externalId, code: 'no_answer', message: 'The site gave no answer for this item.' },
      ]),
    );
    for (const item of answer.items) found.set(item.externalId, item);
    for (const externalId of answer.gone) found.set(externalId, null);
    for (const fault of answer.faults) if (fault.externalId !== null) found.set(fault.externalId, fault);
    return found;
  }

  /**
   * Returns the contents that may be written. A content whose item has changed since both sides last agreed
   * is not written, unless the integration's conflict rule allows it.
   */
  async #settle(
    run: ContentRun,
    begun: readonly Begun[],
    onSite: ReadonlyMap<string, RemoteContent | ItemFault | null>,
  ): Promise<Begun[]> {
    const writable: Begun[] = [];
    const changed: { each: Begun; found: RemoteContent | ItemFault | null }[] = [];
    for (const each of begun) {
      const found = onSite.get(each.content.externalId ?? '');
      if (found === undefined || isBase(found, each.content)) writable.push(each);
      else changed.push({ each, found });
    }
    if (changed.length === 0) return writable;
    const kept: Begun[] = [];
    await run.ledger.step(async (tx) => {
      await lockRows(
        tx,
        changed.map(({ each }) => each.content.id),
      );
      const batch = new PushBatch(tx, run);
      kept.length = 0;
      for (const { each, found } of changed) {
        if (found !== null && 'code' in found) batch.fail(each.content, found);
        // The integration's conflict rule may let the local edits win.
        else if (await storeConflict(batch, each.content, found)) {
          kept.push({
            ...each,
            content: await tx.content.findUniqueOrThrow({ where: { id: each.content.id } }),
          });
        }
      }
      return batch.finish(this.#parts.events);
    });
    return [...writable, ...kept];
  }
}

/** Does the site still have the state on which both sides last agreed? */
function isBase(found: RemoteContent | ItemFault | null, content: Content): boolean {
  if (found === null || 'code' in found || found.status === null) return false;
  return isHashOf(content.baseHash, remoteState(found, found.status)) || isStillBase(content, found);
}
