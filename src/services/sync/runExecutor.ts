import type { Logger } from 'pino';
import type { Database, Transaction } from '../../database/client.ts';
import type { Prisma, SyncRun, SyncStatus } from '../../database/generated/client.ts';
import { isDatabaseUnavailable } from '../../database/unavailable.ts';
import { RemoteError } from '../../errors.ts';
import { SiteResting } from '../../outbound/sitePace.ts';
import { VaultError } from '../../security/credentialVault.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventAction } from '../events/eventActions.ts';
import type { EventLog } from '../events/eventLog.ts';
import { lockIntegration, withSite } from '../integrations/integrationRow.ts';
import { pausedMessage, type SitePauses } from '../integrations/sitePauses.ts';
import type { SyncMetadataService } from '../integrations/syncMetadata.service.ts';
import { isServerPaused } from '../server/serverIdentity.ts';
import type { ContentRunner } from './contentPhase.ts';
import { RunLedger, RunLost } from './runLedger.ts';
import { DATABASE_RESTORED } from './siteMemory.ts';
import type { SyncService } from './sync.service.ts';

type ClaimedRun = Prisma.SyncRunGetPayload<{ include: { integration: { include: typeof withSite } } }>;

/** How often a worker says that a run is alive and looks whether it still is its own. Milliseconds. */
const beatMs = 1_000;

interface Parts {
  db: Database;
  metadata: SyncMetadataService;
  contents: ContentRunner;
  sync: SyncService;
  pauses: SitePauses;
  events: EventLog;
  logger: Logger;
  now: () => number;
}

