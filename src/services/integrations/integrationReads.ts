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

/** The columns that are read, by the names of their fields. */
const columns = {
  id: 'id',
  accountId: 'account_id',
  siteId: 'site_id',
  platform: 'platform',
  config: 'config_json',
  credentialsEncrypted: 'credentials_json',
  isActive: 'is_active',
  syncEnabled: 'sync_enabled',
  syncStatus: 'sync_status',
  lastSyncAt: 'last_sync_at',
  syncError: 'sync_error',
  connectionStatus: 'connection_status',
  pausedUntil: 'paused_until',
  pauses: 'pauses',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
} as const satisfies Partial<Record<keyof SiteIntegration, string>>;

/** An integration as the API shows it. It has no field that is not read. */
export type IntegrationView = Pick<SiteIntegration, keyof typeof columns> & {
  site: Pick<Site, 'name' | 'apiKeyLast4'>;
};

type FlatRow = Omit<IntegrationView, 'site'> & { siteName: string; apiKeyLast4: string | null };

/**
 * The reads that a dashboard makes all the time, as prepared statements (`npm run bench:http`). The results are
 * the same as those of the Prisma client.
 */
export class IntegrationReads {
  readonly #pool: ReadPool;

  constructor(pool: ReadPool) {
    this.#pool = pool;
  }

  /** Returns a page of integrations, ordered by id, and the number of all of them. */
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

  /** Throws 404 for an integration that does not exist or is outside the scope. */
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
  SELECT ${Object.entries(columns).map(([field, column]) => `i.${column} AS "${field}"`)},
    s.name AS "siteName", s.api_key_last4 AS "apiKeyLast4"
  FROM site_integration i JOIN site s ON s.id = i.site_id AND s.account_id = i.account_id`;

/** $2 is the site of a scope that is bound to one site, $3 to $5 are the caller's filters. Null switches a filter off. */
const filtered = `
  WHERE i.account_id = $1 AND ($2::int IS NULL OR i.site_id = $2) AND ($3::int IS NULL OR i.site_id = $3)
    AND ($4::text IS NULL OR i.platform = $4) AND ($5::boolean IS NULL OR i.is_active = $5)`;

const list = `${select} ${filtered} ORDER BY i.id LIMIT $6 OFFSET $7`;
const count = `SELECT count(*)::int AS count FROM site_integration i ${filtered}`;
const get = `${select} WHERE i.account_id = $1 AND ($2::int IS NULL OR i.site_id = $2) AND i.id = $3`;

function nested({ siteName, apiKeyLast4, ...row }: FlatRow): IntegrationView {
  return { ...row, site: { name: siteName, apiKeyLast4 } };
}
