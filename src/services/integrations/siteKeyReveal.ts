import { CallerError } from '../../errors.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { VaultError } from '../../security/credentialVault.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { SiteService } from '../sites/site.service.ts';
import type { IntegrationService } from './integration.service.ts';
import type { IntegrationRow } from './integrationRow.ts';
import type { SiteConnections } from './openConnection.ts';

interface Parts {
  integrations: IntegrationService;
  platforms: PlatformRegistry;
  connections: SiteConnections;
  sites: SiteService;
  events: EventLog;
}

/** Shows an admin the key of an integration's site. */
export class SiteKeyReveal {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Returns the whole key and records an event that names the user. Throws 404, and 422 when there is no key
   * or it cannot be decrypted.
   */
  async reveal(scope: TenantScope, id: number): Promise<string> {
    const row = await this.#parts.integrations.get(scope, id);
    const platform = this.#parts.platforms.get(row.platform);
    const key = platform.capabilities.usesSiteKey ? await this.#open(row) : null;
    if (key === null)
      throw new CallerError('unprocessable', 'There is no API key to reveal: the site has none.', {
        code: 'no_api_key',
      });
    await this.#parts.events.recordAlone({
      accountId: row.accountId,
      siteId: row.siteId,
      integrationId: row.id,
      type: 'credentials',
      action: 'api_key_revealed',
      details: { user_id: scope.userId },
    });
    return key;
  }

  async #open(row: IntegrationRow): Promise<string | null> {
    try {
      return await this.#parts.sites.openKey(row.site);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      await this.#parts.connections.recordUnreadable(row, error);
      throw new CallerError(
        'unprocessable',
        'The stored API key cannot be decrypted. Put the key that encrypted it back into CREDENTIAL_KEYS, or rotate the API key of the site.',
        { code: 'credentials_unreadable' },
      );
    }
  }
}
