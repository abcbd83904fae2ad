import type { Site, SiteIntegration } from '../../database/generated/client.ts';
import type { ReadPool } from '../../database/readPool.ts';
import { notFound } from '../../errors.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';

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
 * The reads that a dashboard makes all the time, as prepared statements of their own (`npm run bench:http`).
 * They answer to the letter what the same reads through the client would.
 */
export class IntegrationReads {
  readonly #pool: ReadPool;

  constructor(pool: ReadPool) {
    this.#pool = pool;
  }

  /** A page, by id, and how many there are in all. */
  async list(
    scope: TenantScope,
    filter: IntegrationFilter,
  ): Promise<{ integrations: IntegrationView[]; count: number }> {
    const { accountId, siteId } = inScope(scope);
    const { platform = null, isActive = null } = filter;
    const where = [accountId, siteId ?? null, filter.siteId ?? null, platform, isActive];
    const page = [filter.pageSize, (filter.page - 1) * filter.pageSize];
    const [rows, counted] = await Promise.all([
      this.#pool.query<FlatRow>({ name: 'integration_list', text: list, values: [...where, ...page] }),
      this.#pool.query<{ count: number }>({ name: 'integration_count', text: count, values: where }),
    ]);
    return { integrations: rows.rows.map(nested), count: counted.rows[0]?.count ?? 0 };
  }

  /** Throws 404 for one that is not there or outside the scope. */
  async get(scope: TenantScope, id: number): Promise<IntegrationView> {
    const { accountId, siteId } = inScope(scope);
    const values = [accountId, siteId ?? null, id];
    const { rows } = await this.#pool.query<FlatRow>({ name: 'integration_get', text: get, values });
    const [row] = rows;
    if (!row) throw notFound();
    return nested(row);
  }
}

const select = `
  SELECT i.id, i.account_id AS "accountId", i.site_id AS "siteId", i.platform, i.config_json AS config,
    i.credentials_json AS "credentialsEncrypted", i.is_active AS "isActive", i.sync_enabled AS "syncEnabled",
    i.sync_status AS "syncStatus", i.last_sync_at AS "lastSyncAt", i.sync_error AS "syncError",
    i.connection_status AS "connectionStatus", i.paused_until AS "pausedUntil", i.pauses, i.created_at AS "createdAt", i.updated_at AS "updatedAt",
    s.name AS "siteName", s.api_key_last4 AS "apiKeyLast4"
  FROM site_integration i JOIN site s ON s.id = i.site_id AND s.account_id = i.account_id`;

/** $2 is the only site of a scope that is bound to one, $3 to $5 what the caller filters by; null leaves each out. */
const filtered = `
  WHERE i.account_id = $1 AND ($2::int IS NULL OR i.site_id = $2) AND ($3::int IS NULL OR i.site_id = $3)
    AND ($4::text IS NULL OR i.platform = $4) AND ($5::boolean IS NULL OR i.is_active = $5)`;

const list = `${select} ${filtered} ORDER BY i.id LIMIT $6 OFFSET $7`;
const count = `SELECT count(*)::int AS count FROM site_integration i ${filtered}`;
const get = `${select} WHERE i.account_id = $1 AND ($2::int IS NULL OR i.site_id = $2) AND i.id = $3`;

function nested({ siteName, apiKeyLast4, ...row }: FlatRow): IntegrationView {
  return { ...row, site: { name: siteName, apiKeyLast4 } };
}
