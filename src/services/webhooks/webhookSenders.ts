import type { Database } from '../../database/client.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { WebhookHeaders, WebhookPart } from '../../platforms/webhookPart.ts';
import { VaultError } from '../../security/credentialVault.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { OwnedIntegration, SiteConnections } from '../integrations/openConnection.ts';

/** Finds out for which integrations a webhook of a platform's own form was sent. */
export class WebhookSenders {
  readonly #db: Database;
  readonly #connections: SiteConnections;

  constructor(parts: { db: Database; connections: SiteConnections }) {
    this.#db = parts.db;
    this.#connections = parts.connections;
  }

  /**
   * The integrations whose credentials prove that it was sent for them: several, where several sites are connected
   * to the same shop. None when it names none, or the proof fits none. Throws VaultError when it cannot be told.
   */
  async find(
    platform: Platform,
    webhooks: WebhookPart,
    rawBody: Buffer,
    headers: WebhookHeaders,
  ): Promise<OwnedIntegration[]> {
    const claimed = webhooks.senderOf(headers);
    if (claimed === null) return [];
    const proven: OwnedIntegration[] = [];
    let unreadable: VaultError | null = null;
    for (const integration of await this.#named(platform.name, JSON.stringify(claimed))) {
      try {
        const credentials = await this.#connections.openCredentials(integration);
        const config = configOf(integration).json;
        if (webhooks.isGenuine(rawBody, headers, { config, credentials })) proven.push(integration);
      } catch (error) {
        // That of another integration with the same shop may well be readable.
        if (!(error instanceof VaultError)) throw error;
        unreadable = error;
      }
    }
    if (proven.length === 0 && unreadable !== null) throw unreadable;
    return proven;
  }

  /** Those of active accounts that hold this in `config_json`, which is JSON. */
  async #named(platform: string, config: string): Promise<OwnedIntegration[]> {
    const found = await this.#db.$queryRaw<{ id: number }[]>`
      SELECT id FROM site_integration WHERE platform = ${platform} AND config_json @> ${config}::jsonb`;
    if (found.length === 0) return [];
    return this.#db.siteIntegration.findMany({
      where: { id: { in: found.map(({ id }) => id) }, site: { account: { isActive: true } } },
      orderBy: { id: 'asc' },
    });
  }
}
