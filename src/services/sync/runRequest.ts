import type { Transaction } from '../../database/client.ts';
import type { Prisma, SiteIntegration, SyncDirection, SyncRun } from '../../database/generated/client.ts';
import { CallerError, invalidField } from '../../errors.ts';
import { notSupported, type PlatformRegistry } from '../../platforms/registry.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import { readCheckpoint } from './runLedger.ts';

/** What is asked of a run. */
export interface RunRequest {
  direction: SyncDirection;
  /** In order, each once; empty for all. */
  contentTypes: string[];
  full: boolean;
}

/**
 * Throws 409 when the integration is inactive or its sync switched off, 501 for a direction the platform lacks, 400 for
 * a type that the site does not have.
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
  const types = configOf(row).contentTypes?.post_types;
  for (const [index, slug] of contentTypes.entries()) {
    // Before the structure is known the run reads it first, and says then which types there are not.
    if (types === undefined || Object.hasOwn(types, slug)) continue;
    const known = Object.keys(types).join(', ');
    throw invalidField(
      `content_types.${index}`,
      `is not a type of the site, which has ${known}.`,
      'unknown_type',
    );
  }
}

/** Whether a run does what is asked, and nothing less. */
export function isSame(run: SyncRun, wanted: RunRequest): boolean {
  return (
    run.direction === wanted.direction &&
    run.contentTypes.join('\n') === wanted.contentTypes.join('\n') &&
    (run.full || !wanted.full)
  );
}

/** Lets a run that waits do what is asked too. */
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
 * Where a reading of everything broke off when the site failed, so that a large site need not be read from the start;
 * null when there is none of the same kind after `since`.
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
