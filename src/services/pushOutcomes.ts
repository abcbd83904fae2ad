import type { Transaction } from '../database/client.ts';
import type { Content } from '../database/generated/client.ts';
import type { ItemFault, RemoteContent, SentTexts, WriteOutcome } from '../platforms/contentPart.ts';
import { remoteState, sharedState } from './contentHash.ts';
import { hasLocalChanges, markDeletedRemote, mergeRemote, remoteFacts, storedState } from './contentMerge.ts';
import type { ContentRun, TypeToSync } from './contentRun.ts';
import { changedOnSaving, columnsAsWritten, noCreate, wantedStatus } from './contentWritten.ts';
import type { EventInput, EventLog } from './eventLog.ts';
import type { RunStep } from './runLedger.ts';

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

  /** Stores what became of one; returns whether another try may do more. */
  async store(
    tx: Transaction,
    run: ContentRun,
    type: TypeToSync,
    each: Begun,
    outcome: WriteOutcome,
    lastTry: boolean,
    result: BatchResult,
  ): Promise<boolean> {
    if (outcome.result === 'conflict') return this.storeConflict(tx, run, each, outcome.remote, result);
    if (outcome.result === 'written') await this.#storeWritten(tx, run, type, each, outcome, result);
    else if (outcome.retryable && !lastTry) return true;
    else this.storeFault(run, each, outcome.fault, result);
    if (outcome.result === 'failed' && outcome.notMade && each.content.externalId === null)
      await tx.content.updateMany({ where: { id: each.content.id }, data: noCreate });
    return false;
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

  async #storeWritten(
    tx: Transaction,
    run: ContentRun,
    type: TypeToSync,
    { content: sent }: Begun,
    { remote, created, notes }: Extract<WriteOutcome, { result: 'written' }>,
    result: BatchResult,
  ): Promise<void> {
    const content = await tx.content.findUnique({ where: { id: sent.id } });
    const status = remote.status ?? wantedStatus(sent.status);
    const state = remoteState(remote, status);
    const changed = changedOnSaving(sent, state);
    if (created) result.created += 1;
    else result.updated += 1;
    result.pushed += 1;
    // Removed here while it was on its way; the site keeps what it has.
    if (content) {
      const twin = await takeOverTwin(tx, content, type.slug, remote.externalId);
      const edited = twin !== null || content.localVersion > sent.localVersion;
      const { baseHash, remoteHash, ...finished } = columnsAsWritten(content, state);
      await tx.content.update({
        where: { id: content.id },
        data: {
          ...remoteFacts(remote),
          externalId: remote.externalId,
          baseHash,
          remoteHash,
          ...(edited ? {} : finished),
          ...(twin === null ? {} : { ...storedState(twin), localVersion: { increment: 1 } }),
          syncState: edited ? 'local_changes' : 'in_sync',
          syncedVersion: sent.localVersion,
          ...noCreate,
          lastSyncedAt: new Date(this.#now()),
        },
      });
    }
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
    const twin = await takeOverTwin(tx, content, content.contentType, externalId);
    return tx.content.update({
      where: { id: content.id },
      data: {
        externalId,
        ...noCreate,
        ...(twin === null ? {} : { ...storedState(twin), localVersion: { increment: 1 } }),
      },
    });
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

/**
 * A webhook that came before the answer may have made the site's new item a content of its own: it goes, and edits
 * of it become edits of the content that it is. Returns those.
 */
async function takeOverTwin(
  tx: Transaction,
  { id, siteId }: Pick<Content, 'id' | 'siteId'>,
  contentType: string,
  externalId: string,
) {
  const twin = await tx.content.findUnique({
    where: { siteId_contentType_externalId: { siteId, contentType, externalId } },
  });
  if (!twin || twin.id === id) return null;
  await tx.content.delete({ where: { id: twin.id } });
  return hasLocalChanges(twin) ? sharedState(twin) : null;
}

function savingFault({ externalId, externalStatus }: RemoteContent, changed: string[]): ItemFault {
  const texts = changed.filter((name) => name !== 'status').join(', ');
  const parts = [
    ...(texts === '' ? [] : [`${texts}: its user may not write all that is in it`]),
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
