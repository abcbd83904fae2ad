import type { Database } from '../../database/client.ts';
import type { SyncState } from '../../database/generated/client.ts';

/** How many contents are stored for an integration's site, by sync state. Excluded contents do not count. */
export interface ContentCounts {
  total: number;
  in_sync: number;
  local_changes: number;
  remote_changes: number;
  conflicts: number;
  deleted_remote: number;
}

export async function countContent(
  db: Database,
  { accountId, siteId, platform }: { accountId: number; siteId: number; platform: string },
): Promise<ContentCounts> {
  const groups = await db.content.groupBy({
    by: ['syncState'],
    // A content without a platform counts for every integration of the site: any of them may push it.
    where: {
      accountId,
      siteId,
      OR: [{ platform }, { platform: null }],
      syncState: { not: 'excluded' },
    },
    _count: { _all: true },
  });
  const count = (state: SyncState) => groups.find((group) => group.syncState === state)?._count._all ?? 0;
  return {
    total: groups.reduce((sum, group) => sum + group._count._all, 0),
    in_sync: count('in_sync'),
    // A content that was never sent counts as a local change.
    local_changes: count('local_changes') + count('local_only'),
    remote_changes: count('remote_changes'),
    conflicts: count('conflict'),
    deleted_remote: count('deleted_remote'),
  };
}
