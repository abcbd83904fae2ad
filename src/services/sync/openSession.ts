import type { Database } from '../../database/client.ts';
import type { SitePaces } from '../../outbound/sitePace.ts';
import type { ContentSession, Pace, TypeOfSite } from '../../platforms/contentPart.ts';
import { notSupported, type PlatformRegistry } from '../../platforms/registry.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import type { SiteConnections } from '../integrations/openConnection.ts';
import { openSizeMemory } from './sizeMemory.ts';

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  connections: SiteConnections;
  paces: SitePaces;
}

/** How a session is used. */
interface SessionUse {
  /** Aborts all requests of the session. */
  signal: AbortSignal;
  /** Called immediately before each write to the site. Throws if the user of the session may not write. */
  beforeWrite: () => Promise<void>;
  /** Carries out each request, with the waits that the pace of the site demands. */
  during?: <T>(request: () => Promise<T>) => Promise<T>;
}

/** Opens content sessions for integrations. A session keeps to the pace of its site. */
export class ContentSessions {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Opens a session. Throws 501 if the platform has no content part,
   * VaultError, RemoteError.
   */
  async open(
    integration: IntegrationRow,
    { signal, beforeWrite, during }: SessionUse,
  ): Promise<ContentSession> {
    const platform = this.#parts.platforms.get(integration.platform);
    if (!platform.content) throw notSupported(platform.name, 'content');
    const { concurrency } = configOf(integration).syncSettings;
    const connection = await this.#parts.connections.open(integration, integration.site);
    const pace = this.#parts.paces.open(String(integration.id), { atOnce: concurrency, signal, beforeWrite });
    const sizes = await openSizeMemory(this.#parts.db, integration);
    if (during === undefined) return platform.content.open(connection, pace, sizes);
    const waiting: Pace = {
      ...pace,
      send: (request, options) => during(() => pace.send(request, options)),
    };
    return platform.content.open(connection, waiting, sizes);
  }
}

/** Returns a content type with its part of the stored structure; the part is null if it is missing. */
export function typeOfSite(integration: Pick<IntegrationRow, 'config'>, slug: string): TypeOfSite {
  const types = configOf(integration).contentTypes?.post_types ?? {};
  return { slug, structure: Object.hasOwn(types, slug) ? (types[slug] ?? null) : null };
}
