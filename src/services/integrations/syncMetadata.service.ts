import type { Database, Transaction } from '../../database/client.ts';
import { CallerError } from '../../errors.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { Platform, SiteSender, SiteStructure } from '../../platforms/platform.ts';
import { notSupported, type PlatformRegistry } from '../../platforms/registry.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationService } from './integration.service.ts';
import { configOf } from './integrationConfig.ts';
import { type IntegrationRow, lockIntegration } from './integrationRow.ts';
import type { SiteConnections } from './openConnection.ts';
import { connectedHome, isCopy } from './siteCopies.ts';
import { type ContentTypes, mergeStructure, TYPE_GONE_MESSAGE } from './storedStructure.ts';

/**
 * The latest accepted time of a report, from now. A later time would outdate every honest report.
 * Milliseconds.
 */
const aheadAtMost = 24 * 3_600_000;

/** The structure with the number and time of synced items of each type. */
export interface ContentTypesView
  extends Omit<ContentTypes, 'post_types' | 'taxonomies' | 'gone' | 'timestamp' | 'last_structure_fetch'> {
  post_types: Record<
    string,
    ContentTypes['post_types'][string] & { synced_count: number; last_synced_at: Date | null }
  >;
  taxonomies: Record<string, ContentTypes['taxonomies'][string] & { synced_count: number }>;
  last_structure_fetch: string | null;
}

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  integrations: IntegrationService;
  connections: SiteConnections;
  events: EventLog;
  now: () => number;
}

