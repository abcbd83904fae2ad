import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createCore, createPlatforms } from '../adminServices.ts';
import type { Config } from '../config.ts';
import { DatabaseProbe } from '../database/probe.ts';
import { createReadPool } from '../database/readPool.ts';
import { HttpMetrics } from '../http/metrics.ts';
import type { JobHandlers } from '../jobs/jobs.ts';
import { createBoss, JobQueue } from '../jobs/queues.ts';
import { OutboundClient } from '../outbound/httpClient.ts';
import { SitePaces } from '../outbound/sitePace.ts';
import type { Platform } from '../platforms/platform.ts';
import { PlatformRegistry } from '../platforms/registry.ts';
import { ContentService } from '../services/content/content.service.ts';
import { ContentEditService } from '../services/content/contentEdit.service.ts';
import { RetentionService } from '../services/events/retention.service.ts';
import { SyncHealthService } from '../services/health/syncHealth.service.ts';
import { ConnectionTestService } from '../services/integrations/connectionTest.service.ts';
import { IntegrationService } from '../services/integrations/integration.service.ts';
import { IntegrationReads } from '../services/integrations/integrationReads.ts';
import { OnboardingService } from '../services/integrations/onboarding.service.ts';
import { SiteConnections } from '../services/integrations/openConnection.ts';
import { SiteKeyReveal } from '../services/integrations/siteKeyReveal.ts';
import { SitePauses } from '../services/integrations/sitePauses.ts';
import { SyncMetadataService } from '../services/integrations/syncMetadata.service.ts';
import { AbandonedRuns } from '../services/sync/abandonedRuns.ts';
import { ContentRunner } from '../services/sync/contentPhase.ts';
import { GoneTypes } from '../services/sync/goneTypes.ts';
import { ContentSessions } from '../services/sync/openSession.ts';
import { ContentSyncService } from '../services/sync/pull/contentSync.service.ts';
import { ItemReader } from '../services/sync/pull/itemReader.ts';
import { TermSync } from '../services/sync/pull/pullTerms.ts';
import { ContentPull } from '../services/sync/pull/pullTypes.ts';
import { SiteStateService } from '../services/sync/pull/siteState.service.ts';
import { SlowReadings } from '../services/sync/pull/slowReadings.ts';
import { ContentPush } from '../services/sync/push/pushTypes.ts';
import { SyncRunner } from '../services/sync/runExecutor.ts';
import { RunWaits } from '../services/sync/runWaits.ts';
import { SyncService } from '../services/sync/sync.service.ts';
import { WorkPermits } from '../services/sync/workPermits.ts';
import { DeliveriesService } from '../services/webhooks/deliveries.service.ts';
import { HeldDeliveries } from '../services/webhooks/heldDeliveries.ts';
import { WebhookInboxService } from '../services/webhooks/webhookInbox.service.ts';

export type Base = ReturnType<typeof wireBase>;
export type Services = ReturnType<typeof wireServices>;
export type Content = ReturnType<typeof wireContent>;

/** The database, the queue, the outbound client and the platforms. */
export function wireBase(
  config: Config,
  logger: Logger,
  databaseUrl: string,
  morePlatforms: readonly Platform[],
) {
  const core = createCore(config, logger, databaseUrl);
  const refusal = () => core.server.refusal();
  const outbound = new OutboundClient({ allow: config.outboundAllow, refusal });
  const boss = createBoss({ url: databaseUrl, logger, works: config.role !== 'api' });
  return {
    ...core,
    config,
    logger,
    now: () => Date.now(),
    refusal,
    outbound,
    boss,
    queue: new JobQueue(boss),
    probe: new DatabaseProbe({ url: databaseUrl, logger }),
    readPool: createReadPool({ url: databaseUrl, size: Math.ceil(config.databasePoolSize / 2), logger }),
    platforms: new PlatformRegistry([...createPlatforms(config, outbound), ...morePlatforms]),
    metrics: new HttpMetrics(),
  };
}

/** Integrations, their connections and structure, their runs, their webhooks and their health. */
export function wireServices(base: Base) {
  const { db, vault, sites, events, server, platforms, queue, refusal, now, readPool, metrics, logger } =
    base;
  const connections = new SiteConnections({ db, vault, sites, events, server });
  const reads = new IntegrationReads(readPool);
  const integrations = new IntegrationService({ db, reads, platforms, connections, sites, events, queue });
  const waits = new RunWaits({ db, wait: (ms) => sleep(ms) });
  const tests = new ConnectionTestService({
    db,
    platforms,
    integrations,
    connections,
    events,
    refusal,
    observe: metrics.countTest,
  });
  const held = new HeldDeliveries({ platforms, events, queue });
  const sync = new SyncService({ db, platforms, integrations, events, queue, refusal, waits, now });
  return {
    connections,
    integrations,
    tests,
    siteKeys: new SiteKeyReveal({ integrations, platforms, connections, sites, events }),
    held,
    onboarding: new OnboardingService({
      db,
      platforms,
      tests,
      connections,
      events,
      release: (tx, site) => held.release(tx, site),
    }),
    metadata: new SyncMetadataService({ db, platforms, integrations, connections, events, now }),
    sync,
    waits,
    inbox: new WebhookInboxService({ db, platforms, events, connections, queue, runs: sync, logger }),
    deliveries: new DeliveriesService({ db, sites, events, queue }),
    health: new SyncHealthService({ db, integrations, platforms, events, refusal, now }),
  };
}

/** The services of contents, and the sessions with their sites. */
export function wireContent(
  { db, sites, events, platforms, now }: Base,
  { connections, integrations }: Services,
) {
  const paces = new SitePaces({
    now: () => performance.now(),
    wait: (ms, signal) => sleep(ms, undefined, { signal }),
  });
  const sessions = new ContentSessions({ db, platforms, connections, paces });
  const reader = new ItemReader({ db, sessions, events });
  const pauses = new SitePauses({ events, now });
  return {
    contents: new ContentService({ db, sites }),
    edits: new ContentEditService({ db, sites, events }),
    sessions,
    pauses,
    contentSync: new ContentSyncService({ db, integrations, reader, pauses, slow: new SlowReadings() }),
    siteState: new SiteStateService({ db, platforms, reader, events }),
  };
}

/** The handlers of the jobs. */
export function wireHandlers(
  base: Base,
  { inbox, metadata, sync }: Services,
  { sessions, pauses, contentSync }: Content,
): JobHandlers {
  const { config, db, events, logger, now, platforms, queue } = base;
  const contents = new ContentRunner({
    db,
    platforms,
    sessions,
    terms: new TermSync({ events, now }),
    pull: new ContentPull({ events, now }),
    push: new ContentPush({ events, now }),
    permits: new WorkPermits(),
    gone: new GoneTypes({ db, metadata, events }),
    events,
    now,
  });
  return {
    runner: new SyncRunner({ db, metadata, contents, sync, pauses, events, logger, now }),
    contentSync,
    inbox,
    sync,
    abandonedRuns: new AbandonedRuns({ db, queue, events, logger, now }),
    retention: new RetentionService({ db, keepDays: config.retentionDays, logger, now }),
  };
}
