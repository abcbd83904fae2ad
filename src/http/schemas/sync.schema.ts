import { z } from 'zod';
import type { SyncRun } from '../../database/generated/client.ts';
import { SyncDirection, SyncStatus } from '../../database/generated/enums.ts';
import { runTotals } from '../../services/sync/runLedger.ts';
import type { SyncStatusView } from '../../services/sync/sync.service.ts';
import { timestamp } from './common.schema.ts';

export const syncRequest = z.strictObject({
  direction: z.enum(SyncDirection),
  content_types: z.array(z.string().max(100)).max(200).optional(),
  full: z.boolean().optional(),
  moved: z.boolean().optional().meta({
    description:
      'true after `another_site`, if the site was rebuilt at its address. Contents that are gone there become deleted_remote, and the items of the new site become new contents.',
  }),
});

export const runSchema = z
  .object({
    id: z.int(),
    key: z
      .uuid()
      .meta({ description: 'Identifies the run; never used again, also after a restored backup.' }),
    direction: z.enum(SyncDirection),
    status: z.enum(SyncStatus).exclude(['never']),
    progress: z.object({ done: z.int(), expected: z.int().nullable() }),
    totals: runTotals,
    error: z.string().nullable(),
    started_at: timestamp.nullable(),
    finished_at: timestamp.nullable(),
    duration_ms: z.int().nullable(),
  })
  .meta({ id: 'SyncRun' });

export const contentCountsSchema = z.object({
  total: z.int(),
  in_sync: z.int(),
  local_changes: z.int(),
  remote_changes: z.int(),
  conflicts: z.int(),
  deleted_remote: z.int(),
});

export const syncStatusSchema = z
  .object({
    sync_status: z.enum(SyncStatus),
    sync_enabled: z.boolean(),
    is_active: z.boolean(),
    last_sync_at: timestamp.nullable(),
    sync_error: z.string().nullable(),
    current_run: runSchema.nullable(),
    last_run: runSchema.nullable(),
    content: contentCountsSchema,
  })
  .meta({ id: 'SyncStatus' });

export function runBody(run: SyncRun) {
  const end = run.finishedAt;
  return {
    id: run.id,
    key: run.key,
    direction: run.direction,
    status: run.status,
    progress: { done: run.progressDone, expected: run.progressExpected },
    totals: runTotals.parse(run.totals),
    error: run.error,
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: end?.toISOString() ?? null,
    duration_ms: end && run.startedAt ? end.getTime() - run.startedAt.getTime() : null,
  };
}

export function syncStatusBody(view: SyncStatusView) {
  return {
    sync_status: view.integration.syncStatus,
    sync_enabled: view.integration.syncEnabled,
    is_active: view.integration.isActive,
    last_sync_at: view.integration.lastSyncAt?.toISOString() ?? null,
    sync_error: view.integration.syncError,
    current_run: view.currentRun ? runBody(view.currentRun) : null,
    last_run: view.lastRun ? runBody(view.lastRun) : null,
    content: view.content,
  };
}
