import { z } from 'zod';
import type { Transaction } from '../database/client.ts';
import type { Site, SiteIntegration } from '../database/generated/client.ts';
import type { Connection, Credentials, JsonObject } from '../platforms/platform.ts';
import { type CredentialVault, VaultError } from '../security/credentialVault.ts';
import type { EventInput, EventLog } from './eventLog.ts';
import type { SiteService } from './site.service.ts';

type OwnedSite = Pick<Site, 'id' | 'accountId' | 'url' | 'apiKeyEncrypted'>;
export type OwnedIntegration = Pick<
  SiteIntegration,
  'id' | 'accountId' | 'siteId' | 'platform' | 'config' | 'credentialsEncrypted'
>;

const credentialsShape = z.record(z.string(), z.string());
const configShape: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Opens what is kept encrypted, for the time of one use. */
export class SiteConnections {
  readonly #vault: CredentialVault;
  readonly #sites: SiteService;
  readonly #events: EventLog;

  constructor(parts: { vault: CredentialVault; sites: SiteService; events: EventLog }) {
    this.#vault = parts.vault;
    this.#sites = parts.sites;
    this.#events = parts.events;
  }

  /** All that its platform needs to speak with the site. Throws VaultError, after an event that says so. */
  async open(integration: OwnedIntegration, site: OwnedSite): Promise<Connection> {
    try {
      const config = readConfigJson(integration.config);
      const address = config.site_url;
      return {
        siteId: site.id,
        siteUrl: typeof address === 'string' ? address : site.url,
        siteKey: await this.#sites.openKey(site),
        credentials: await this.openCredentials(integration),
        config,
      };
    } catch (error) {
      if (error instanceof VaultError) await this.recordUnreadable(integration, error);
      throw error;
    }
  }

  /** The event that a kept secret could not be opened; in the caller's transaction where there is one. */
  async recordUnreadable(
    integration: Pick<OwnedIntegration, 'id' | 'accountId' | 'siteId'>,
    error: VaultError,
    tx?: Transaction,
  ): Promise<void> {
    const event: EventInput = {
      accountId: integration.accountId,
      siteId: integration.siteId,
      integrationId: integration.id,
      type: 'credentials',
      action: 'not_readable',
      success: false,
      error: error.message,
    };
    await (tx ? this.#events.record(tx, event) : this.#events.recordAlone(event));
  }

  /** Throws VaultError when they cannot be decrypted. */
  async openCredentials(integration: OwnedIntegration): Promise<Credentials> {
    if (integration.credentialsEncrypted === null) return {};
    const text = await this.#vault.decrypt(integration, integration.credentialsEncrypted);
    return credentialsShape.parse(JSON.parse(text));
  }

  /** The credentials as they are kept; null for none. */
  async sealCredentials(
    owner: Pick<OwnedIntegration, 'accountId' | 'siteId' | 'platform'>,
    credentials: Credentials,
  ): Promise<string | null> {
    if (Object.keys(credentials).length === 0) return null;
    return this.#vault.encrypt(owner, JSON.stringify(credentials));
  }
}

/** `config_json` as kept: always an object. */
export function readConfigJson(config: SiteIntegration['config']): JsonObject {
  return configShape.parse(config);
}
