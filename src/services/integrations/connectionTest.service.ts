import type { Database, Transaction } from '../../database/client.ts';
import type { RemoteError } from '../../errors.ts';
import { WRITES_BLOCKED } from '../../platforms/contentWrite.ts';
import type { ConnectionTestResult, Platform } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import { VaultError } from '../../security/credentialVault.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationService } from './integration.service.ts';
import { sameConnection } from './integrationInput.ts';
import { type IntegrationRow, lockIntegration } from './integrationRow.ts';
import type { OpenableIntegration, SiteConnections } from './openConnection.ts';

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  integrations: IntegrationService;
  connections: SiteConnections;
  events: EventLog;
  refusal: () => Promise<RemoteError | null>;
  observe: (platform: string, result: ConnectionTestResult) => void;
}

/** Tests connections and stores the history of the tests. */
export class ConnectionTestService {
  readonly #parts: Parts;

  /** `refusal` returns why this server may call no site now. `observe` gets every result, for metrics. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Tests a stored integration. A failed test is a result, not an error. Throws 404. */
  async test(scope: TenantScope, integrationId: number): Promise<ConnectionTestResult> {
    const row = await this.#parts.integrations.get(scope, integrationId);
    const platform = this.#parts.platforms.get(row.platform);
    const result = await this.run(platform, row);
    await this.#parts.db.$transaction(async (tx) => {
      await lockIntegration(tx, row.id);
      // The integration may have been deleted while the test ran. The event is recorded all the same.
      const still = await tx.siteIntegration.findUnique({
        where: { id: row.id },
        select: { config: true, credentialsEncrypted: true },
      });
      // If the connection was changed meanwhile, the result is stored, but the new connection is untested.
      const isTested =
        still?.credentialsEncrypted === row.credentialsEncrypted && sameConnection(still.config, row.config);
      // A paused server has not called the site, so its result says nothing about the connection.
      if (still && result.code !== 'server_paused') await this.keep(tx, row, result, { isTested });
      await this.record(tx, row.accountId, row.siteId, row.id, result, { user_id: scope.userId });
    });
    return result;
  }

  /** Tests a connection, stored or not. On a paused server the result is `server_paused`. */
  async run(
    platform: Platform,
    row: OpenableIntegration & Pick<IntegrationRow, 'site'>,
  ): Promise<ConnectionTestResult> {
    const refusal = await this.#parts.refusal();
    const result = refusal === null ? await this.#ask(platform, row) : untried(refusal);
    this.#parts.observe(platform.name, result);
    return result;
  }

  #ask(
    platform: Platform,
    row: OpenableIntegration & Pick<IntegrationRow, 'site'>,
  ): Promise<ConnectionTestResult> {
    return this.#parts.connections.open(row, row.site).then(
      (connection) => platform.testConnection(connection),
      (error: unknown) => {
        if (error instanceof VaultError) return unreadable(error);
        throw error;
      },
    );
  }

  /**
   * Stores a test of an integration. With `isTested`, the result also becomes the status of the connection.
   */
  async keep(
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
        ? // The site responds again, so its pause ends.
          {
            connectionStatus: 'healthy',
            pausedUntil: null,
            pauses: 0,
            writesBlockedAt: result.code === WRITES_BLOCKED ? (row.writesBlockedAt ?? new Date()) : null,
          }
        : { connectionStatus: 'failing' },
    });
  }

  /** Records the event of a test. `integrationId` is null before the integration exists. */
  async record(
    tx: Transaction,
    accountId: number,
    siteId: number,
    integrationId: number | null,
    result: ConnectionTestResult,
    details: { onboarding?: boolean; user_id: number | null },
  ): Promise<void> {
    await this.#parts.events.record(tx, {
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
    hint: 'Put the key that encrypted them back into CREDENTIAL_KEYS, or enter the credentials again.',
    stage: 'credentials',
    retryable: false,
    latency_ms: 0,
    checks: [
      { name: 'credentials', ok: false, ms: 0, code: 'credentials_unreadable', detail: error.message },
    ],
    remote: {},
  };
}

/** The result of a test that was not started, because this server may call no site. */
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
