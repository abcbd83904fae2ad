import type { Transaction } from '../../../database/client.ts';
import type { KnownContent, KnownContents, NumberedContents } from '../../../platforms/knownContents.ts';
import { isOnSite } from '../../content/excluded.ts';
import type { SiteItems } from '../../content/merge.ts';

/** How many items that fail alone one run tries again. */
const failingAtMost = 200;

interface KnownRow {
  external_id: string;
  modified_at: Date | null;
  remote_tag: string | null;
  is_excluded: boolean;
}

/**
 * The stored contents of one type whose items still exist. A platform needs them to read only the
 * differences.
 */
export function knownContents(db: Transaction, of: SiteItems): KnownContents {
  const { siteId, platform, contentType } = of;
  return {
    numbered: numberedContents(db, of),
    async count() {
      const [row] = await db.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM content
        WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
          AND external_id IS NOT NULL AND ${isOnSite}`;
      return row?.count ?? 0;
    },
    async scheduled() {
      // The word of WordPress. A partial index holds these contents alone.
      const rows = await db.$queryRaw<{ external_id: string }[]>`
        SELECT external_id FROM content
        WHERE site_id = ${siteId} AND content_type = ${contentType} AND external_status = 'future'
          AND platform = ${platform} AND external_id IS NOT NULL AND ${isOnSite}
        ORDER BY id`;
      return rows.map((row) => row.external_id);
    },
    async failing() {
      const rows = await db.$queryRaw<{ external_id: string }[]>`
        SELECT failing_item.external_id FROM failing_item
        JOIN site_integration ON site_integration.id = failing_item.integration_id
        WHERE site_integration.site_id = ${siteId} AND site_integration.platform = ${platform}
          AND failing_item.content_type = ${contentType}
        ORDER BY failing_item.tried_at, failing_item.external_id LIMIT ${failingAtMost}`;
      return rows.map((row) => row.external_id);
    },
    async some(externalIds) {
      return byId(
        await db.$queryRaw<KnownRow[]>`
          SELECT external_id, external_modified_at AS modified_at, remote_tag, sync_state = 'excluded' AS is_excluded
          FROM content
          WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
            AND external_id = ANY(${[...externalIds]}) AND ${isOnSite}`,
      );
    },
    async after(after, limit) {
      return byId(
        await db.$queryRaw<KnownRow[]>`
          SELECT external_id, external_modified_at AS modified_at, remote_tag, sync_state = 'excluded' AS is_excluded
          FROM content
          WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
            AND external_id IS NOT NULL AND ${isOnSite}
            AND (lpad(external_id, 20, '0'), external_id) > (lpad(${after ?? ''}, 20, '0'), ${after ?? ''})
          ORDER BY lpad(external_id, 20, '0'), external_id LIMIT ${limit}`,
      );
    },
  };
}

function numberedContents(db: Transaction, { siteId, platform, contentType }: SiteItems): NumberedContents {
  return {
    async digests(size) {
      const rows = await db.$queryRaw<{ range: bigint; count: number; xor: bigint }[]>`
        SELECT external_id::bigint / ${size}::bigint AS range, count(*)::int AS count,
          coalesce(bit_xor(('x' || remote_tag)::bit(64)::bigint), 0) AS xor
        FROM content
        WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
          AND external_id ~ '^[0-9]{1,18}$' AND ${isOnSite}
        GROUP BY 1`;
      return new Map(
        rows.map(({ range, count, xor }) => [Number(range), { count, xor: BigInt.asUintN(64, xor) }]),
      );
    },
    async inRanges(size, ranges) {
      return byId(
        await db.$queryRaw<KnownRow[]>`
          SELECT external_id, external_modified_at AS modified_at, remote_tag, sync_state = 'excluded' AS is_excluded
          FROM content
          WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
            AND external_id ~ '^[0-9]{1,18}$' AND ${isOnSite}
            AND external_id::bigint / ${size}::bigint = ANY(${[...ranges]}::bigint[])`,
      );
    },
  };
}

function byId(rows: KnownRow[]): Map<string, KnownContent> {
  return new Map(
    rows.map((row) => [
      row.external_id,
      {
        modifiedAt: row.modified_at?.toISOString() ?? null,
        tag: row.remote_tag,
        ...(row.is_excluded ? { isExcluded: true } : {}),
      },
    ]),
  );
}
