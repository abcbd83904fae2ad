import type { Transaction } from '../../database/client.ts';
import type { SyncRun } from '../../database/generated/client.ts';

/** The states of a run that has not ended. */
export const activeStates = ['queued', 'syncing'] as const;

/** Is the run still waiting or running? */
export function isActive({ status }: Pick<SyncRun, 'status'>): boolean {
  return activeStates.some((state) => state === status);
}

/**
 * The current run of an integration: the run that runs, also if it is stuck, else the run that waits; null if
 * there is neither. The database allows one of each.
 */
export function currentRunOf(tx: Transaction, integrationId: number): Promise<SyncRun | null> {
  // `syncing` comes after `queued` in the order of the states.
  return tx.syncRun.findFirst({
    where: { integrationId, status: { in: [...activeStates] } },
    orderBy: { status: 'desc' },
  });
}
