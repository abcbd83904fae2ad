import type { Database } from '../../database/client.ts';
import type { SyncEvent, SyncRun } from '../../database/generated/client.ts';
import type { RemoteError } from '../../errors.ts';
import type { ConnectionTestResult, PlatformCapabilities } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import { type ContentCounts, countContent } from '../content/contentCounts.ts';
import { untoldChange } from '../events/contentEvents.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationService } from '../integrations/integration.service.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import { connectionStatusOf } from '../integrations/sitePauses.ts';
import { activeStates, currentRunOf } from '../sync/currentRun.ts';
import { goneWithContents } from '../sync/goneTypes.ts';
import { lastTold } from './connectionTold.ts';
import type { Facts, TestRecord } from './facts.ts';
import { type Problem, problemsOf } from './problems.ts';

/** The code of a connector that holds another key, while an application password works. */
/** How many items that fail alone are named. */
const namedAtMost = 5;
const dayMs = 24 * 3_600_000;
/** How late a webhook may come before it counts as missing. Milliseconds. */
const webhookLateMs = 10 * 60_000;

export interface DebugStatus {
  integration: IntegrationRow;
  connection: {
    status: string;
    lastTest: TestRecord | null;
    history: TestRecord[];
    /** Between 0 and 1; null without a test in 24 hours. */
    successRate24h: number | null;
  };
  sync: {
    currentRun: SyncRun | null;
    lastRuns: SyncRun[];
    queue: { queued: number; active: number; failed: number };
    /** Of each enabled type that was read: since when every item of it was compared with the site. */
    comparisons: { contentType: string; since: Date }[];
  };
  webhooks: {
    received24h: number;
    pending: number;
    failed: number;
    dead: number;
    lastReceivedAt: Date | null;
  };
  content: ContentCounts;
  recentEvents: SyncEvent[];
  problems: Problem[];
}

interface Parts {
  db: Database;
  integrations: IntegrationService;
  platforms: PlatformRegistry;
  events: EventLog;
  refusal: () => Promise<RemoteError | null>;
  now: () => number;
}