/** Carries out runs on behalf of the worker. Every change of a run's status is a compare-and-set. */
export class SyncRunner {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Carries out a run, and before it one of the same integration that a dead worker left, or does nothing when it
   * has ended or is gone. What goes wrong on the other side ends the run as `failed`; only an unreachable database
   * and a paused server are thrown, for the queue to try the run again.
   */
  async execute(runId: number, signal: AbortSignal): Promise<void> {
    const run = await this.#parts.db.syncRun.findUnique({
      where: { id: runId },
      select: { integrationId: true },
    });
    if (!run) return;
    const left = await this.#parts.db.syncRun.findMany({
      where: { integrationId: run.integrationId, status: 'syncing', id: { lt: runId } },
      select: { id: true },
    });
    for (const { id } of [...left, { id: runId }]) if (!signal.aborted) await this.#executeOne(id, signal);
  }

  async #executeOne(runId: number, signal: AbortSignal): Promise<void> {
    const run = await this.#claim(runId);
    if (!run) return;
    const ending = new AbortController();
    const ended = AbortSignal.any([signal, ending.signal]);
    const beat = setInterval(() => void this.#beat(run, ending), beatMs);
    try {
      await this.#work(run, ended);
    } catch (error) {
      // A paused server gives the run back: it goes on where the database has its server.
      if (isDatabaseUnavailable(error) || isServerPaused(error)) throw error;
      // Cancelled or taken over, or given back to the queue: whoever has the run now carries it out. Stopping cuts
      // our connections to the site too, which is no failure of the run.
      if (ended.aborted || error instanceof RunLost) return;
      await this.#fail(run, error);
      if (error instanceof RemoteError && error.code === DATABASE_RESTORED)
        await this.#parts.sync.readAgain(run.integrationId);
    } finally {
      clearInterval(beat);
      ending.abort();
    }
  }

  async #work(run: ClaimedRun, signal: AbortSignal): Promise<void> {
    const { pausedUntil } = run.integration;
    if (pausedUntil !== null && this.#parts.pauses.isOn(run.integration))
      throw new RemoteError('site_paused', pausedMessage(pausedUntil));
    const ledger = new RunLedger(this.#parts.db, run, this.#parts.now);
    if (run.direction === 'metadata') {
      await this.#readStructure(run, ledger, signal);
    } else {
      if (ledger.checkpoint.structure || !this.#parts.contents.hasStructure(run.integration)) {
        await this.#readStructure(run, ledger, signal);
      }
      const integration = await this.#parts.db.siteIntegration.findUniqueOrThrow({
        where: { id: run.integrationId },
        include: withSite,
      });
      await this.#parts.contents.execute(ledger, integration, signal);
    }
    await this.#finish(run, ledger);
  }

  /** A run that another worker left half done is claimed too: its job came back to the queue. */
  async #claim(runId: number): Promise<ClaimedRun | null> {
    return this.#parts.db.$transaction(async (tx) => {
      const [known] = await tx.syncRun.findMany({ where: { id: runId }, select: { integrationId: true } });
      if (!known) return null;
      // Before the run, as everybody who changes both does: otherwise two could wait for each other.
      await lockIntegration(tx, known.integrationId);
      const now = new Date(this.#parts.now());
      const { count } = await tx.syncRun.updateMany({
        where: { id: runId, status: { in: ['queued', 'syncing'] } },
        data: { status: 'syncing', heartbeatAt: now, attempt: { increment: 1 } },
      });
      if (count === 0) return null;
      await tx.syncRun.updateMany({ where: { id: runId, startedAt: null }, data: { startedAt: now } });
      const run = await tx.syncRun.findUniqueOrThrow({
        where: { id: runId },
        include: { integration: { include: withSite } },
      });
      await tx.siteIntegration.update({ where: { id: run.integrationId }, data: { syncStatus: 'syncing' } });
      return run;
    });
  }

  /** A sign of life; what is not this worker's any more ends, however long the site lets it wait. */
  async #beat(run: ClaimedRun, ending: AbortController): Promise<void> {
    try {
      const { count } = await this.#parts.db.syncRun.updateMany({
        where: { id: run.id, status: 'syncing', attempt: run.attempt },
        data: { heartbeatAt: new Date(this.#parts.now()) },
      });
      if (count === 0) ending.abort();
    } catch (error) {
      // The next step meets the same fault and tells it.
      if (!isDatabaseUnavailable(error)) ending.abort(error);
    }
  }

  async #readStructure(run: ClaimedRun, ledger: RunLedger, signal: AbortSignal): Promise<void> {
    const structure = await this.#parts.metadata.readStructure(run.integration);
    signal.throwIfAborted();
    const found = Object.keys(structure.post_types).length + Object.keys(structure.taxonomies).length;
    const scope: TenantScope = {
      accountId: run.accountId,
      userId: run.requestedBy,
      siteId: run.siteId,
      role: 'site',
    };
    await ledger.step(async (tx) => {
      await this.#parts.metadata.store(tx, scope, run.integrationId, structure, 'fetched');
      return run.direction === 'metadata'
        ? { totals: { pulled: found }, done: found, expected: found }
        : { checkpoint: { structure: false } };
    });
  }

  async #finish(run: ClaimedRun, ledger: RunLedger): Promise<void> {
    const { failed } = ledger.totals;
    const { troubles } = ledger.checkpoint;
    const more = failed > troubles.length ? ` And ${failed - troubles.length} more: see the events.` : '';
    const error = failed === 0 ? null : `${failed} failed. ${troubles.join(' ')}${more}`;
    await this.#parts.db.$transaction(async (tx) => {
      const finishedAt = new Date(this.#parts.now());
      const status = error === null ? 'success' : 'partial';
      // What the site counted and does not show is no work left.
      const end = { status, finishedAt, error, progressExpected: ledger.done } as const;
      if (!(await this.#end(tx, run, end))) return;
      await tx.siteIntegration.update({
        where: { id: run.integrationId },
        data: { lastSyncAt: finishedAt, pausedUntil: null, pauses: 0 },
      });
      await this.#record(tx, run, 'finished', error, { ...ledger.totals });
    });
  }

  async #fail(run: ClaimedRun, error: unknown): Promise<void> {
    const known = error instanceof RemoteError || error instanceof VaultError;
    if (!known) this.#parts.logger.error({ err: error, run_id: run.id }, 'a run failed by a fault of ours');
    const message = known ? error.message : 'The run failed by a fault of ours; the log says more.';
    await this.#parts.db.$transaction(async (tx) => {
      const finishedAt = new Date(this.#parts.now());
      if (!(await this.#end(tx, run, { status: 'failed', finishedAt, error: message }))) return;
      if (error instanceof SiteResting) await this.#parts.pauses.begin(tx, run.integration, error.restMs);
      await this.#record(tx, run, 'failed', message, {});
    });
  }

  /** Ends the run if it is still this worker's. A next one that waits keeps the integration `queued`. */
  async #end(
    tx: Transaction,
    run: ClaimedRun,
    end: { status: SyncStatus; finishedAt: Date; error: string | null; progressExpected?: number },
  ): Promise<boolean> {
    await lockIntegration(tx, run.integrationId);
    const { count } = await tx.syncRun.updateMany({
      where: { id: run.id, status: 'syncing', attempt: run.attempt },
      data: end,
    });
    if (count === 0) return false;
    const waiting = await tx.syncRun.count({
      where: { integrationId: run.integrationId, status: 'queued' },
    });
    await tx.siteIntegration.update({
      where: { id: run.integrationId },
      data: { syncStatus: waiting > 0 ? 'queued' : end.status, syncError: end.error },
    });
    return true;
  }

  #record(
    tx: Transaction,
    run: SyncRun,
    action: EventAction<'sync'>,
    error: string | null,
    totals: Record<string, number>,
  ): Promise<void> {
    return this.#parts.events.record(tx, {
      accountId: run.accountId,
      siteId: run.siteId,
      integrationId: run.integrationId,
      type: 'sync',
      action,
      success: error === null,
      error,
      details: { run_id: run.id, direction: run.direction, ...totals },
      durationMs: this.#parts.now() - (run.startedAt?.getTime() ?? this.#parts.now()),
    });
  }
}
