import type { Transaction } from '../../../database/client.ts';
import { FAILS_ALONE } from '../../../platforms/parts/division.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import type { IntegrationRow } from '../../integrations/integrationRow.ts';

/** The items of one type of an integration. */
export interface TypeItems {
  integration: Pick<IntegrationRow, 'id' | 'accountId' | 'siteId'>;
  contentType: string;
}

/** Stores which items fail alone, so that later runs try each of them again. Other faults are left out. */
export async function storeFailing(
  tx: Transaction,
  { integration, contentType }: TypeItems,
  faults: readonly ItemFault[],
  now: Date,
): Promise<void> {
  const failing = new Map(
    faults.flatMap(({ externalId, code, message }) =>
      code === FAILS_ALONE && externalId !== null ? [[externalId, message]] : [],
    ),
  );
  if (failing.size === 0) return;
  const rows = [...failing].map(([external_id, message]) => ({ external_id, message }));
  await tx.$executeRaw`
    INSERT INTO failing_item (integration_id, account_id, site_id, content_type, external_id, message, failed_since, tried_at)
    SELECT ${integration.id}, ${integration.accountId}, ${integration.siteId}, ${contentType}, external_id, message, ${now}::timestamptz, ${now}::timestamptz
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS item (external_id text, message text)
    ON CONFLICT (integration_id, content_type, external_id)
      DO UPDATE SET message = excluded.message, tried_at = excluded.tried_at`;
}

/** Returns which of these items were tried and failed alone since a time. */
export async function failedSince(
  tx: Transaction,
  { integration, contentType }: TypeItems,
  faults: readonly ItemFault[],
  since: Date,
): Promise<Set<string>> {
  const ids = faults.flatMap(({ code, externalId }) => (code === FAILS_ALONE ? (externalId ?? []) : []));
  if (ids.length === 0) return new Set();
  const rows = await tx.failingItem.findMany({
    where: { integrationId: integration.id, contentType, externalId: { in: ids }, triedAt: { gte: since } },
    select: { externalId: true },
  });
  return new Set(rows.map(({ externalId }) => externalId));
}

/** Forgets items that came, or that are gone. */
export async function forgetFailing(
  tx: Transaction,
  { integration, contentType }: TypeItems,
  externalIds: readonly string[],
): Promise<void> {
  if (externalIds.length === 0) return;
  await tx.$executeRaw`
    DELETE FROM failing_item
    WHERE integration_id = ${integration.id} AND content_type = ${contentType}
      AND external_id = ANY(${[...externalIds]})`;
}

/** Forgets items that a whole reading has not met: they are gone, or are no longer synced. */
export async function forgetUnmet(
  tx: Transaction,
  { integration, contentType }: TypeItems,
  begunAt: Date,
): Promise<void> {
  await tx.failingItem.deleteMany({
    where: { integrationId: integration.id, contentType, triedAt: { lt: begunAt } },
  });
}
