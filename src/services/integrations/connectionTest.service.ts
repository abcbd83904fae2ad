import type { Database, Transaction } from '../../database/client.ts';
import { isUniqueViolation } from '../../database/uniqueViolation.ts';
import { CallerError, type RemoteError } from '../../errors.ts';
import type { ConnectionTestResult, Platform } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { VaultError } from '../../security/credentialVault.ts';
import { matchesSiteKey } from '../../security/siteKey.ts';
import { hasRole, type TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationService } from './integration.service.ts';
import { configOf } from './integrationConfig.ts';
import { sameConnection } from './integrationInput.ts';
import { type IntegrationRow, lockIntegration } from './integrationRow.ts';
import type { OwnedIntegration, SiteConnections } from './openConnection.ts';

/** The platform that onboards itself by the collection's test-connection is the one that signs in with the site key. */
export interface OnboardingRequest {
  siteId: number;
  siteUrl: string;
  /** What came in the body or in a header; undefined when only a token speaks for the caller. */
  apiKey: string | undefined;
  /** The site was rebuilt or moved; see `SyncRequest.moved`. */
  moved: boolean;
}

/** Tests connections, keeps their history, and takes in a site that connects itself. */
export class ConnectionService {
  readonly #db: Database;
  readonly #platforms: PlatformRegistry;
  readonly #integrations: IntegrationService;
  readonly #connections: SiteConnections;
  readonly #events: EventLog;
  readonly #refusal: () => Promise<RemoteError | null>;
  readonly #onboarding: Platform;
  readonly #observe: (platform: string, result: ConnectionTestResult) => void;

  /**
   * `refusal` says why this server may call no site now, `onboarding` is the platform whose sites connect themselves,
   * `observe` hears of every result, for metrics.
   */
  constructor(parts: {
    db: Database;
    platforms: PlatformRegistry;
    integrations: IntegrationService;
    connections: SiteConnections;
    events: EventLog;
    refusal: () => Promise<RemoteError | null>;
    onboarding: Platform;
    observe: (platform: string, result: ConnectionTestResult) => void;
  }) {
    this.#db = parts.db;
    this.#platforms = parts.platforms;
    this.#integrations = parts.integrations;
    this.#connections = parts.connections;
    this.#events = parts.events;
    this.#refusal = parts.refusal;
    this.#onboarding = parts.onboarding;
    this.#observe = parts.observe;
  }

