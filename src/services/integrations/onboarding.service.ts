import type { Database, Transaction } from '../../database/client.ts';
import type { Site } from '../../database/generated/client.ts';
import { isUniqueViolation } from '../../database/uniqueViolation.ts';
import { CallerError } from '../../errors.ts';
import type { ConnectionTestResult, OnboardingPart } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { VaultError } from '../../security/credentialVault.ts';
import { matchesSiteKey } from '../../security/siteKey.ts';
import { hasRole, type TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { ConnectionTestService } from './connectionTest.service.ts';
import { configOf } from './integrationConfig.ts';
import type { IntegrationRow } from './integrationRow.ts';
import type { SiteConnections } from './openConnection.ts';
import { type ConnectedSite, connectedHome } from './siteCopies.ts';

/** Where the site is, from `POST …/integrations/test-connection`. */
export interface OnboardingRequest {
  siteUrl: string;
  /** The site was rebuilt or moved; see `SyncRequest.moved`. */
  moved: boolean;
  /** The installation of the plugin; null if the caller names none. */
  installation: string | null;
}

/** A site that its caller may connect. */
export interface AdmittedSite {
  site: Site;
  /** The user who owns the site; null when only the site key admits the caller. */
  userId: number | null;
}

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  tests: ConnectionTestService;
  connections: SiteConnections;
  events: EventLog;
  /** Releases what waited for the site to be connected, in the transaction of the connection. */
  release: (tx: Transaction, site: ConnectedSite) => Promise<void>;
}

type Connected = { result: ConnectionTestResult; integrationId: number | null } | null;

