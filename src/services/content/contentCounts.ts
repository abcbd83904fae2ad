import type { Database } from '../../database/client.ts';
import type { SyncState } from '../../database/generated/client.ts';

/** How much content there is here of an integration's site, by where it stands between both sides. */
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
    // What no platform has yet is any's to bring.
    where: { accountId, siteId, OR: [{ platform }, { platform: null }] },
    _count: { _all: true },
  });
  const count = (state: SyncState) => groups.find((group) => group.syncState === state)?._count._all ?? 0;
  return {
    total: groups.reduce((sum, group) => sum + group._count._all, 0),
    in_sync: count('in_sync'),
    // What was never sent is a local change too.
    local_changes: count('local_changes') + count('local_only'),
    remote_changes: count('remote_changes'),
    conflicts: count('conflict'),
    deleted_remote: count('deleted_remote'),
  };
}
