import type { Logger } from 'pino';
import type { Database } from '../database/client.ts';
import type { Prisma, SyncRun } from '../database/generated/client.ts';
import { isDatabaseUnavailable } from '../database/unavailable.ts';
import { RemoteError } from '../errors.ts';
import type { SiteStructure } from '../platforms/platform.ts';
import { VaultError } from '../security/credentialVault.ts';
import type { EventLog } from './eventLog.ts';
import { withSite } from './integration.service.ts';
import type { SyncMetadataService } from './syncMetadata.service.ts';
import type { TenantScope } from './tenantScope.ts';

type ClaimedRun = Prisma.SyncRunGetPayload<{ include: { integration: { include: typeof withSite } } }>;

/** Carries out runs on behalf of the worker. Every change of a run's status is a compare-and-set. */
export class SyncRunner {
  readonly #db: Database;
  readonly #metadata: SyncMetadataService;
  readonly #events: EventLog;
  readonly #logger: Logger;
  readonly #now: () => number;

  constructor(parts: {
    db: Database;
    metadata: SyncMetadataService;
    events: EventLog;
    logger: Logger;
    now: () => number;
  }) {
    this.#db = parts.db;
    this.#metadata = parts.metadata;
    this.#events = parts.events;
    this.#logger = parts.logger;
    this.#now = parts.now;
  }

  /**
   * Carries out a run, or does nothing when it has ended or is gone. What goes wrong on the other side ends the
   * run as `failed`; only an unreachable database is thrown, for the queue to try the run again.
   */
  async execute(runId: number, signal: AbortSignal): Promise<void> {
    const run = await this.#claim(runId);
    if (!run) return;
    const startedAt = this.#now();
    try {
      const structure = await this.#metadata.readStructure(run.integration);
      // Given back to the queue: whoever has the job now carries the run out.
      if (signal.aborted) return;
      await this.#finish(run, structure, startedAt);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      // Stopping cuts our connections to the site too; that is no failure of the run, which another carries out.
      if (signal.aborted) return;
      const known = error instanceof RemoteError || error instanceof VaultError;
      if (!known) this.#logger.error({ err: error, run_id: runId }, 'a run failed by a fault of ours');
      await this.#fail(
        run,
        known ? error.message : 'The run failed by a fault of ours; the log says more.',
        startedAt,
      );
    }
  }

  /** A run that another worker left half done is claimed too: its job came back to the queue. */
  async #claim(runId: number): Promise<ClaimedRun | null> {
    return this.#db.$transaction(async (tx) => {
      const now = new Date(this.#now());
      const { count } = await tx.syncRun.updateMany({
        where: { id: runId, status: { in: ['queued', 'syncing'] } },
        data: { status: 'syncing', heartbeatAt: now },
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

  async #finish(run: ClaimedRun, structure: SiteStructure, startedAt: number): Promise<void> {
    const scope: TenantScope = {
      accountId: run.accountId,
      userId: run.requestedBy,
      siteId: run.siteId,
      role: 'site',
    };
    const done = Object.keys(structure.post_types).length + Object.keys(structure.taxonomies).length;
    await this.#db.$transaction(async (tx) => {
      const finishedAt = new Date(this.#now());
      const { count } = await tx.syncRun.updateMany({
        where: { id: run.id, status: 'syncing' },
        data: {
          status: 'success',
          finishedAt,
          progressDone: done,
          progressExpected: done,
          totals: { pulled: done },
        },
      });
      // Cancelled while the site was answering: what it said is left aside.
      if (count === 0) return;
      await this.#metadata.store(tx, scope, run.integrationId, structure, 'fetched');
      await tx.siteIntegration.update({
        where: { id: run.integrationId },
        data: { syncStatus: 'success', lastSyncAt: finishedAt, syncError: null },
      });
      await this.#record(tx, run, 'finished', null, startedAt);
    });
  }

  async #fail(run: ClaimedRun, error: string, startedAt: number): Promise<void> {
    await this.#db.$transaction(async (tx) => {
      const { count } = await tx.syncRun.updateMany({
        where: { id: run.id, status: 'syncing' },
        data: { status: 'failed', finishedAt: new Date(this.#now()), error },
      });
      if (count === 0) return;
      await tx.siteIntegration.updateMany({
        where: { id: run.integrationId },
        data: { syncStatus: 'failed', syncError: error },
      });
      await this.#record(tx, run, 'failed', error, startedAt);
    });
  }

  #record(
    tx: Prisma.TransactionClient,
    run: SyncRun,
    action: string,
    error: string | null,
    startedAt: number,
  ): Promise<void> {
    return this.#events.record(tx, {
      accountId: run.accountId,
      siteId: run.siteId,
      integrationId: run.integrationId,
      type: 'sync',
      action,
      success: error === null,
      error,
      details: { run_id: run.id, direction: run.direction },
      durationMs: this.#now() - startedAt,
    });
  }
}