/** Collects the state of an integration, its problems, and how to fix them. */
export class SyncHealthService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async debugStatus(scope: TenantScope, id: number): Promise<DebugStatus> {
    const integration = await this.#parts.integrations.get(scope, id);
    const since = new Date(this.#parts.now() - dayMs);
    const site = { accountId: integration.accountId, siteId: integration.siteId };
    const [checks, rates, sync, webhooks, received, content, events] = await Promise.all([
      this.#parts.db.connectionCheck.findMany({
        where: { integrationId: id },
        orderBy: { id: 'desc' },
        take: 20,
      }),
      this.#parts.db.connectionCheck.groupBy({
        by: ['success'],
        where: { integrationId: id, createdAt: { gte: since } },
        _count: { _all: true },
      }),
      this.#sync(integration, since),
      this.#parts.db.webhookDelivery.groupBy({ by: ['status'], where: site, _count: { _all: true } }),
      this.#parts.db.webhookDelivery.aggregate({
        where: { ...site, receivedAt: { gte: since } },
        _count: { _all: true },
        _max: { receivedAt: true },
      }),
      countContent(this.#parts.db, integration),
      this.#parts.events.listForIntegration(scope, id, { limit: 20 }),
    ]);
    const history = checks.map((check) => ({
      at: check.createdAt,
      success: check.success,
      code: check.code,
      result: toResult(check.result),
    }));
    const tests = rates.reduce((sum, rate) => sum + rate._count._all, 0);
    const passed = rates.find((rate) => rate.success)?._count._all ?? 0;
    const deliveries = (status: string) =>
      webhooks.find((group) => group.status === status)?._count._all ?? 0;
    const lastReceivedAt =
      received._max.receivedAt ??
      (await this.#parts.db.webhookDelivery.findFirst({ where: site, orderBy: { id: 'desc' } }))
        ?.receivedAt ??
      null;
    const untoldChange = await this.#untoldChange(site, lastReceivedAt);
    const status: Omit<DebugStatus, 'problems'> = {
      integration,
      connection: {
        status: connectionStatusOf(integration, this.#parts.now()),
        lastTest: history[0] ?? null,
        history,
        successRate24h: tests === 0 ? null : passed / tests,
      },
      sync,
      webhooks: {
        received24h: received._count._all,
        pending: deliveries('pending'),
        failed: deliveries('failed'),
        dead: deliveries('dead'),
        lastReceivedAt,
      },
      content,
      recentEvents: events.events,
    };
    return {
      ...status,
      problems: problemsOf({
        ...this.#facts(
          status,
          this.#parts.platforms.capabilitiesOf(integration.platform, configOf(integration).json),
        ),
        untoldChange,
        goneTypes: (await goneWithContents(this.#parts.db, integration)).map(({ slug }) => slug),
        failingItems: await this.#failingItems(integration.id),
        heldDelivery: await this.#heldDelivery(site.siteId, since),
        serverPaused: (await this.#parts.refusal())?.message ?? null,
      }),
    };
  }

  async #sync(integration: IntegrationRow, since: Date): Promise<DebugStatus['sync']> {
    const integrationId = integration.id;
    const types = configOf(integration).contentTypes?.post_types ?? {};
    const enabled = Object.keys(types).filter((slug) => types[slug]?.enabled);
    const [currentRun, lastRuns, states, read] = await Promise.all([
      currentRunOf(this.#parts.db, integrationId),
      this.#parts.db.syncRun.findMany({ where: { integrationId }, orderBy: { id: 'desc' }, take: 10 }),
      this.#parts.db.syncRun.groupBy({
        by: ['status'],
        where: {
          integrationId,
          OR: [{ status: { in: [...activeStates] } }, { status: 'failed', createdAt: { gte: since } }],
        },
        _count: { _all: true },
      }),
      this.#parts.db.typeSync.findMany({
        where: { integrationId, contentType: { in: enabled } },
        orderBy: [{ comparedAt: 'asc' }, { contentType: 'asc' }],
      }),
    ]);
    const count = (state: string) => states.find(({ status }) => status === state)?._count._all ?? 0;
    const queue = { queued: count('queued'), active: count('syncing'), failed: count('failed') };
    const comparisons = read.map(({ contentType, comparedAt: since }) => ({ contentType, since }));
    return { currentRun, lastRuns, queue, comparisons };
  }

  /** The newest change that a user's reading found, and about which no webhook came in time. */
  async #untoldChange(
    site: { accountId: number; siteId: number },
    lastReceivedAt: Date | null,
  ): Promise<{ seenAt: Date } | null> {
    const seen = await this.#parts.db.syncEvent.findFirst({
      where: {
        ...site,
        ...untoldChange,
        createdAt: { lt: new Date(this.#parts.now() - webhookLateMs) },
      },
      orderBy: { id: 'desc' },
    });
    if (!seen || (lastReceivedAt !== null && lastReceivedAt > seen.createdAt)) return null;
    return { seenAt: seen.createdAt };
  }

  async #failingItems(integrationId: number): Promise<Facts['failingItems']> {
    const [count, named] = await Promise.all([
      this.#parts.db.failingItem.count({ where: { integrationId } }),
      this.#parts.db.failingItem.findMany({
        where: { integrationId },
        orderBy: [{ contentType: 'asc' }, { triedAt: 'asc' }],
        take: namedAtMost,
      }),
    ]);
    return { count, named: named.map(({ contentType, externalId }) => `${contentType} ${externalId}`) };
  }

  /** The reason why the newest delivery since then is held; null without a held delivery. */
  async #heldDelivery(siteId: number, since: Date): Promise<string | null> {
    const newest = await this.#parts.db.webhookDelivery.findFirst({
      where: { siteId, status: 'held' },
      orderBy: { id: 'desc' },
      select: { receivedAt: true, errorMessage: true },
    });
    return newest === null || newest.receivedAt < since ? null : newest.errorMessage;
  }

  #facts(
    status: Omit<DebugStatus, 'problems'>,
    capabilities: PlatformCapabilities,
  ): Omit<Facts, 'untoldChange' | 'goneTypes' | 'failingItems' | 'heldDelivery' | 'serverPaused'> {
    const { integration, connection, sync } = status;
    return {
      now: this.#parts.now(),
      usesSiteKey: capabilities.usesSiteKey,
      hasStructure: capabilities.structure,
      siteHasKey: integration.site.apiKeyHash !== null,
      isActive: integration.isActive,
      syncEnabled: integration.syncEnabled,
      syncStatus: integration.syncStatus,
      pausedUntil: integration.pausedUntil,
      restoredAt: integration.restoredAt,
      writesBlockedAt: integration.writesBlockedAt,
      syncError: integration.syncError,
      lastTest: connection.lastTest,
      connectorPassedOver: lastTold('connectionProblem', connection.lastTest, sync.lastRuns),
      answersDisturbed: lastTold('finding', connection.lastTest, sync.lastRuns),
      connectionStatus: integration.connectionStatus,
      contentTypes: configOf(integration).contentTypes,
      currentRun: sync.currentRun,
      deadDeliveries: status.webhooks.dead,
      conflicts: status.content.conflicts,
    };
  }
}

function toResult(stored: unknown): Partial<ConnectionTestResult> {
  return typeof stored === 'object' && stored !== null ? stored : {};
}