/** Stores the structure of sites: post types, taxonomies, plugin facts. */
export class SyncMetadataService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Reads the structure from the site and writes nothing. Throws RemoteError, VaultError and 501. */
  async readStructure(row: IntegrationRow): Promise<SiteStructure> {
    const platform = this.#withStructure(row);
    if (!platform.readStructure) throw notSupported(platform.name, 'structure');
    return platform.readStructure(await this.#parts.connections.open(row, row.site));
  }

  /**
   * Stores the report of a site. A report that is older than the stored structure changes nothing; `applied`
   * is then false. `sender` is the site that reports; null if it does not name itself. Throws 400 for a report
   * from the future, 404, 409 for the report of a copy of the site, 501.
   */
  async update(
    scope: TenantScope,
    id: number,
    report: SiteStructure,
    sender: SiteSender | null,
  ): Promise<{ applied: boolean; contentTypes: ContentTypes }> {
    const row = await this.#parts.integrations.get(scope, id);
    const { onboards } = this.#withStructure(row);
    if (onboards && isCopy(onboards, row, sender)) throw copyRefused(row, sender);
    if (Date.parse(report.timestamp) > this.#parts.now() + aheadAtMost) {
      throw new CallerError(
        'invalid_input',
        'timestamp: lies more than a day ahead. Set the clock of the site.',
        {
          fields: [
            {
              field: 'timestamp',
              code: 'in_future',
              message: 'Lies more than a day ahead. Set the clock of the site.',
            },
          ],
        },
      );
    }
    return this.#parts.db.$transaction(async (tx) => this.store(tx, scope, id, report, 'pushed'));
  }

  /**
   * Stores a report and its event in the caller's transaction. `source` says whether the site pushed the
   * report or the server fetched it.
   */
  async store(
    tx: Transaction,
    scope: TenantScope,
    id: number,
    report: SiteStructure,
    source: 'pushed' | 'fetched',
  ): Promise<{ applied: boolean; contentTypes: ContentTypes }> {
    await lockIntegration(tx, id);
    const row = await this.#parts.integrations.get(scope, id, tx);
    const config = configOf(row).json;
    const stored = configOf(row).contentTypes;
    const merged = mergeStructure(stored, report, new Date(this.#parts.now()));
    const contentTypes = merged ?? stored;
    if (!contentTypes) throw new Error('A first report is never older than the stored one.');
    if (merged) {
      const next: JsonObject = { ...config, content_types: JSON.parse(JSON.stringify(merged)) };
      await tx.siteIntegration.update({ where: { id }, data: { config: next } });
    }
    await this.#parts.events.record(tx, {
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      type: 'structure',
      action: merged ? source : 'outdated',
      details: {
        post_types: Object.keys(report.post_types).length,
        taxonomies: Object.keys(report.taxonomies).length,
        timestamp: report.timestamp,
        user_id: scope.userId,
      },
    });
    if (merged) await this.#tellGone(tx, row, stored, merged);
    return { applied: merged !== null, contentTypes };
  }

  /** Records which enabled types are gone from the site since the structure of before, and which are back. */
  async #tellGone(
    tx: Transaction,
    row: IntegrationRow,
    before: ContentTypes | null,
    now: ContentTypes,
  ): Promise<void> {
    const owner = {
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      type: 'structure',
    } as const;
    const enabled = (types: ContentTypes['post_types'] = {}) =>
      Object.entries(types)
        .flatMap(([slug, type]) => (type.enabled ? [slug] : []))
        .sort();
    const gone = enabled(now.gone?.post_types).filter(
      (slug) => before && Object.hasOwn(before.post_types, slug),
    );
    const back = enabled(before?.gone?.post_types).filter((slug) => Object.hasOwn(now.post_types, slug));
    if (gone.length > 0) {
      const details = { content_types: gone };
      const error = `${TYPE_GONE_MESSAGE} ${gone.join(', ')}.`;
      await this.#parts.events.record(tx, { ...owner, action: 'type_gone', success: false, error, details });
    }
    if (back.length > 0) {
      await this.#parts.events.record(tx, {
        ...owner,
        action: 'type_back',
        details: { content_types: back },
      });
    }
  }

  /**
   * The platform of an integration. Throws 501 for an integration that, with its configuration, has no
   * structure.
   */
  #withStructure({ platform: name, config }: Pick<IntegrationRow, 'platform' | 'config'>): Platform {
    if (!this.#parts.platforms.capabilitiesOf(name, configOf({ config }).json).structure)
      throw notSupported(name, 'structure');
    return this.#parts.platforms.get(name);
  }

  /** The structure, with the number and time of synced items of each type. Throws 404, 501. */
  async contentTypes(scope: TenantScope, id: number): Promise<ContentTypesView> {
    const row = await this.#parts.integrations.get(scope, id);
    this.#withStructure(row);
    const stored = configOf(row).contentTypes;
    const site = { accountId: row.accountId, siteId: row.siteId };
    const [contents, terms, readings] = await Promise.all([
      this.#parts.db.content.groupBy({
        by: ['contentType'],
        // The site does not count deleted items either, and excluded contents are not synced.
        where: {
          ...site,
          platform: row.platform,
          externalId: { not: null },
          syncState: { notIn: ['deleted_remote', 'excluded'] },
        },
        _count: { _all: true },
        _max: { lastSyncedAt: true },
      }),
      this.#parts.db.siteTerm.groupBy({
        by: ['taxonomy'],
        where: { ...site, platform: row.platform, deleted: false },
        _count: { _all: true },
      }),
      this.#parts.db.typeSync.findMany({ where: { integrationId: id } }),
    ]);
    const readAt = new Map(readings.map((reading) => [reading.contentType, reading.readAt]));
    const synced = new Map(contents.map((group) => [group.contentType, group]));
    const syncedTerms = new Map(terms.map((group) => [group.taxonomy, group._count._all]));
    return {
      post_types: Object.fromEntries(
        Object.entries(stored?.post_types ?? {}).map(([slug, type]) => [
          slug,
          {
            ...type,
            synced_count: synced.get(slug)?._count._all ?? 0,
            last_synced_at: later(readAt.get(slug), synced.get(slug)?._max.lastSyncedAt),
          },
        ]),
      ),
      taxonomies: Object.fromEntries(
        Object.entries(stored?.taxonomies ?? {}).map(([slug, type]) => [
          slug,
          { ...type, synced_count: syncedTerms.get(slug) ?? 0 },
        ]),
      ),
      plugin_connection_enabled: stored?.plugin_connection_enabled ?? false,
      two_way_sync_enabled: stored?.two_way_sync_enabled ?? false,
      last_structure_fetch: stored?.last_structure_fetch ?? null,
    };
  }
}

function copyRefused(row: IntegrationRow, sender: SiteSender | null): CallerError {
  const home = connectedHome(row);
  return new CallerError(
    'conflict',
    `The site is connected as ${home}, and this report is from ${sender?.home}, a copy of it. If the site has moved there, connect it there with "moved": true.`,
    { code: 'cloned_site' },
  );
}

function later(one: Date | null | undefined, other: Date | null | undefined): Date | null {
  if (!one || !other) return one ?? other ?? null;
  return one > other ? one : other;
}
