import type { Database } from '../../database/client.ts';
import type { Site } from '../../database/generated/client.ts';
import { isUniqueViolation } from '../../database/uniqueViolation.ts';
import { CallerError } from '../../errors.ts';
import type { ConnectionTestResult } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { matchesSiteKey } from '../../security/siteKey.ts';
import { hasRole, type TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { ConnectionTestService } from './connectionTest.service.ts';
import { configOf } from './integrationConfig.ts';

/** A site's wish to be connected, as it comes to the collection's test-connection. */
export interface OnboardingRequest {
  siteId: number;
  siteUrl: string;
  /** What came in the body or in a header; undefined when only a token speaks for the caller. */
  apiKey: string | undefined;
  /** The site was rebuilt or moved; see `SyncRequest.moved`. */
  moved: boolean;
}

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  tests: ConnectionTestService;
  events: EventLog;
}

/** Connects sites that ask for it themselves. */
export class OnboardingService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Connects a site that presents its key, or whose account's user does: test first, then write, in one
   * transaction, so that neither a failed test nor a crash leaves an integration behind.
   * Returns null, after the same work, when the site is unknown or the key is not its own.
   */
  async connect(
    caller: TenantScope | null,
    request: OnboardingRequest,
  ): Promise<{ result: ConnectionTestResult; integrationId: number | null } | null> {
    const site = await this.#parts.db.site.findUnique({
      where: { id: request.siteId },
      include: { account: true },
    });
    const keyGiven = request.apiKey !== undefined;
    const keyMatches = matchesSiteKey(request.apiKey ?? '', site?.apiKeyHash ?? null);
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

    const platform = this.#parts.platforms.onboarding();
    const where = { siteId_platform: { siteId: site.id, platform: platform.name } };
    const known = await this.#parts.db.siteIntegration.findUnique({ where });
    const result = await this.#parts.tests.run(platform, {
      id: known?.id ?? 0,
      accountId: site.accountId,
      siteId: site.id,
      platform: platform.name,
      credentialsEncrypted: known?.credentialsEncrypted ?? null,
      config: { ...(known ? configOf(known).json : {}), site_url: request.siteUrl },
      site,
    });
    const details = { onboarding: true, user_id: owns ? caller.userId : null };
    if (!result.success) {
      // Said of the address that was asked for, which need not be the stored one: no check of the integration.
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
    // A user may create the integration between our look and our write; the second time it is there to be updated.
    return store().catch((error: unknown) => {
      if (isUniqueViolation(error)) return store();
      throw error;
    });
  }

  /** Stores the integration of a site whose test passed; null where the site's key has changed since the test. */
  #store(
    site: Site,
    request: OnboardingRequest,
    result: ConnectionTestResult,
    details: { onboarding: boolean; user_id: number | null },
  ): Promise<{ result: ConnectionTestResult; integrationId: number } | null> {
    const { name: platform } = this.#parts.platforms.onboarding();
    const where = { siteId_platform: { siteId: site.id, platform } };
    return this.#parts.db.$transaction(async (tx) => {
      // The key may have been changed while the test ran; the lock keeps it until the commit. NO KEY UPDATE,
      // as inserting an event elsewhere shares the row's key and must not wait for us while we wait for it.
      const [now] = await tx.$queryRaw<{ api_key_hash: string | null }[]>`
      SELECT api_key_hash FROM site WHERE id = ${site.id} AND account_id = ${site.accountId} FOR NO KEY UPDATE`;
      if (now?.api_key_hash !== site.apiKeyHash) return null;
      // Held, too: what a user or the site itself changes in `config_json` meanwhile must not be written over.
      await tx.$queryRaw`
      SELECT id FROM site_integration WHERE site_id = ${site.id} AND platform = ${platform} FOR UPDATE`;
      const before = await tx.siteIntegration.findUnique({ where });
      const row = await tx.siteIntegration.upsert({
        where,
        create: {
          accountId: site.accountId,
          siteId: site.id,
          platform,
          config: { site_url: request.siteUrl },
        },
        update: {
          config: { ...(before ? configOf(before).json : {}), site_url: request.siteUrl },
          ...(request.moved ? { movedAt: new Date() } : {}),
        },
        include: { site: true },
      });
      await this.#parts.tests.keep(tx, row, result, { isTested: true });
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