/** Connects sites at their own request. */
export class OnboardingService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Admits a caller that presents the site key, or a user of the site's account. `apiKey` is undefined when the
   * caller has only a token. Returns null, after the same work, when the site is unknown or has another key.
   * Throws 422 when the site has no key.
   */
  async admit(
    caller: TenantScope | null,
    siteId: number,
    apiKey: string | undefined,
  ): Promise<AdmittedSite | null> {
    const site = await this.#parts.db.site.findUnique({ where: { id: siteId }, include: { account: true } });
    const keyGiven = apiKey !== undefined;
    const keyMatches = matchesSiteKey(apiKey ?? '', site?.apiKeyHash ?? null);
    const owns = caller !== null && caller.accountId === site?.accountId && hasRole(caller, 'editor');
    const allowed = keyGiven ? keyMatches : owns;
    if (!site?.account.isActive || !allowed) return null;
    if (site.apiKeyHash === null) {
      throw new CallerError(
        'unprocessable',
        'The site has no API key yet. Make one at /api/v1/sites/{id}/api-key.',
        { code: 'no_api_key' },
      );
    }
    return { site, userId: owns ? caller.userId : null };
  }

  /**
   * Connects a site. A test runs first; the writes follow in one transaction. So neither a failed test nor a
   * crash leaves an integration behind. A copy of a connected site is refused, unless the caller says that the
   * site moved. Returns null if the site key has changed since `admit`.
   */
  async connect({ site, userId }: AdmittedSite, request: OnboardingRequest): Promise<Connected> {
    const platform = this.#parts.platforms.onboarding();
    const where = { siteId_platform: { siteId: site.id, platform: platform.name } };
    const known = await this.#parts.db.siteIntegration.findUnique({ where, include: { site: true } });
    const other = known && otherHome(platform.onboards, known, request);
    const refused = other && (await platform.onboards.refuseOtherHome(other));
    const credentials = known && (await this.#credentialsFor(known, request));
    const result =
      refused ||
      (await this.#parts.tests.run(platform, {
        id: known?.id ?? null,
        accountId: site.accountId,
        siteId: site.id,
        platform: platform.name,
        credentialsEncrypted: credentials,
        config: { ...(known ? configOf(known).json : {}), site_url: request.siteUrl },
        site,
      }));
    const details = { onboarding: true, user_id: userId };
    if (!result.success) {
      // The test was of the requested URL, which may not be the stored URL. So it is no check of the
      // integration.
      await this.#parts.tests.record(
        this.#parts.db,
        site.accountId,
        site.id,
        known?.id ?? null,
        result,
        details,
      );
      return { result, integrationId: null };
    }
    const store = () => this.#store(site, request, result, details);
    // A user may create the integration between the read and the write. The second attempt then updates it.
    return store().catch((error: unknown) => {
      if (isUniqueViolation(error)) return store();
      throw error;
    });
  }

  /**
   * The encrypted credentials that may be sent to the requested address. What opens the door of a site is not sent to
   * another home, where a site key alone may have moved the site. Unreadable credentials stay, for the test to tell.
   */
  async #credentialsFor(known: IntegrationRow, { siteUrl }: OnboardingRequest): Promise<string | null> {
    const home = connectedHome(known) ?? known.site.url;
    const { areTwoHomes } = this.#parts.platforms.onboarding().onboards;
    if (!areTwoHomes(siteUrl, home)) return known.credentialsEncrypted;
    return this.#parts.connections.sealWithout(known, ['outer']).catch((error: unknown) => {
      if (error instanceof VaultError) return known.credentialsEncrypted;
      throw error;
    });
  }

  /** Stores the integration after a passed test. Returns null if the site key has changed meanwhile. */
  #store(
    site: Site,
    request: OnboardingRequest,
    result: ConnectionTestResult,
    details: { onboarding: boolean; user_id: number | null },
  ): Promise<Connected> {
    const { name: platform, onboards } = this.#parts.platforms.onboarding();
    const where = { siteId_platform: { siteId: site.id, platform } };
    return this.#parts.db.$transaction(async (tx) => {
      // The site key may have changed while the test ran. The lock keeps it unchanged until the commit. The
      // lock is NO KEY UPDATE, because a transaction that inserts an event shares the key of the row. With a
      // stronger lock both transactions could wait for each other.
      const [now] = await tx.$queryRaw<{ api_key_hash: string | null }[]>`
      SELECT api_key_hash FROM site WHERE id = ${site.id} AND account_id = ${site.accountId} FOR NO KEY UPDATE`;
      if (now?.api_key_hash !== site.apiKeyHash) return null;
      // This lock keeps a simultaneous change of `config_json`, by a user or by the site, from being
      // overwritten.
      await tx.$queryRaw`
      SELECT id FROM site_integration WHERE site_id = ${site.id} AND platform = ${platform} FOR UPDATE`;
      const before = await tx.siteIntegration.findUnique({ where, include: { site: true } });
      const other = before && otherHome(onboards, before, request);
      if (other) return { result: await onboards.refuseOtherHome(other), integrationId: null };
      const row = await tx.siteIntegration.upsert({
        where,
        create: {
          accountId: site.accountId,
          siteId: site.id,
          platform,
          config: { site_url: request.siteUrl },
          installationId: request.installation,
        },
        update: {
          ...(before ? { credentialsEncrypted: await this.#credentialsFor(before, request) } : {}),
          config: { ...(before ? configOf(before).json : {}), site_url: request.siteUrl },
          installationId: request.installation,
          ...(request.moved ? { movedAt: new Date() } : {}),
        },
        include: { site: true },
      });
      await this.#parts.tests.keep(tx, row, result, { isTested: true });
      await this.#parts.release(tx, row);
      await this.#parts.events.record(tx, {
        accountId: row.accountId,
        siteId: row.siteId,
        integrationId: row.id,
        type: 'integration',
        action: before ? 'reconnected' : 'created',
        details: { platform: row.platform, ...details },
      });
      await this.#parts.tests.record(tx, row.accountId, row.siteId, row.id, result, details);
      return { result, integrationId: row.id };
    });
  }
}

/** The home of the connected site and the asked one, if they are not the same; null if the site may connect. */
function otherHome(
  { areTwoHomes }: OnboardingPart,
  connected: ConnectedSite,
  { siteUrl, moved }: OnboardingRequest,
): { connected: string; asked: string } | null {
  const home = connectedHome(connected);
  return home !== null && !moved && areTwoHomes(siteUrl, home) ? { connected: home, asked: siteUrl } : null;
}
