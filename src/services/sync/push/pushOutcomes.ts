import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { ItemFault, RemoteContent, WriteOutcome } from '../../../platforms/contentPart.ts';
import { birthVerdict } from '../../content/birth.ts';
import {
  doubtItem,
  type MergeOutcome,
  markDeletedRemote,
  mergeRemote,
  releaseItem,
  remoteFacts,
} from '../../content/merge.ts';
import { changedOnSaving, noCreate, wantedStatus } from '../../content/sentAndKept.ts';
import { remoteState } from '../../content/sharedState.ts';
import { type EventAction, noteAction } from '../../events/eventActions.ts';
import type { EventInput, EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import type { RunStep } from '../runLedger.ts';
import type { Begun } from './contentWrite.ts';
import { type LinkMismatch, storeMismatch } from './linkMismatch.ts';
import {
  type Holder,
  hasGotId,
  holdersOf,
  isTwin,
  ownerOf,
  type PushedContent,
  storePushed,
  takeOverTwin,
} from './pushStatements.ts';

type Written = Extract<WriteOutcome, { result: 'written' }>;

/** The results of a batch, collected for one step of the run. */
export interface BatchResult {
  pushed: number;
  created: number;
  updated: number;
  conflicts: number;
  deleted: number;
  faults: { content: Content; fault: ItemFault }[];
  events: EventInput[];
}

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Stores the outcomes of writes, each with its event. */
export class PushOutcomes {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Stores the outcomes of some writes. Returns the ids of the contents for which a retry may help. */
  async store(
    tx: Transaction,
    run: ContentRun,
    type: TypeToSync,
    outcomes: readonly (readonly [Begun, WriteOutcome])[],
    lastTry: boolean,
    result: BatchResult,
  ): Promise<number[]> {
    const again: number[] = [];
    const pushed: PushedContent[] = [];
    const { siteId, platform } = run.integration;
    const owner = { siteId, platform, contentType: type.slug };
    const answered = outcomes.flatMap(([, outcome]) =>
      outcome.result === 'written' ? [outcome.remote.externalId] : [],
    );
    const holders = await holdersOf(tx, owner, answered);
    const twins = new Set<string>();
    for (const [each, outcome] of outcomes) {
      const { id } = each.content;
      if (outcome.result === 'written') {
        if (await this.#isHeldByAnother(tx, run, each, outcome, { holders, twins, result })) continue;
        pushed.push(this.#written(run, each, outcome, result));
      } else if (outcome.result === 'conflict') {
        if (await this.storeConflict(tx, run, each, outcome.remote, result)) again.push(id);
      } else if (outcome.result === 'link_mismatch')
        await this.#storeMismatch(tx, run, each, outcome, result);
      else if (outcome.retryable && !lastTry) again.push(id);
      else await this.#storeFailure(tx, run, each, outcome, result);
    }
    if (pushed.length > 0) await storePushed(tx, pushed, twins, new Date(this.#parts.now()));
    return lastTry ? [] : again;
  }

  /**
   * Does the written item belong to another content? Then the write is a fault, with two exceptions: a twin
   * of the content is added to `twins`, and a content whose own item is gone is unlinked if the new item got
   * its id.
   */
  async #isHeldByAnother(
    tx: Transaction,
    run: ContentRun,
    begun: Begun,
    { created, remote }: Written,
    { holders, twins, result }: { holders: Map<string, Holder>; twins: Set<string>; result: BatchResult },
  ): Promise<boolean> {
    const { content } = begun;
    const { externalId: made } = remote;
    const holder = holders.get(made);
    holders.set(made, {
      id: content.id,
      isSent: true,
      createdAt: content.createdAt,
      isGone: false,
      isOfBatch: true,
    });
    if (holder === undefined || holder.id === content.id) return false;
    if (isTwin(holder, content)) twins.add(made);
    else if (created && hasGotId(holder, content, remote)) await this.#release(tx, run, holder.id, result);
    else {
      this.storeFault(run, begun, foreignFault(remote, holder.id), result);
      return true;
    }
    return false;
  }

  async #storeFailure(
    tx: Transaction,
    run: ContentRun,
    begun: Begun,
    { fault, notMade }: Extract<WriteOutcome, { result: 'failed' }>,
    result: BatchResult,
  ): Promise<void> {
    this.storeFault(run, begun, fault, result);
    const { id, externalId } = begun.content;
    if (notMade && externalId === null)
      await tx.content.updateMany({ where: { id }, data: { ...noCreate, platform: null } });
  }

  /** Unlinks another content, because its item is gone and a new item got the same id. */
  async #release(tx: Transaction, run: ContentRun, id: number, result: BatchResult): Promise<void> {
    const content = await tx.content.findUniqueOrThrow({ where: { id } });
    const outcome = await releaseItem(tx, content);
    if (content.syncState !== 'deleted_remote') result.deleted += 1;
    this.#record(result, run, content, { action: 'pulled', details: { outcome, code: 'another_birth' } });
  }

  /** Writes the events of a batch in the transaction of its changes. Returns the step for the ledger. */
  async finish(tx: Transaction, { events, faults, ...totals }: BatchResult): Promise<RunStep> {
    await this.#parts.events.recordAll(tx, events);
    return {
      totals: { ...totals, failed: faults.length },
      done: totals.pushed + totals.conflicts + totals.deleted,
      troubles: faults.map(
        ({ content, fault }) => `${content.contentType} content ${content.id}: ${fault.message}`,
      ),
    };
  }

  storeFault(run: ContentRun, { content }: Begun, fault: ItemFault, result: BatchResult): void {
    result.faults.push({ content, fault });
    this.#record(result, run, content, {
      action: 'push_failed',
      success: false,
      error: fault.message,
      details: { code: fault.code },
    });
  }

  #written(
    run: ContentRun,
    { content: sent }: Begun,
    { remote, created, notes }: Written,
    result: BatchResult,
  ): PushedContent {
    const state = remoteState(remote, remote.status ?? wantedStatus(sent.status));
    const changed = changedOnSaving(sent, state);
    if (created) result.created += 1;
    else result.updated += 1;
    result.pushed += 1;
    this.#record(result, run, sent, {
      action: 'pushed',
      externalId: remote.externalId,
      details: { created, version: sent.localVersion },
    });
    const told = [...notes, ...(changed.length === 0 ? [] : [savingFault(remote, changed)])];
    for (const fault of told) {
      result.faults.push({ content: sent, fault });
      this.#record(result, run, sent, {
        action: noteAction(fault.code),
        success: false,
        externalId: remote.externalId,
        error: fault.message,
        details: { fields: changed },
      });
    }
    return { sent, remote, state };
  }

  /**
   * Merges the current item into a content that was to be written. `remote` is null if the item is gone.
   * Returns whether the content still has to be written.
   */
  async storeConflict(
    tx: Transaction,
    run: ContentRun,
    begun: Begun,
    remote: RemoteContent | null,
    result: BatchResult,
  ): Promise<boolean> {
    const { content: sent } = begun;
    const owner = remote === null ? null : await ownerOf(tx, sent, remote.externalId);
    if (owner !== null && remote !== null) {
      const { externalId: otherId } = remote;
      await this.#storeMismatch(
        tx,
        run,
        begun,
        { result: 'link_mismatch', externalId: otherId, otherKey: owner.key, otherId: null },
        result,
      );
      return false;
    }
    const content = await this.#found(tx, sent, remote);
    if (!content) return false;
    const { outcome, reason } = await this.#merge(tx, run, content, remote);
    if (outcome === 'deleted_remote') result.deleted += 1;
    else if (outcome === 'updated') result.updated += 1;
    else if (outcome !== 'unchanged') result.conflicts += 1;
    if (outcome !== 'unchanged') {
      this.#record(result, run, content, {
        action: outcome === 'deleted_remote' || outcome === 'updated' ? 'pulled' : 'conflict',
        details: { outcome, ...reason },
      });
    }
    const { syncState } = await tx.content.findUniqueOrThrow({ where: { id: content.id } });
    return syncState === 'local_changes';
  }

  async #merge(
    tx: Transaction,
    run: ContentRun,
    content: Content,
    remote: RemoteContent | null,
  ): Promise<{ outcome: MergeOutcome; reason?: { code: 'another_birth' } }> {
    if (remote === null || remote.status === null) {
      const facts = remote ? remoteFacts(remote) : { externalStatus: 'deleted' };
      return { outcome: await markDeletedRemote(tx, content, facts) };
    }
    const reason = { code: 'another_birth' } as const;
    const verdict = await birthVerdict(content, remote, async () => content.body);
    if (verdict === 'other') return { outcome: await releaseItem(tx, content), reason };
    const state = remoteState(remote, remote.status);
    const facts = remoteFacts(remote);
    return verdict === 'unsure'
      ? { outcome: await doubtItem(tx, content, state, facts), reason }
      : { outcome: await mergeRemote(tx, content, state, facts, run.rule) };
  }

  /** Links a content to an item that was on the site before its create; see ExistingItems. */
  async storeExisting(
    tx: Transaction,
    run: ContentRun,
    content: Content,
    item: RemoteContent,
    result: BatchResult,
  ): Promise<void> {
    const { platform } = run.integration;
    const data = { externalId: item.externalId, platform };
    await tx.content.update({ where: { id: content.id }, data });
    this.#record(result, run, content, {
      action: 'already_there',
      externalId: item.externalId,
      details: { by: item.contentKey === content.key ? 'key' : 'slug_and_title' },
    });
    const begun = { content: { ...content, ...data }, mayExist: true, sentAs: [] };
    await this.storeConflict(tx, run, begun, item, result);
  }

  /** Records a mismatch that a person must resolve; see `storeMismatch`. */
  async #storeMismatch(
    tx: Transaction,
    run: ContentRun,
    { content }: Begun,
    outcome: LinkMismatch,
    result: BatchResult,
  ): Promise<void> {
    const { fault, details } = await storeMismatch(tx, content, outcome);
    result.conflicts += 1;
    result.faults.push({ content, fault });
    this.#record(result, run, content, {
      action: 'conflict',
      success: false,
      error: fault.message,
      details: { code: fault.code, ...details },
    });
  }

  /**
   * Returns the content as it is now; null if it was deleted. A content without an item is linked to
   * `remote`, which an earlier try of its create has made.
   */
  async #found(tx: Transaction, sent: Content, remote: RemoteContent | null): Promise<Content | null> {
    const content = await tx.content.findUnique({ where: { id: sent.id } });
    if (content === null || content.externalId !== null || remote === null) return content;
    const { externalId } = remote;
    const { id } = await takeOverTwin(tx, content, externalId);
    return tx.content.update({ where: { id }, data: { externalId, ...noCreate } });
  }

  #record(
    result: BatchResult,
    run: ContentRun,
    content: Content,
    event: { action: EventAction<'content'> } & Pick<
      EventInput,
      'success' | 'error' | 'externalId' | 'details'
    >,
  ): void {
    result.events.push({
      ...run.owner,
      type: 'content',
      contentId: content.id,
      externalId: content.externalId,
      ...event,
      error: event.error ?? null,
      details: { content_type: content.contentType, run_id: run.ledger.run.id, ...event.details },
    });
  }
}

/** An item can belong to one content only. Linking it to two contents would lose one of them. */
function foreignFault({ externalId }: RemoteContent, owner: number): ItemFault {
  const message = `The site answered with item ${externalId}, which already belongs to content ${owner}.`;
  return { externalId, code: 'item_of_another', message };
}

function savingFault({ externalId, externalStatus }: RemoteContent, changed: string[]): ItemFault {
  const texts = changed.filter((name) => name !== 'status').join(', ');
  const parts = [
    ...(texts === ''
      ? []
      : [`${texts}: the site's user may not write all of the text, or the site saves it in another form`]),
    ...(changed.includes('status') ? [`status: on the site it is '${externalStatus}'`] : []),
  ];
  return {
    externalId,
    code: 'changed_on_saving',
    message: `The site changed on saving ${parts.join('; ')}.`,
  };
}

export function noResult(): BatchResult {
  return { pushed: 0, created: 0, updated: 0, conflicts: 0, deleted: 0, faults: [], events: [] };
}
