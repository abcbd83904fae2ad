import type { Database, Transaction } from '../../database/client.ts';
import type { Prisma } from '../../database/generated/client.ts';
import { isUniqueViolation } from '../../database/uniqueViolation.ts';
import { alreadyThere, invalidField, notFound } from '../../errors.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { VaultError } from '../../security/credentialVault.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import type { EventAction } from '../events/eventActions.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { SiteService } from '../sites/site.service.ts';
import { afterMove, configOf } from './integrationConfig.ts';
import {
  changedConfig,
  checkApiKey,
  checkPlatformType,
  checkUnmoved,
  mergedCredentials,
  type SentCredentials,
  sameConnection,
  splitCredentials,
  validConfig,
  validCredentials,
} from './integrationInput.ts';
import type { IntegrationFilter, IntegrationReads, IntegrationView } from './integrationReads.ts';
import { type IntegrationRow, lockIntegration, withSite } from './integrationRow.ts';
import type { SiteConnections } from './openConnection.ts';
import { applyChoices } from './storedStructure.ts';

export interface CreateIntegration {
  siteId: number;
  platform: string;
  platformType?: string | undefined;
  config?: JsonObject | null | undefined;
  credentials?: SentCredentials | null | undefined;
  apiKey?: string | undefined;
  isActive?: boolean | undefined;
  syncEnabled?: boolean | undefined;
}

export type UpdateIntegration = Partial<CreateIntegration>;

interface Parts {
  db: Database;
  reads: IntegrationReads;
  platforms: PlatformRegistry;
  connections: SiteConnections;
  sites: SiteService;
  events: EventLog;
  queue: JobQueue;
}

