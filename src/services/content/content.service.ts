import type { Database } from '../../database/client.ts';
import type { Content, ContentStatus, SyncState } from '../../database/generated/client.ts';
import { notFound } from '../../errors.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import type { SiteService } from '../sites/site.service.ts';

export interface ContentFilter {
  siteId?: number;
  syncState?: SyncState;
  status?: ContentStatus;
  contentType?: string;
  /** Only contents with a higher id. */
  after?: number;
  limit: number;
}

interface Parts {
  db: Database;
  sites: SiteService;
}

/** Reads the stored contents of an account. */
export class ContentService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lists contents, oldest first; excluded contents only when the filter asks for them. `nextAfter` is null on the last page. Throws 404 for a foreign site. */
  async list(
    scope: TenantScope,
    filter: ContentFilter,
  ): Promise<{ contents: Content[]; nextAfter: number | null }> {
    if (filter.siteId !== undefined) await this.#parts.sites.get(scope, filter.siteId);
    const contents = await this.#parts.db.content.findMany({
      where: {
        ...inScope(scope),
        ...(filter.siteId === undefined ? {} : { siteId: filter.siteId }),
        syncState: filter.syncState ?? { not: 'excluded' },
        ...(filter.status === undefined ? {} : { status: filter.status }),
        ...(filter.contentType === undefined ? {} : { contentType: filter.contentType }),
        ...(filter.after === undefined ? {} : { id: { gt: filter.after } }),
      },
      orderBy: { id: 'asc' },
      take: filter.limit + 1,
    });
    const page = contents.slice(0, filter.limit);
    return { contents: page, nextAfter: contents.length > filter.limit ? (page.at(-1)?.id ?? null) : null };
  }

  /** Throws 404 for a content that is missing or outside the scope. */
  async get(scope: TenantScope, id: number): Promise<Content> {
    const content = await this.#parts.db.content.findFirst({ where: { id, ...inScope(scope) } });
    if (!content) throw notFound();
    return content;
  }
}
