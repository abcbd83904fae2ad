/** Hosts that let no write pass, although their sites can be read. */
import type { Transaction } from '../../../database/client.ts';
import { RemoteError } from '../../../errors.ts';
import { WRITES_BLOCKED } from '../../../platforms/contentWrite.ts';
import type { ContentRun } from '../phaseContext.ts';
import type { RunStep } from '../runLedger.ts';

/**
 * Stores whether the host refuses every write: `now` if it does, null if it answered a write. A block keeps the time
 * at which it was seen first.
 */
export async function rememberBlock(
  tx: Transaction,
  { integration }: ContentRun,
  now: Date | null,
): Promise<void> {
  if ((integration.writesBlockedAt === null) === (now === null)) return;
  await tx.siteIntegration.update({ where: { id: integration.id }, data: { writesBlockedAt: now } });
  integration.writesBlockedAt = now;
}

/** The contents in the parts in which they are written: a host that refused every write is asked with one of them. */
export function probingParts({ integration }: ContentRun, ids: number[]): number[][] {
  return integration.writesBlockedAt === null ? [ids] : [ids.slice(0, 1), ids.slice(1)];
}

/** Stores and tells, once in a run, that the host refuses every write. Throws `error` if it is another fault. */
export async function tellBlock(run: ContentRun, error: unknown, now: Date): Promise<void> {
  if (!(error instanceof RemoteError) || error.code !== WRITES_BLOCKED) throw error;
  await run.ledger.step(async (tx): Promise<RunStep> => {
    await rememberBlock(tx, run, now);
    return { totals: { failed: 1 }, troubles: [error.message] };
  });
}
