import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import type { Prisma } from '../../database/generated/client.ts';
import { isDatabaseUnavailable } from '../../database/unavailable.ts';
import { RemoteError } from '../../errors.ts';
import { SiteResting } from '../../outbound/sitePace.ts';
import { VaultError } from '../../security/credentialVault.ts';
import type { EventLog } from '../events/eventLog.ts';
import { lockIntegration, withSite } from '../integrations/integrationRow.ts';
import { pausedMessage, type SitePauses } from '../integrations/sitePauses.ts';
import type { SyncMetadataService } from '../integrations/syncMetadata.service.ts';
import { isServerPaused } from '../server/serverIdentity.ts';
import type { ContentRunner } from './contentPhase.ts';
import { endRun } from './runEnd.ts';
import { RunLedger, RunLost } from './runLedger.ts';
import { DATABASE_RESTORED } from './siteMemory.ts';
import { readStructure } from './structureReading.ts';
import type { SyncService } from './sync.service.ts';

type ClaimedRun = Prisma.SyncRunGetPayload<{ include: { integration: { include: typeof withSite } } }>;

/**
 * How often a worker renews the heartbeat of its run and checks that the run is still its own. Milliseconds.
 */
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

/** Executes runs for the worker. Every change of a run's status is a compare-and-set. */
export class SyncRunner {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Executes a run. Earlier runs of the same integration that a dead worker left are executed first. Does
   * nothing if the run is missing or has ended. An error ends the run as `failed`. Only these errors are
   * thrown, so that the queue retries the run: an unreachable database, a paused server, and the error that
   * kept the run from being stored as `failed`. After the last retry, AbandonedRuns ends the run.
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
      // A paused server returns the run to the queue. The server to which the database belongs continues the
      // run.
      if (isDatabaseUnavailable(error) || isServerPaused(error)) throw error;
      // The run was cancelled, taken over or returned to the queue. Another worker carries it out, if it goes
      // on. Stopping also aborts our requests to the site, which is no failure of the run.
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
      await readStructure(this.#parts.metadata, ledger, run.integration, signal);
    } else {
      if (ledger.checkpoint.structure || !this.#parts.contents.hasStructure(run.integration)) {
        await readStructure(this.#parts.metadata, ledger, run.integration, signal);
      }
      const integration = await this.#parts.db.siteIntegration.findUniqueOrThrow({
        where: { id: run.integrationId },
        include: withSite,
      });
      await this.#parts.contents.execute(ledger, integration, signal);
    }
    await this.#finish(run, ledger);
  }

  /**
   * Claims a run; returns null if the run is missing or has ended. A run that another worker left unfinished
   * is claimed too, because its job returned to the queue.
   */
  async #claim(runId: number): Promise<ClaimedRun | null> {
    return this.#parts.db.$transaction(async (tx) => {
      const [known] = await tx.syncRun.findMany({ where: { id: runId }, select: { integrationId: true } });
      if (!known) return null;
      // Every transaction that changes both locks the integration before the run. Another order could
      // deadlock.
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

  /** Renews the heartbeat. Aborts a run that is no longer this worker's, even while it waits for the site. */
  async #beat(run: ClaimedRun, ending: AbortController): Promise<void> {
    try {
      const { count } = await this.#parts.db.syncRun.updateMany({
        where: { id: run.id, status: 'syncing', attempt: run.attempt },
        data: { heartbeatAt: new Date(this.#parts.now()) },
      });
      if (count === 0) ending.abort();
    } catch (error) {
      // The next step of the run gets the same error, and the run ends with it.
      this.#parts.logger.warn({ err: error, run_id: run.id }, 'cannot renew the heartbeat of a run');
    }
  }

  async #finish(run: ClaimedRun, ledger: RunLedger): Promise<void> {
    const { failed } = ledger.totals;
    const { troubles } = ledger.checkpoint;
    const more = failed > troubles.length ? ` And ${failed - troubles.length} more: see the events.` : '';
    const error = failed === 0 ? null : `${failed} failed. ${troubles.join(' ')}${more}`;
    await this.#parts.db.$transaction(async (tx) => {
      const finishedAt = new Date(this.#parts.now());
      const status = error === null ? 'success' : 'partial';
      // Items that the site counted but did not return are not open work.
      const end = { status, finishedAt, error, progressExpected: ledger.done } as const;
      if (!(await endRun(tx, this.#parts.events, run, end, { ...ledger.totals }))) return;
      await tx.siteIntegration.update({
        where: { id: run.integrationId },
        data: { lastSyncAt: finishedAt, pausedUntil: null, pauses: 0 },
      });
    });
  }

  async #fail(run: ClaimedRun, error: unknown): Promise<void> {
    const known = error instanceof RemoteError || error instanceof VaultError;
    if (!known) this.#parts.logger.error({ err: error, run_id: run.id }, 'a run failed by a fault of ours');
    const message = known ? error.message : 'The run failed by a fault of ours; the log says more.';
    await this.#parts.db.$transaction(async (tx) => {
      const finishedAt = new Date(this.#parts.now());
      const end = { status: 'failed', finishedAt, error: message } as const;
      if (!(await endRun(tx, this.#parts.events, run, end))) return;
      if (error instanceof SiteResting) await this.#parts.pauses.begin(tx, run.integration, error.restMs);
    });
  }
}
