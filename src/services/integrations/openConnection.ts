import { z } from 'zod';
import type { Database, Transaction } from '../../database/client.ts';
import type { Site, SiteIntegration } from '../../database/generated/client.ts';
import type { Connection, Credentials, JsonObject, OuterAccess } from '../../platforms/connection.ts';
import { type CredentialVault, VaultError } from '../../security/credentialVault.ts';
import type { EventInput, EventLog } from '../events/eventLog.ts';
import type { ServerIdentity } from '../server/serverIdentity.ts';
import type { SiteService } from '../sites/site.service.ts';
import { configOf } from './integrationConfig.ts';

type OwnedSite = Pick<Site, 'id' | 'accountId' | 'url' | 'apiKeyEncrypted'>;
export type OwnedIntegration = Pick<
  SiteIntegration,
  'id' | 'accountId' | 'siteId' | 'platform' | 'config' | 'credentialsEncrypted'
>;

/** An integration that may not be stored yet: its id is null then. */
export type OpenableIntegration = Omit<OwnedIntegration, 'id'> & { id: number | null };

/** The entry of the secrets that a platform keeps, as JSON. No credential has this name. */
const KEPT = '#kept';

const textsShape = z.record(z.string(), z.string());
const outerShape = z.object({
  basic: z.object({ username: z.string(), password: z.string() }).exactOptional(),
  headers: textsShape.exactOptional(),
});
const storedShape = z
  .object({ outer: outerShape.optional(), [KEPT]: z.string().optional() })
  .catchall(z.string());

interface Parts {
  db: Database;
  vault: CredentialVault;
  sites: SiteService;
  events: EventLog;
  server: ServerIdentity;
}

/** Decrypts stored secrets for the time of one use. */
export class SiteConnections {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Returns everything that the platform needs to call the site. Throws VaultError when a secret cannot be
   * decrypted, after it has recorded the event `not_readable`.
   */
  async open(integration: OpenableIntegration, site: OwnedSite): Promise<Connection> {
    try {
      const config = configOf(integration).json;
      const address = config.site_url;
      const { credentials, outer, kept } = await this.#unseal(integration);
      let sealed = integration.credentialsEncrypted;
      return {
        serverId: await this.#parts.server.id(),
        siteId: site.id,
        siteUrl: typeof address === 'string' ? address : site.url,
        siteKey: await this.#parts.sites.openKey(site),
        credentials,
        outer,
        config,
        kept,
        keep: async (secrets) => {
          const all = { ...entered({ credentials, outer }), [KEPT]: JSON.stringify(secrets) };
          sealed = await this.#keep(integration, sealed, all);
        },
      };
    } catch (error) {
      if (error instanceof VaultError) await this.recordUnreadable(integration, error);
      throw error;
    }
  }

  /** Records that a stored secret could not be decrypted, in the caller's transaction if there is one. */
  async recordUnreadable(
    integration: Pick<OpenableIntegration, 'id' | 'accountId' | 'siteId'>,
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
    await (tx ? this.#parts.events.record(tx, event) : this.#parts.events.recordAlone(event));
  }

  /** The credentials that are texts. Throws VaultError when they cannot be decrypted. */
  async openCredentials(integration: OwnedIntegration): Promise<Credentials> {
    return (await this.#unseal(integration)).credentials;
  }

  /** All credentials as the user entered them. Throws VaultError when they cannot be decrypted. */
  async openEntered(integration: OwnedIntegration): Promise<JsonObject> {
    return entered(await this.#unseal(integration));
  }

  /**
   * The encrypted credentials, for the row, without those with these names and without all secrets that the
   * platform keeps; null if none are left. Throws VaultError when they cannot be decrypted.
   */
  async sealWithout(integration: OwnedIntegration, names: readonly string[]): Promise<string | null> {
    const left = Object.entries(await this.openEntered(integration)).filter(
      ([name]) => !names.includes(name),
    );
    return this.sealCredentials(integration, Object.fromEntries(left));
  }

  /** The encrypted credentials, for the row; null for empty credentials. */
  async sealCredentials(
    owner: Pick<OwnedIntegration, 'accountId' | 'siteId' | 'platform'>,
    credentials: JsonObject,
  ): Promise<string | null> {
    if (Object.keys(credentials).length === 0) return null;
    return this.#parts.vault.encrypt(owner, JSON.stringify(credentials));
  }

  /**
   * Stores the secrets of a platform together with the credentials from which they come, so that new
   * credentials also remove these secrets. Writes only while the row still holds `before`. Returns the last
   * known value of the row.
   */
  async #keep(
    integration: OpenableIntegration,
    before: string | null,
    all: JsonObject,
  ): Promise<string | null> {
    if (integration.id === null) return before;
    const sealed = await this.sealCredentials(integration, all);
    const { count } = await this.#parts.db.siteIntegration.updateMany({
      where: { id: integration.id, credentialsEncrypted: before },
      data: { credentialsEncrypted: sealed },
    });
    return count > 0 ? sealed : before;
  }

  async #unseal(
    integration: Omit<OwnedIntegration, 'id'>,
  ): Promise<OpenedCredentials & { kept: Credentials }> {
    if (integration.credentialsEncrypted === null) return { credentials: {}, outer: null, kept: {} };
    const text = await this.#parts.vault.decrypt(integration, integration.credentialsEncrypted);
    const { [KEPT]: kept, outer = null, ...texts } = storedShape.parse(JSON.parse(text));
    const keptTexts = kept === undefined ? {} : textsShape.parse(JSON.parse(kept));
    return { credentials: textsShape.parse(texts), outer, kept: keptTexts };
  }
}

interface OpenedCredentials {
  credentials: Credentials;
  outer: OuterAccess | null;
}

function entered({ credentials, outer }: OpenedCredentials): JsonObject {
  return outer === null ? credentials : { ...credentials, outer: { ...outer } };
}
