import type { Database } from '../database/client.ts';
import { Prisma, type Site, type SiteIntegration } from '../database/generated/client.ts';
import { notFound } from '../errors.ts';
import { inScope, type TenantScope } from './tenantScope.ts';

export interface IntegrationFilter {
  siteId?: number;
  platform?: string;
  isActive?: boolean;
  page: number;
  pageSize: number;
}

/** What is shown of an integration. */
export type IntegrationView = SiteIntegration & { site: Pick<Site, 'name' | 'apiKeyLast4'> };

type FlatRow = SiteIntegration & { siteName: string; apiKeyLast4: string | null };

/**
 * The reads that a dashboard makes all the time. Each is one statement: asked through the client's `include`,
 * sites come by a second one after the first, which costs a third of the server's time per call (`npm run bench:http`).
 */
export class IntegrationReads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A page, by id, and how many there are in all. */
  async list(
    scope: TenantScope,
    filter: IntegrationFilter,
  ): Promise<{ integrations: IntegrationView[]; count: number }> {
    const where = whereOf(scope, filter);
    const skip = (filter.page - 1) * filter.pageSize;
    const [rows, counted] = await Promise.all([
      this.#db.$queryRaw<FlatRow[]>`
        ${select} ${where} ORDER BY i.id LIMIT ${filter.pageSize} OFFSET ${skip}`,
      this.#db.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM site_integration i ${where}`,
    ]);
    return { integrations: rows.map(nested), count: counted[0]?.count ?? 0 };
  }

  /** Throws 404 for one that is not there or outside the scope. */
  async get(scope: TenantScope, id: number): Promise<IntegrationView> {
    const [row] = await this.#db.$queryRaw<FlatRow[]>`${select} ${whereOf(scope, {})} AND i.id = ${id}`;
    if (!row) throw notFound();
    return nested(row);
  }
}

const select = Prisma.sql`
  SELECT i.id, i.account_id AS "accountId", i.site_id AS "siteId", i.platform, i.config_json AS config,
    i.credentials_json AS "credentialsEncrypted", i.is_active AS "isActive", i.sync_enabled AS "syncEnabled",
    i.sync_status AS "syncStatus", i.last_sync_at AS "lastSyncAt", i.sync_error AS "syncError",
    i.connection_status AS "connectionStatus", i.created_at AS "createdAt", i.updated_at AS "updatedAt",
    s.name AS "siteName", s.api_key_last4 AS "apiKeyLast4"
  FROM site_integration i JOIN site s ON s.id = i.site_id AND s.account_id = i.account_id`;

function whereOf(scope: TenantScope, filter: Partial<IntegrationFilter>): Prisma.Sql {
  const { accountId, siteId } = inScope(scope);
  return Prisma.sql`WHERE ${Prisma.join(
    [
      Prisma.sql`i.account_id = ${accountId}`,
      ...(siteId === undefined ? [] : [Prisma.sql`i.site_id = ${siteId}`]),
      ...(filter.siteId === undefined ? [] : [Prisma.sql`i.site_id = ${filter.siteId}`]),
      ...(filter.platform === undefined ? [] : [Prisma.sql`i.platform = ${filter.platform}`]),
      ...(filter.isActive === undefined ? [] : [Prisma.sql`i.is_active = ${filter.isActive}`]),
    ],
    ' AND ',
  )}`;
}

function nested({ siteName, apiKeyLast4, ...row }: FlatRow): IntegrationView {
  return { ...row, site: { name: siteName, apiKeyLast4 } };
}
