import type { Transaction } from '../../database/client.ts';
import type { Prisma, SiteIntegration, SyncDirection, SyncRun } from '../../database/generated/client.ts';
import { CallerError, invalidField } from '../../errors.ts';
import { notSupported, type PlatformRegistry } from '../../platforms/registry.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import { readCheckpoint } from './runLedger.ts';

/** What a run is asked to do. */
export interface RunRequest {
  direction: SyncDirection;
  /** Sorted, without duplicates; empty for all types. */
  contentTypes: string[];
  full: boolean;
}

/**
 * Throws 409 if the integration is inactive or its sync is switched off, 501 for a direction that the
 * platform does not support, 400 for a type that the site does not have.
 */
export function checkPossible(
  platforms: PlatformRegistry,
  row: SiteIntegration,
  { direction, contentTypes }: Pick<RunRequest, 'direction' | 'contentTypes'>,
): void {
  const { structure, content } = platforms.capabilitiesOf(row.platform, configOf(row).json);
  const possible = direction === 'metadata' ? structure : content;
  if (!possible) throw notSupported(row.platform, `a sync with direction ${direction}`);
  if (!row.isActive)
    throw new CallerError('conflict', 'The integration is inactive. Set is_active first.', {
      code: 'inactive',
    });
  if (!row.syncEnabled) {
    throw new CallerError('conflict', 'Sync is switched off for this integration. Set sync_enabled first.', {
      code: 'sync_disabled',
    });
  }
  const { post_types: types, gone } = configOf(row).contentTypes ?? {};
  for (const [index, slug] of contentTypes.entries()) {
    // Without a stored structure, the run reads the structure first and then reports missing types itself.
    if (types === undefined || Object.hasOwn(types, slug)) continue;
    // The run asks the site for a gone type, and tells if it is still gone.
    if (gone !== undefined && Object.hasOwn(gone.post_types, slug)) continue;
    const known = Object.keys(types).join(', ');
    throw invalidField(
      `content_types.${index}`,
      `is not a type of the site, which has ${known}.`,
      'unknown_type',
    );
  }
}

/**
 * Does a run do everything that is wanted? Direction and types must match; a full run also covers one that is
 * not.
 */
export function isSame(run: SyncRun, wanted: RunRequest): boolean {
  return (
    run.direction === wanted.direction &&
    run.contentTypes.join('\n') === wanted.contentTypes.join('\n') &&
    (run.full || !wanted.full)
  );
}

/** Extends a waiting run, so that it also does what is wanted. Returns the changed run. */
export async function addToRun(tx: Transaction, run: SyncRun, wanted: RunRequest): Promise<SyncRun> {
  if (isSame(run, wanted)) return run;
  const directions = new Set([run.direction, wanted.direction]);
  const structure = directions.delete('metadata');
  const [first = 'metadata', second] = directions;
  const all = run.contentTypes.length === 0 || wanted.contentTypes.length === 0;
  return tx.syncRun.update({
    where: { id: run.id },
    data: {
      direction: second === undefined ? first : 'both',
      contentTypes: all ? [] : [...new Set([...run.contentTypes, ...wanted.contentTypes])].sort(),
      full: run.full || wanted.full,
      checkpoint: { ...readCheckpoint(run.checkpoint), ...(structure ? { structure } : {}) },
    },
  });
}

/**
 * Returns the checkpoint of a full reading that stopped because its run failed, so that a large site need not
 * be read again from the start. null if the last run is of another kind, or ended before `since`.
 */
export async function unfinishedReading(
  tx: Transaction,
  integrationId: number,
  wanted: RunRequest,
  since: Date,
): Promise<Prisma.InputJsonObject | null> {
  const last = await tx.syncRun.findFirst({ where: { integrationId }, orderBy: { id: 'desc' } });
  if (last?.status !== 'failed' || last.finishedAt === null || last.finishedAt < since) return null;
  if (!isSame(last, wanted) || last.full !== wanted.full) return null;
  const { readingId, begunAt, termsRead, typesRead, reading } = readCheckpoint(last.checkpoint);
  if (readingId === null || (reading?.mode !== 'all' && typesRead.length === 0)) return null;
  return { readingId, begunAt, termsRead, typesRead, reading: reading && { ...reading, items: 0 } };
}
