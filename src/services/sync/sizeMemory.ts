import type { Database } from '../../database/client.ts';
import { PAGE_LIMIT, type SizeMemory } from '../../platforms/parts/partSize.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';

/** After this time a site that refused large pages is asked for them again. Milliseconds. */
const pageLimitMs = 7 * 24 * 3_600_000;

/** Reads the part sizes that a site answered in earlier sessions. New sizes are stored at once. */
export async function openSizeMemory(
  db: Database,
  { id: integrationId, accountId, siteId }: Pick<IntegrationRow, 'id' | 'accountId' | 'siteId'>,
): Promise<SizeMemory> {
  const outdated = { list: PAGE_LIMIT, updatedAt: { lt: new Date(Date.now() - pageLimitMs) } };
  const rows = await db.partSize.findMany({
    where: { integrationId, NOT: outdated },
    select: { list: true, size: true },
  });
  const sizes = new Map(rows.map(({ list, size }) => [list, size]));
  return {
    get: (list) => sizes.get(list),
    set: async (list, size) => {
      if (size === null) {
        sizes.delete(list);
        await db.partSize.deleteMany({ where: { integrationId, list } });
        return;
      }
      sizes.set(list, size);
      // Parts that are read at once may store their sizes at once.
      await db.$executeRaw`
        INSERT INTO part_size (integration_id, account_id, site_id, list, size, updated_at)
        VALUES (${integrationId}, ${accountId}, ${siteId}, ${list}, ${size}, now())
        ON CONFLICT (integration_id, list) DO UPDATE SET size = excluded.size, updated_at = excluded.updated_at`;
    },
  };
}