  /** Tests an integration as it is stored. A failed test is a result, not an error. Throws 404. */
  async test(scope: TenantScope, integrationId: number): Promise<ConnectionTestResult> {
    const row = await this.#integrations.get(scope, integrationId);
    const platform = this.#platforms.get(row.platform);
    const result = await this.#run(platform, row);
    await this.#db.$transaction(async (tx) => {
      await lockIntegration(tx, row.id);
      // Deleted while the test ran: the record still says that it happened.
      const still = await tx.siteIntegration.findUnique({
        where: { id: row.id },
        select: { config: true, credentialsEncrypted: true },
      });
      // Changed meanwhile: the result is on record, and what is there now has not been tested.
      const isTested =
        still?.credentialsEncrypted === row.credentialsEncrypted && sameConnection(still.config, row.config);
      // A server that may not call the site has learned nothing of the connection.
      if (still && result.code !== 'server_paused') await this.#keep(tx, row, result, { isTested });
      await this.#record(tx, row.accountId, row.siteId, row.id, result, { user_id: scope.userId });
    });
    return result;
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
    const site = await this.#db.site.findUnique({
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

    const where = { siteId_platform: { siteId: site.id, platform: this.#onboarding.name } };
    const known = await this.#db.siteIntegration.findUnique({ where });
    const result = await this.#run(this.#onboarding, {
      id: known?.id ?? 0,
      accountId: site.accountId,
      siteId: site.id,
      platform: this.#onboarding.name,
      credentialsEncrypted: known?.credentialsEncrypted ?? null,
      config: { ...(known ? configOf(known).json : {}), site_url: request.siteUrl },
      site,
    });
    const details = { onboarding: true, user_id: owns ? caller.userId : null };
    if (!result.success) {
      // Said of the address that was asked for, which need not be the stored one: no check of the integration.
      await this.#record(this.#db, site.accountId, site.id, known?.id ?? null, result, details);
      return { result, integrationId: null };
    }
    const store = () =>
      this.#db.$transaction(async (tx) => {
        // The key may have been changed while the test ran; the lock keeps it until the commit. NO KEY UPDATE,
        // as inserting an event elsewhere shares the row's key and must not wait for us while we wait for it.
        const [now] = await tx.$queryRaw<{ api_key_hash: string | null }[]>`
        SELECT api_key_hash FROM site WHERE id = ${site.id} AND account_id = ${site.accountId} FOR NO KEY UPDATE`;
        if (now?.api_key_hash !== site.apiKeyHash) return null;
        // Held, too: what a user or the site itself changes in `config_json` meanwhile must not be written over.
        await tx.$queryRaw`
        SELECT id FROM site_integration WHERE site_id = ${site.id} AND platform = ${this.#onboarding.name} FOR UPDATE`;
        const before = await tx.siteIntegration.findUnique({ where });
        const row = await tx.siteIntegration.upsert({
          where,
          create: {
            accountId: site.accountId,
            siteId: site.id,
            platform: this.#onboarding.name,
            config: { site_url: request.siteUrl },
          },
          update: {
            config: { ...(before ? configOf(before).json : {}), site_url: request.siteUrl },
            ...(request.moved ? { movedAt: new Date() } : {}),
          },
          include: { site: true },
        });
        await this.#keep(tx, row, result, { isTested: true });
        await this.#events.record(tx, {
          accountId: row.accountId,
          siteId: row.siteId,
          integrationId: row.id,
          type: 'integration',
          action: before ? 'reconnected' : 'created',
          details: { platform: row.platform, ...details },
        });
        await this.#record(tx, row.accountId, row.siteId, row.id, result, details);
        return { result, integrationId: row.id };
      });
    // A user may create the integration between our look and our write; the second time it is there to be updated.
    return store().catch((error: unknown) => {
      if (isUniqueViolation(error)) return store();
      throw error;
    });
  }

  async #run(
    platform: Platform,
    row: OwnedIntegration & Pick<IntegrationRow, 'site'>,
  ): Promise<ConnectionTestResult> {
    const refusal = await this.#refusal();
    const result = refusal === null ? await this.#ask(platform, row) : untried(refusal);
    this.#observe(platform.name, result);
    return result;
  }

  #ask(
    platform: Platform,
    row: OwnedIntegration & Pick<IntegrationRow, 'site'>,
  ): Promise<ConnectionTestResult> {
    return this.#connections.open(row, row.site).then(
      (connection) => platform.testConnection(connection),
      (error: unknown) => {
        if (error instanceof VaultError) return unreadable(error);
        throw error;
      },
    );
  }

  async #keep(
    tx: Transaction,
    row: IntegrationRow,
    result: ConnectionTestResult,
    { isTested }: { isTested: boolean },
  ): Promise<void> {
    const owner = { accountId: row.accountId, siteId: row.siteId, integrationId: row.id };
    await tx.connectionCheck.create({
      data: {
        ...owner,
        success: result.success,
        code: result.code,
        result: JSON.parse(JSON.stringify(result)),
      },
    });
    if (!isTested) return;
    await tx.siteIntegration.update({
      where: { id: row.id },
      data: result.success
        ? // A site that answers again is not left alone any longer.
          { connectionStatus: 'healthy', pausedUntil: null, pauses: 0 }
        : { connectionStatus: 'failing' },
    });
  }

  async #record(
    tx: Transaction,
    accountId: number,
    siteId: number,
    integrationId: number | null,
    result: ConnectionTestResult,
    details: { onboarding?: boolean; user_id: number | null },
  ): Promise<void> {
    await this.#events.record(tx, {
      accountId,
      siteId,
      integrationId,
      type: 'connection',
      action: 'tested',
      success: result.success,
      details: { code: result.code, stage: result.stage, ...details },
      error: result.success ? null : result.message,
      durationMs: result.latency_ms,
    });
  }
}

function unreadable(error: VaultError): ConnectionTestResult {
  return {
    success: false,
    code: 'credentials_unreadable',
    message: 'The stored credentials cannot be decrypted.',
    hint: 'Put the key that encrypted them back into CREDENTIAL_KEYS, or enter the credentials anew.',
    stage: 'credentials',
    retryable: false,
    latency_ms: 0,
    checks: [
      { name: 'credentials', ok: false, ms: 0, code: 'credentials_unreadable', detail: error.message },
    ],
    remote: {},
  };
}

/** The result of a test that was not begun, as this server may call nobody. */
function untried({ code, message }: RemoteError): ConnectionTestResult {
  return {
    success: false,
    code,
    message,
    hint: 'The operator of this server has to say which server the database belongs to.',
    stage: 'server',
    retryable: false,
    latency_ms: 0,
    checks: [{ name: 'server', ok: false, ms: 0, code }],
    remote: {},
  };
}
