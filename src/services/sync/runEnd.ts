/** Ends a run, together with the state of its integration and the event about the end. */
import type { Transaction } from '../../database/client.ts';
import type { SyncRun } from '../../database/generated/client.ts';
import type { EventLog } from '../events/eventLog.ts';
import { lockIntegration } from '../integrations/integrationRow.ts';

/** How a run ended. `error` is null after a success. */
export interface RunEnd {
  status: 'success' | 'partial' | 'failed';
  finishedAt: Date;
  error: string | null;
  progressExpected?: number;
}

/**
 * Ends the run if nobody has claimed, cancelled or ended it since `run` was read, and returns whether it did.
 * If another run waits, the integration becomes `queued`. `totals` are added to the details of the event.
 */
export async function endRun(
  tx: Transaction,
  events: EventLog,
  run: SyncRun,
  end: RunEnd,
  totals: Record<string, number> = {},
): Promise<boolean> {
  await lockIntegration(tx, run.integrationId);
  const { count } = await tx.syncRun.updateMany({
    where: { id: run.id, status: run.status, attempt: run.attempt },
    data: end,
  });
  if (count === 0) return false;
  const waiting = await tx.syncRun.count({ where: { integrationId: run.integrationId, status: 'queued' } });
  await tx.siteIntegration.update({
    where: { id: run.integrationId },
    data: { syncStatus: waiting > 0 ? 'queued' : end.status, syncError: end.error },
  });
  await events.record(tx, {
    accountId: run.accountId,
    siteId: run.siteId,
    integrationId: run.integrationId,
    type: 'sync',
    action: end.status === 'failed' ? 'failed' : 'finished',
    success: end.error === null,
    error: end.error,
    details: { run_id: run.id, direction: run.direction, ...totals },
    durationMs: end.finishedAt.getTime() - (run.startedAt ?? end.finishedAt).getTime(),
  });
  return true;
}
