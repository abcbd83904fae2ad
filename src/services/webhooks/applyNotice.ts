import type { Transaction } from '../../database/client.ts';
import { Prisma, type SiteIntegration, type WebhookDelivery } from '../../database/generated/client.ts';
import type { ConnectionTestResult } from '../../platforms/platform.ts';
import type { IntegrationNotice } from '../../platforms/webhookPart.ts';
import type { EventLog } from '../events/eventLog.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { SiteConnections } from '../integrations/openConnection.ts';

interface Parts {
  connections: SiteConnections;
  events: EventLog;
}

export interface NoticeOutcome {
  /** `outdated`: the integration was connected again after the notice. Nothing was changed. */
  result: 'disconnected' | 'erased' | 'privacy_request' | 'outdated';
  /** null if the integration was deleted meanwhile. */
  integrationId: number | null;
  /** The sender's own name of the webhook. */
  name: string;
}

/** Applies a notice about a whole integration, in the caller's transaction, which holds the lock of the integration. */
export async function applyNotice(
  tx: Transaction,
  parts: Parts,
  delivery: Pick<WebhookDelivery, 'siteId'>,
  integrationId: number,
  notice: IntegrationNotice,
): Promise<NoticeOutcome> {
  const results = {
    disconnected: 'disconnected',
    erasure: 'erased',
    privacy_request: 'privacy_request',
  } as const;
  const { topic, name } = notice;
  const result = results[topic];
  const integration = await tx.siteIntegration.findFirst({
    where: { id: integrationId, siteId: delivery.siteId },
  });
  if (!integration) return { result, integrationId: null, name };
  if (topic === 'privacy_request') return { result, integrationId, name };
  if (topic === 'disconnected' && (await worksSince(tx, integration, notice.at))) {
    return { result: 'outdated', integrationId, name };
  }
  const details =
    topic === 'erasure'
      ? await erase(tx, integration)
      : await endCredentials(tx, parts, integration, notice.endedCredentials);
  if (notice.fault !== null) await failConnection(tx, integration, notice.fault);
  await parts.events.record(tx, {
    accountId: integration.accountId,
    siteId: integration.siteId,
    integrationId,
    type: 'integration',
    action: result === 'erased' ? 'erased' : 'disconnected',
    details: { platform: integration.platform, name, ...details },
  });
  return { result, integrationId, name };
}

/**
 * How far the sender's clock may be ahead of or behind ours. A notice may name its time in whole seconds.
 * Milliseconds.
 */
const clocksApartMs = 5_000;

/** Did a connection test pass after the notice? Then the connection was made again. */
async function worksSince(tx: Transaction, { id }: SiteIntegration, at: string | null): Promise<boolean> {
  if (at === null) return false;
  const test = await tx.connectionCheck.findFirst({
    where: { integrationId: id, success: true, createdAt: { gt: new Date(Date.parse(at) + clocksApartMs) } },
    select: { id: true },
  });
  return test !== null;
}

async function endCredentials(
  tx: Transaction,
  { connections }: Parts,
  integration: SiteIntegration,
  names: readonly string[],
): Promise<Prisma.InputJsonObject> {
  const credentialsEncrypted = await connections.sealWithout(integration, names);
  await tx.siteIntegration.update({ where: { id: integration.id }, data: { credentialsEncrypted } });
  return {};
}

/** Stores the fault like that of a failed test, so that the state of the connection names it. */
async function failConnection(
  tx: Transaction,
  { id, siteId, accountId }: SiteIntegration,
  fault: NonNullable<IntegrationNotice['fault']>,
): Promise<void> {
  const result = {
    ...fault,
    success: false,
    stage: 'webhook',
    retryable: false,
    latency_ms: 0,
    checks: [],
    remote: {},
  } satisfies ConnectionTestResult;
  await tx.connectionCheck.create({
    data: { integrationId: id, siteId, accountId, success: false, code: fault.code, result },
  });
  await tx.siteIntegration.update({ where: { id }, data: { connectionStatus: 'failing' } });
}

/** Deletes everything that is kept of the other side: contents, terms, structure and credentials. */
async function erase(tx: Transaction, integration: SiteIntegration): Promise<Prisma.InputJsonObject> {
  const { id: integrationId, siteId, platform } = integration;
  const before = await deleteContents(tx, integration);
  // This waits for a run that is storing a page. Afterwards no run of the integration stores anything.
  await tx.syncRun.updateMany({
    where: { integrationId, status: { in: ['queued', 'syncing'] } },
    data: { status: 'cancelled', finishedAt: new Date() },
  });
  await tx.syncRun.updateMany({ where: { integrationId }, data: { checkpoint: Prisma.DbNull } });
  const meanwhile = await deleteContents(tx, integration);
  const terms = await tx.siteTerm.deleteMany({ where: { siteId, platform } });
  await tx.typeSync.deleteMany({ where: { integrationId } });
  const { content_types: _structure, ...config } = configOf(integration).json;
  await tx.siteIntegration.update({
    where: { id: integrationId },
    data: { config, credentialsEncrypted: null, syncStatus: 'never', lastSyncAt: null, syncError: null },
  });
  return { contents: before + meanwhile, terms: terms.count };
}

/** Locks the contents in the order in which runs lock them, so that neither waits for the other. */
async function deleteContents(tx: Transaction, { siteId, platform }: SiteIntegration): Promise<number> {
  await tx.$queryRaw`
    SELECT id FROM content WHERE site_id = ${siteId} AND platform = ${platform} ORDER BY id FOR UPDATE`;
  const { count } = await tx.content.deleteMany({ where: { siteId, platform } });
  return count;
}
