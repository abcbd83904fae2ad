/** Reads an integration with its site, and locks it. */
import type { Transaction } from '../../database/client.ts';
import type { Prisma } from '../../database/generated/client.ts';

/** The relations that are read with every integration. */
export const withSite = { site: true } satisfies Prisma.SiteIntegrationInclude;
export type IntegrationRow = Prisma.SiteIntegrationGetPayload<{ include: typeof withSite }>;

/** Locks the row until the end of the transaction, so that changes to `config_json` follow one another. */
export async function lockIntegration(tx: Transaction, id: number): Promise<void> {
  await tx.$queryRaw`SELECT id FROM site_integration WHERE id = ${id} FOR UPDATE`;
}
