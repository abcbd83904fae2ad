import type { Transaction } from '../../database/client.ts';
import type { SiteIntegration, SyncRun } from '../../database/generated/client.ts';
import { CallerError } from '../../errors.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import { lockIntegration } from '../integrations/integrationRow.ts';
import { addToRun, type RunRequest, unfinishedReading } from './runRequest.ts';

const dayMs = 24 * 3_600_000;

interface Parts {
  events: EventLog;
  queue: JobQueue;
  now: () => number;
}

/**
 * Queues a run with its job, in the caller's transaction, which holds the lock of the integration. Throws 503 while
 * the job of a cancelled run is still queued.
 */
export async function enqueueRun(
  tx: Transaction,
  { events, queue, now }: Parts,
  scope: TenantScope,
  row: SiteIntegration,
  request: RunRequest,
): Promise<SyncRun> {
  const checkpoint = await unfinishedReading(tx, row.id, request, new Date(now() - dayMs));
  const run = await tx.syncRun.create({
    data: {
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      ...request,
      ...(checkpoint === null ? {} : { checkpoint }),
      requestedBy: scope.userId,
    },
  });
  const jobId = await queue.enqueueSync(tx, { runId: run.id, integrationId: row.id }, row.accountId);
  if (jobId === null) {
    // A job is waiting although no run is: the job belongs to a run that was just cancelled.
    throw new CallerError('unavailable', 'An earlier run is being cleared away. Try again in a moment.', {
      headers: { 'Retry-After': '1' },
    });
  }
  if (row.syncStatus !== 'syncing')
    await tx.siteIntegration.update({ where: { id: row.id }, data: { syncStatus: 'queued' } });
  await events.record(tx, {
    accountId: row.accountId,
    siteId: row.siteId,
    integrationId: row.id,
    type: 'sync',
    action: 'requested',
    details: { run_id: run.id, direction: run.direction, user_id: scope.userId },
  });
  return tx.syncRun.update({ where: { id: run.id }, data: { jobId } });
}

/**
 * Queues a reading of what has changed on the site, in the caller's transaction. A waiting run does it too. A run
 * that is reading may have read too early. Does nothing if the integration is missing or switched off.
 */
export async function readSoon(tx: Transaction, parts: Parts, integrationId: number): Promise<void> {
  await lockIntegration(tx, integrationId);
  const row = await tx.siteIntegration.findUnique({ where: { id: integrationId } });
  if (!row?.isActive || !row.syncEnabled) return;
  const wanted: RunRequest = { direction: 'from_external', contentTypes: [], full: false };
  const queued = await tx.syncRun.findFirst({ where: { integrationId, status: 'queued' } });
  const scope: TenantScope = { accountId: row.accountId, userId: null, siteId: row.siteId, role: 'site' };
  if (queued) await addToRun(tx, queued, wanted);
  else await enqueueRun(tx, parts, scope, row, wanted);
}
