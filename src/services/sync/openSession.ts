import type { SitePaces } from '../../outbound/sitePace.ts';
import type { ContentSession, TypeOfSite } from '../../platforms/contentPart.ts';
import { notSupported, type PlatformRegistry } from '../../platforms/registry.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import type { SiteConnections } from '../integrations/openConnection.ts';

interface Parts {
  platforms: PlatformRegistry;
  connections: SiteConnections;
  paces: SitePaces;
}

/** Opens the content part of a platform for an integration, at the pace that its site bears. */
export class ContentSessions {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws 501 where the platform has no content part, VaultError, RemoteError. `signal` ends all that is under way. */
  async open(integration: IntegrationRow, signal: AbortSignal): Promise<ContentSession> {
    const platform = this.#parts.platforms.get(integration.platform);
    if (!platform.content) throw notSupported(platform.name, 'content');
    const { concurrency } = configOf(integration).syncSettings;
    const connection = await this.#parts.connections.open(integration, integration.site);
    const pace = this.#parts.paces.open(String(integration.id), { atOnce: concurrency, signal });
    return platform.content.open(connection, pace);
  }
}

/** A content type as the stored structure knows it. */
export function typeOfSite(integration: Pick<IntegrationRow, 'config'>, slug: string): TypeOfSite {
  const types = configOf(integration).contentTypes?.post_types ?? {};
  return { slug, structure: Object.hasOwn(types, slug) ? (types[slug] ?? null) : null };
}
