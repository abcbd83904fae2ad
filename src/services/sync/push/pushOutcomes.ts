import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { ItemFault, RemoteContent, SentTexts, WriteOutcome } from '../../../platforms/contentPart.ts';
import { markDeletedRemote, mergeRemote, remoteFacts } from '../../content/merge.ts';
import { changedOnSaving, noCreate, wantedStatus } from '../../content/sentAndKept.ts';
import { remoteState } from '../../content/sharedState.ts';
import type { EventInput, EventLog } from '../../events/eventLog.ts';
import type { ContentRun, TypeToSync } from '../phaseContext.ts';
import type { RunStep } from '../runLedger.ts';
import { holdersOf, type PushedContent, storePushed, takeOverTwin } from './pushStatements.ts';

/** A content that is being brought to its site, as it was when its write was begun. */
export interface Begun {
  content: Content;
  opId: string;
  /** It was begun before, and nobody knows what came of it. */
  mayExist: boolean;
  /** The texts with which it was begun before. */
  sentAs: SentTexts[];
}

/** What a batch did, gathered to be written in one step. */
export interface BatchResult {
  pushed: number;
  created: number;
  updated: number;
  conflicts: number;
  deleted: number;
  faults: { content: Content; fault: ItemFault }[];
  events: EventInput[];
}

/** Stores what became of writes, each with its event. */
export class PushOutcomes {
  readonly #events: EventLog;
  readonly #now: () => number;

  constructor(parts: { events: EventLog; now: () => number }) {
    this.#events = parts.events;
    this.#now = parts.now;
  }

  /** Stores what became of some; returns the ids of those of which another try may do more. */
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
    const { owners, twins } = await holdersOf(tx, owner, answered);
    for (const [each, outcome] of outcomes) {
      const { id, externalId } = each.content;
      if (outcome.result === 'written') {
        const owned = owners.get(outcome.remote.externalId) ?? id;
        owners.set(outcome.remote.externalId, owned);
        if (owned === id) pushed.push(this.#written(run, each, outcome, result));
        else this.storeFault(run, each, foreignFault(outcome.remote, owned), result);
      } else if (outcome.result === 'conflict') {
        if (await this.storeConflict(tx, run, each, outcome.remote, result)) again.push(id);
      } else if (outcome.retryable && !lastTry) again.push(id);
      else {
        this.storeFault(run, each, outcome.fault, result);
        if (outcome.notMade && externalId === null)
          await tx.content.updateMany({ where: { id }, data: { ...noCreate, platform: null } });
      }
    }
    if (pushed.length > 0) await storePushed(tx, pushed, twins, new Date(this.#now()));
    return lastTry ? [] : again;
  }

  /** Writes the events of a batch, in the transaction of what they tell; gives the step that it is. */
  async finish(tx: Transaction, { events, faults, ...totals }: BatchResult): Promise<RunStep> {
    await this.#events.recordAll(tx, events);
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
    { remote, created, notes }: Extract<WriteOutcome, { result: 'written' }>,
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
        action: fault.code,
        success: false,
        externalId: remote.externalId,
        error: fault.message,
        details: { fields: changed },
      });
    }
    return { sent, remote, state };
  }

  /** Brings what the site has into a content that was to be written; returns whether that is still to be done. */
  async storeConflict(
    tx: Transaction,
    run: ContentRun,
    { content: sent }: Begun,
    remote: RemoteContent | null,
    result: BatchResult,
  ): Promise<boolean> {
    const content = await this.#found(tx, sent, remote);
    if (!content) return false;
    const facts = remote ? remoteFacts(remote) : { externalStatus: 'deleted' };
    const outcome =
      remote === null || remote.status === null
        ? await markDeletedRemote(tx, content, facts)
        : await mergeRemote(tx, content, remoteState(remote, remote.status), facts, run.rule);
    if (outcome === 'deleted_remote') result.deleted += 1;
    else if (outcome === 'updated') result.updated += 1;
    else if (outcome !== 'unchanged') result.conflicts += 1;
    if (outcome !== 'unchanged') {
      this.#record(result, run, content, {
        action: outcome === 'deleted_remote' || outcome === 'updated' ? 'pulled' : 'conflict',
        details: { outcome },
      });
    }
    const { syncState } = await tx.content.findUniqueOrThrow({ where: { id: content.id } });
    return syncState === 'local_changes';
  }

  /** The content as it is now; the site's item is its own from now on, where an earlier try has made it. */
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
    event: Pick<EventInput, 'action' | 'success' | 'error' | 'externalId' | 'details'>,
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

/** One item cannot be two contents: taking it for both would lose one of them. */
function foreignFault({ externalId }: RemoteContent, owner: number): ItemFault {
  const message = `The site answered that it is item ${externalId} there, which is content ${owner} here.`;
  return { externalId, code: 'item_of_another', message };
}

function savingFault({ externalId, externalStatus }: RemoteContent, changed: string[]): ItemFault {
  const texts = changed.filter((name) => name !== 'status').join(', ');
  const parts = [
    ...(texts === ''
      ? []
      : [`${texts}: its user may not write all that is in it, or the site writes it in its own way`]),
    ...(changed.includes('status') ? [`status: there it is '${externalStatus}'`] : []),
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
