import type { Transaction } from '../../database/client.ts';

/**
 * Locks the content of an item until the end of the transaction, whether the content is there or not, so that
 * changes to it follow one another. The row is locked too: a run locks the rows of a whole page, and nothing else.
 */
export async function lockContent(
  tx: Transaction,
  siteId: number,
  contentType: string,
  externalId: string,
): Promise<void> {
  const name = `content:${siteId}:${contentType}:${externalId}`;
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))::text`;
  await tx.$queryRaw`
    SELECT id FROM content
    WHERE site_id = ${siteId} AND content_type = ${contentType} AND external_id = ${externalId} FOR UPDATE`;
}

/** Locks contents by their ids, in one order, so that two transactions that lock several never wait for each other. */
export async function lockRows(tx: Transaction, ids: readonly number[]): Promise<void> {
  await tx.$queryRaw`SELECT id FROM content WHERE id = ANY(${[...ids]}) ORDER BY id FOR UPDATE`;
}