/** The integrations of an account: one per site and platform. An integration has the account of its site. */
export class IntegrationService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async list(
    scope: TenantScope,
    filter: IntegrationFilter,
  ): Promise<{ integrations: IntegrationView[]; count: number }> {
    // For a site that the caller may not see, the response is 404, not an empty list.
    if (filter.siteId !== undefined) await this.#parts.sites.get(scope, filter.siteId);
    return this.#parts.reads.list(scope, filter);
  }

  /** An integration as the API shows it. Throws 404 if it does not exist or is outside the scope. */
  view(scope: TenantScope, id: number): Promise<IntegrationView> {
    return this.#parts.reads.get(scope, id);
  }

  /** An integration with its whole site. Throws 404 if it does not exist or is outside the scope. */
  async get(scope: TenantScope, id: number, tx: Transaction = this.#parts.db): Promise<IntegrationRow> {
    const row = await tx.siteIntegration.findFirst({ where: { id, ...inScope(scope) }, include: withSite });
    if (!row) throw notFound();
    return row;
  }

  /**
   * Throws 400 for wrong input, 404 for a site outside the scope, and 409 when the site already has an
   * integration for this platform.
   */
  async create(scope: TenantScope, input: CreateIntegration): Promise<IntegrationRow> {
    const platform = this.#parts.platforms.choose(input.platform);
    checkPlatformType(platform, input.platformType);
    const { apiKeyInCredentials, credentials } = splitCredentials(input.credentials ?? {});
    const { content_types: choices, ...ownConfig } = input.config ?? {};
    const config = validConfig(platform, ownConfig);
    const valid = validCredentials(platform, mergedCredentials({}, credentials));
    const keys = { topLevel: input.apiKey, inCredentials: apiKeyInCredentials };
    const isKeyless = (keys.topLevel ?? keys.inCredentials) === undefined;
    // Checked before the site is read, because a missing key is wrong for every site.
    if (platform.capabilities.usesSiteKey && isKeyless)
      checkApiKey(platform, { apiKeyHash: null }, keys, 'required');
    const site = await this.#parts.sites.get(scope, input.siteId);
    checkApiKey(platform, site, keys, 'required');
    if (choices !== undefined) applyChoices(null, choices);
    const owner = { accountId: site.accountId, siteId: site.id, platform: platform.name };
    const sealed = await this.#parts.connections.sealCredentials(owner, valid);
    try {
      return await this.#parts.db.$transaction(async (tx) => {
        const row = await tx.siteIntegration.create({
          data: {
            ...owner,
            config,
            credentialsEncrypted: sealed,
            isActive: input.isActive ?? true,
            syncEnabled: input.syncEnabled ?? true,
          },
          include: withSite,
        });
        await this.#schedule(tx, row);
        await this.#recordChange(tx, scope, row, 'created', {});
        return row;
      });
    } catch (error) {
      if (isUniqueViolation(error))
        throw alreadyThere(`The site already has an integration for ${platform.name}.`);
      throw error;
    }
  }

  /**
   * Changes the given fields: absent fields stay, null clears a field, nested objects merge (RFC 7396). With
   * `replace`, absent settings go back to their defaults. Absent credentials stay, because a caller cannot
   * read them and so cannot send them back. Throws 400 and 404.
   */
  async update(
    scope: TenantScope,
    id: number,
    input: UpdateIntegration,
    options: { replace: boolean },
  ): Promise<IntegrationRow> {
    return this.#parts.db.$transaction(async (tx) => {
      await lockIntegration(tx, id);
      const row = await this.get(scope, id, tx);
      const platform = this.#parts.platforms.get(row.platform);
      checkUnmoved(row, input);
      checkPlatformType(platform, input.platformType);
      const { apiKeyInCredentials, credentials } = splitCredentials(input.credentials ?? {});
      checkApiKey(
        platform,
        row.site,
        { topLevel: input.apiKey, inCredentials: apiKeyInCredentials },
        'optional',
      );

      const data: Prisma.SiteIntegrationUpdateInput = {};
      if (input.config !== undefined || options.replace) {
        data.config = changedConfig(platform, configOf(row).json, input.config ?? null, options.replace);
      }
      if (input.credentials === null) data.credentialsEncrypted = null;
      else if (Object.keys(credentials).length > 0) {
        const merged = mergedCredentials(await this.#storedCredentials(tx, row), credentials);
        data.credentialsEncrypted = await this.#parts.connections.sealCredentials(
          row,
          validCredentials(platform, merged),
        );
      }
      if (input.isActive !== undefined || options.replace) data.isActive = input.isActive ?? true;
      if (input.syncEnabled !== undefined || options.replace) data.syncEnabled = input.syncEnabled ?? true;
      // The tested connection is not the stored connection any more.
      if (
        data.credentialsEncrypted !== undefined ||
        (data.config !== undefined && !sameConnection(data.config, row.config))
      ) {
        data.connectionStatus = 'untested';
      }
      const updated = await tx.siteIntegration.update({
        where: { id: row.id },
        data: { ...data, ...afterMove(row.config, data.config) },
        include: withSite,
      });
      if (data.config !== undefined) await this.#schedule(tx, updated);
      await this.#recordChange(tx, scope, updated, 'updated', { fields: Object.keys(data).sort() });
      return updated;
    });
  }

  /**
   * Deletes the integration with its checks and runs. The site, its contents and all events stay. Throws 404.
   */
  async delete(scope: TenantScope, id: number): Promise<void> {
    await this.#parts.db.$transaction(async (tx) => {
      await lockIntegration(tx, id);
      const row = await this.get(scope, id, tx);
      await this.#parts.queue.scheduleSync(tx, row.id, null);
      await releaseCreates(tx, row);
      await tx.siteIntegration.delete({ where: { id: row.id } });
      await this.#recordChange(tx, scope, row, 'deleted', {});
    });
  }

  /**
   * The stored credentials, for a merge. Empty if they cannot be decrypted, so that they can be entered
   * again.
   */
  async #storedCredentials(tx: Transaction, row: IntegrationRow): Promise<JsonObject> {
    try {
      return await this.#parts.connections.openEntered(row);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      await this.#parts.connections.recordUnreadable(row, error, tx);
      return {};
    }
  }

  /** Sets the queue's schedule to that of `sync_settings`. Throws 400 for a schedule that cannot be used. */
  async #schedule(tx: Transaction, row: IntegrationRow): Promise<void> {
    const { schedule } = configOf(row).syncSettings;
    const fault = schedule && this.#parts.queue.scheduleFault(schedule);
    if (fault) throw invalidField(`config_json.sync_settings.schedule.${fault.part}`, fault.message);
    await this.#parts.queue.scheduleSync(tx, row.id, schedule);
  }

  #recordChange(
    tx: Transaction,
    scope: TenantScope,
    row: IntegrationRow,
    action: EventAction<'integration'>,
    details: Prisma.InputJsonObject,
  ) {
    return this.#parts.events.record(tx, {
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      type: 'integration',
      action,
      details: { platform: row.platform, user_id: scope.userId, ...details },
    });
  }
}

/**
 * Contents whose create the deleted integration began and never finished may be created by another
 * integration.
 */
async function releaseCreates(
  tx: Transaction,
  { siteId, platform }: { siteId: number; platform: string },
): Promise<void> {
  await tx.content.updateMany({ where: { siteId, platform, externalId: null }, data: { platform: null } });
}
