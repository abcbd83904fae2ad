import type { Database, Transaction } from '../../database/client.ts';
import type { SyncDirection, SyncRun } from '../../database/generated/client.ts';
import { isUniqueViolation } from '../../database/uniqueViolation.ts';
import { CallerError, notFound, type RemoteError } from '../../errors.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import { type ContentCounts, countContent } from '../content/contentCounts.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationService } from '../integrations/integration.service.ts';
import { type IntegrationRow, lockIntegration } from '../integrations/integrationRow.ts';
import { activeStates, currentRunOf } from './currentRun.ts';
import { enqueueRun, readSoon } from './enqueueRun.ts';
import { addToRun, checkPossible, isSame } from './runRequest.ts';
import type { RunWaits } from './runWaits.ts';

export interface SyncRequest {
  direction: SyncDirection;
  contentTypes?: string[] | undefined;
  full?: boolean | undefined;
  /**
   * Another site may be behind the address. Items that may be other items than before become new contents.
   */
  moved?: boolean | undefined;
}

export interface SyncStatusView {
  integration: IntegrationRow;
  currentRun: SyncRun | null;
  lastRun: SyncRun | null;
  content: ContentCounts;
}

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  integrations: IntegrationService;
  events: EventLog;
  queue: JobQueue;
  refusal: () => Promise<RemoteError | null>;
  waits: RunWaits;
  now: () => number;
}

/** Queues, waits for, shows and cancels runs. SyncRunner executes them. */
export class SyncService {
  readonly #parts: Parts;

  /** `refusal` returns why this server may not call any site now; null if it may. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Queues a run and its job in one transaction. If a run is waiting already, the request is added to that
   * run. If the current run does everything that is wanted, that run is returned. Otherwise a new run is
   * queued. Throws 409 if the integration is inactive, its sync is switched off or this server is paused, 501
   * for a direction that the platform does not support, 400 for a type that the site does not have, 503 while
   * the job of a cancelled run is still queued.
   */
  async sync(scope: TenantScope, integrationId: number, request: SyncRequest): Promise<SyncRun> {
    const wanted = {
      direction: request.direction,
      contentTypes: [...new Set(request.contentTypes ?? [])].sort(),
      full: request.full ?? false,
    };
    const refusal = await this.#parts.refusal();
    const enqueue = () =>
      this.#parts.db.$transaction(async (tx) => {
        await lockIntegration(tx, integrationId);
        const row = await this.#parts.integrations.get(scope, integrationId, tx);
        // The types are checked in the order of the request, so that an error names the caller's own index.
        checkPossible(this.#parts.platforms, row, {
          direction: request.direction,
          contentTypes: request.contentTypes ?? [],
        });
        if (refusal !== null) throw new CallerError('conflict', refusal.message, { code: refusal.code });
        if (request.moved) await this.#acceptAnotherSite(tx, scope, row);
        const [queued, syncing] = await Promise.all([
          tx.syncRun.findFirst({ where: { integrationId, status: 'queued' } }),
          tx.syncRun.findFirst({ where: { integrationId, status: 'syncing' } }),
        ]);
        if (queued) return addToRun(tx, queued, wanted);
        if (syncing && isSame(syncing, wanted)) return syncing;
        return enqueueRun(tx, this.#parts, scope, row, wanted);
      });
    return enqueue().catch((error: unknown) => {
      // Two requests came at once. The database allows one waiting run, so the second request is added to it.
      if (isUniqueViolation(error)) return enqueue();
      throw error;
    });
  }

  /** Queues the run of a schedule. Does nothing if the integration is missing, switched off or paused. */
  async syncScheduled(integrationId: number): Promise<void> {
    const row = await this.#parts.db.siteIntegration.findUnique({ where: { id: integrationId } });
    if (!row?.isActive || !row.syncEnabled) return;
    if (row.pausedUntil !== null && row.pausedUntil.getTime() > this.#parts.now()) return;
    const scope: TenantScope = { accountId: row.accountId, userId: null, siteId: row.siteId, role: 'site' };
    await this.sync(scope, integrationId, { direction: 'both' });
  }

  /** Queues a full read for an integration whose database lacks writes that the site knows. */
  async readAgain(integrationId: number): Promise<void> {
    const row = await this.#parts.db.siteIntegration.findUnique({ where: { id: integrationId } });
    if (!row?.isActive || !row.syncEnabled) return;
    const scope: TenantScope = { accountId: row.accountId, userId: null, siteId: row.siteId, role: 'site' };
    await this.sync(scope, integrationId, { direction: 'from_external', full: true });
  }

  /** Queues a reading of what has changed on a site, in the caller's transaction; see `readSoon`. */
  async readSoon(tx: Transaction, integrationId: number): Promise<void> {
    if ((await this.#parts.refusal()) === null) await readSoon(tx, this.#parts, integrationId);
  }

  /**
   * Waits until the run has ended, for at most `ms` milliseconds, or until the process stops. Returns the run
   * as it is then. Throws 404.
   */
  async waitForEnd(scope: TenantScope, integrationId: number, runId: number, ms: number): Promise<SyncRun> {
    await this.#parts.waits.untilEnd(runId, ms);
    return this.run(scope, integrationId, runId);
  }

  /** Throws 404 for a run that is missing or belongs to another integration. */
  async run(scope: TenantScope, integrationId: number, runId: number): Promise<SyncRun> {
    const run = await this.#parts.db.syncRun.findFirst({
      where: { id: runId, integrationId, ...inScope(scope) },
    });
    if (!run) throw notFound();
    return run;
  }

  async runs(
    scope: TenantScope,
    integrationId: number,
    page: { page: number; pageSize: number },
  ): Promise<{ runs: SyncRun[]; count: number }> {
    await this.#parts.integrations.get(scope, integrationId);
    const where = { integrationId, ...inScope(scope) };
    const [runs, count] = await Promise.all([
      this.#parts.db.syncRun.findMany({
        where,
        orderBy: { id: 'desc' },
        skip: (page.page - 1) * page.pageSize,
        take: page.pageSize,
      }),
      this.#parts.db.syncRun.count({ where }),
    ]);
    return { runs, count };
  }

  /** Cancels a run. Its worker stops at the next step. Throws 404, and 409 if the run has already ended. */
  async cancel(scope: TenantScope, integrationId: number, runId: number): Promise<SyncRun> {
    return this.#parts.db.$transaction(async (tx) => {
      await lockIntegration(tx, integrationId);
      const found = await tx.syncRun.findFirst({ where: { id: runId, integrationId, ...inScope(scope) } });
      if (!found) throw notFound();
      const { count } = await tx.syncRun.updateMany({
        where: { id: runId, status: { in: [...activeStates] } },
        data: { status: 'cancelled', finishedAt: new Date(this.#parts.now()) },
      });
      if (count === 0) {
        throw new CallerError('conflict', `The run has ended: it is ${found.status}.`, { code: 'run_ended' });
      }
      const other = await currentRunOf(tx, integrationId);
      await tx.siteIntegration.update({
        where: { id: integrationId },
        data: { syncStatus: other?.status ?? 'cancelled' },
      });
      // The worker of a running job sees that the run is cancelled. Cancelling such a job would only cause a
      // retry.
      if (found.jobId && found.status === 'queued') await this.#parts.queue.cancelSync(tx, found.jobId);
      await this.#parts.events.record(tx, {
        accountId: found.accountId,
        siteId: found.siteId,
        integrationId,
        type: 'sync',
        action: 'cancelled',
        details: { run_id: runId, user_id: scope.userId },
      });
      return tx.syncRun.findUniqueOrThrow({ where: { id: runId } });
    });
  }

  async getSyncStatus(scope: TenantScope, integrationId: number): Promise<SyncStatusView> {
    const integration = await this.#parts.integrations.get(scope, integrationId);
    const ended = { integrationId, status: { notIn: [...activeStates] } };
    const [currentRun, lastRun, content] = await Promise.all([
      currentRunOf(this.#parts.db, integrationId),
      this.#parts.db.syncRun.findFirst({ where: ended, orderBy: { id: 'desc' } }),
      countContent(this.#parts.db, integration),
    ]);
    return { integration, currentRun, lastRun, content };
  }

  async #acceptAnotherSite(tx: Transaction, scope: TenantScope, row: IntegrationRow): Promise<void> {
    await tx.siteIntegration.update({
      where: { id: row.id },
      data: { movedAt: new Date(this.#parts.now()) },
    });
    await this.#parts.events.record(tx, {
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      type: 'sync',
      action: 'moved',
      details: { user_id: scope.userId },
    });
  }
}
