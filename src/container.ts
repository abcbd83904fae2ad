import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { createCore, createPlatforms } from './adminServices.ts';
import { type Config, secretFile } from './config.ts';
import { pendingMigrations } from './database/migrate.ts';
import { DatabaseProbe } from './database/probe.ts';
import { createReadPool } from './database/readPool.ts';
import { createApp } from './http/app.ts';
import type { Counters } from './http/limits/counters.ts';
import { openCounters } from './http/limits/openCounters.ts';
import { ProofBrake } from './http/limits/proofBrake.ts';
import { SignInBrake } from './http/limits/signInBrake.ts';
import { HttpMetrics } from './http/metrics.ts';
import { createAuthenticate, type TokenKeys } from './http/middleware/authenticate.ts';
import { createThrottle } from './http/middleware/throttle.ts';
import { NotReady, Readiness, type ReadinessCheck } from './http/readiness.ts';
import type { Route } from './http/route.ts';
import { authRoutes } from './http/routers/auth.router.ts';
import { connectionRoutes } from './http/routers/connections.router.ts';
import { contentRoutes } from './http/routers/content.router.ts';
import { deliveryRoutes } from './http/routers/deliveries.router.ts';
import { integrationRoutes } from './http/routers/integrations.router.ts';
import { platformRoutes } from './http/routers/platforms.router.ts';
import { siteRoutes } from './http/routers/sites.router.ts';
import { syncRoutes } from './http/routers/sync.router.ts';
import { systemPages, systemRoutes } from './http/routers/system.router.ts';
import { webhookRoutes } from './http/routers/webhooks.router.ts';
import type { JobHandlers } from './jobs/jobs.ts';
import { createBoss, JobQueue } from './jobs/queues.ts';
import { type RunningWorkers, startWorkers } from './jobs/workers.ts';
import { OutboundClient } from './outbound/httpClient.ts';
import { SitePaces } from './outbound/sitePace.ts';
import type { Platform } from './platforms/platform.ts';
import { PlatformRegistry } from './platforms/registry.ts';
import { generatedSecret } from './security/generatedSecret.ts';
import { AuthService } from './services/access/auth.service.ts';
import { ContentService } from './services/content/content.service.ts';
import { ContentEditService } from './services/content/contentEdit.service.ts';
import { RetentionService } from './services/events/retention.service.ts';
import { SyncHealthService } from './services/health/syncHealth.service.ts';
import { ConnectionTestService } from './services/integrations/connectionTest.service.ts';
import { IntegrationService } from './services/integrations/integration.service.ts';
import { IntegrationReads } from './services/integrations/integrationReads.ts';
import { OnboardingService } from './services/integrations/onboarding.service.ts';
import { SiteConnections } from './services/integrations/openConnection.ts';
import { SiteKeyReveal } from './services/integrations/siteKeyReveal.ts';
import { SitePauses } from './services/integrations/sitePauses.ts';
import { SyncMetadataService } from './services/integrations/syncMetadata.service.ts';
import { AbandonedRuns } from './services/sync/abandonedRuns.ts';
import { ContentRunner } from './services/sync/contentPhase.ts';
import { ContentSessions } from './services/sync/openSession.ts';
import { ContentSyncService } from './services/sync/pull/contentSync.service.ts';
import { ItemReader } from './services/sync/pull/itemReader.ts';
import { TermSync } from './services/sync/pull/pullTerms.ts';
import { ContentPull } from './services/sync/pull/pullTypes.ts';
import { SiteStateService } from './services/sync/pull/siteState.service.ts';
import { ContentPush } from './services/sync/push/pushTypes.ts';
import { SyncRunner } from './services/sync/runExecutor.ts';
import { RunWaits } from './services/sync/runWaits.ts';
import { SyncService } from './services/sync/sync.service.ts';
import { WorkPermits } from './services/sync/workPermits.ts';
import { WebhookInboxService } from './services/webhooks/webhookInbox.service.ts';
import { WebhookIntakeService } from './services/webhooks/webhookIntake.service.ts';
import { WebhookSenders } from './services/webhooks/webhookSenders.ts';

/** The version of this server, from package.json. */
export const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;

/** A server, wired and not yet listening. */
export interface Container {
  app: Express;
  routes: Route[];
  /** Starts the queue, and the workers if the role of this process runs them. */
  start(): Promise<void>;
  /** Answers the calls that wait for a run, so that the process can stop. Later calls do not wait. */
  endWaits(): void;
  /** Returns running jobs to their queues within `timeoutMs`, then closes every connection. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * Creates and wires the parts of the API and the worker. No other code does. `morePlatforms` are added to the
 * platforms of the server.
 */
export async function createContainer(
  config: Config,
  logger: Logger,
  databaseUrl: string,
  morePlatforms: readonly Platform[] = [],
): Promise<Container> {
  const base = wireBase(config, logger, databaseUrl, morePlatforms);
  const services = wireServices(base);
  const content = wireContent(base, services);
  const counters = await openCounters(config.redisUrl, logger);
  const { app, routes } = wireHttp(base, services, content, counters);
  const { boss, db, outbound, probe, queue, readPool, refusal, server } = base;

  let workers: RunningWorkers | null = null;
  return {
    app,
    routes,
    async start() {
      await server.begin();
      await boss.start();
      await queue.prepare();
      if (config.role === 'api') return;
      workers = await startWorkers(boss, wireHandlers(base, services, content), { refusal, logger });
    },
    endWaits: () => services.waits.endAll(),
    async stop(timeoutMs) {
      workers?.stop();
      await boss.stop({ graceful: true, timeout: timeoutMs });
      outbound.close();
      await counters.close();
      await readPool.end();
      await probe.end();
      await db.$disconnect();
    },
  };
}

type Base = ReturnType<typeof wireBase>;
type Services = ReturnType<typeof wireServices>;
type Content = ReturnType<typeof wireContent>;

/** The database, the queue, the outbound client and the platforms. */
function wireBase(config: Config, logger: Logger, databaseUrl: string, morePlatforms: readonly Platform[]) {
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

/** Integrations, their connections and structure, their runs and their health. */
function wireServices(base: Base) {
  const { db, vault, sites, events, server, platforms, queue, refusal, now, readPool, metrics } = base;
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
  return {
    connections,
    integrations,
    tests,
    siteKeys: new SiteKeyReveal({ integrations, platforms, connections, sites, events }),
    onboarding: new OnboardingService({ db, platforms, tests, events }),
    metadata: new SyncMetadataService({ db, platforms, integrations, connections, events, now }),
    sync: new SyncService({
      db,
      platforms,
      integrations,
      events,
      queue,
      refusal,
      waits,
      now,
    }),
    waits,
    health: new SyncHealthService({ db, integrations, platforms, events, refusal, now }),
  };
}

/** The services of contents, and the sessions with their sites. */
function wireContent({ db, sites, events, platforms, now }: Base, { connections, integrations }: Services) {
  const paces = new SitePaces({
    now: () => performance.now(),
    wait: (ms, signal) => sleep(ms, undefined, { signal }),
  });
  const sessions = new ContentSessions({ platforms, connections, paces });
  const reader = new ItemReader({ db, sessions, events });
  const pauses = new SitePauses({ events, now });
  return {
    contents: new ContentService({ db, sites }),
    edits: new ContentEditService({ db, sites, events }),
    sessions,
    pauses,
    contentSync: new ContentSyncService({ db, integrations, reader, pauses }),
    siteState: new SiteStateService({ db, platforms, reader, events }),
  };
}

/** The handlers of the jobs. */
function wireHandlers(
  base: Base,
  { connections, metadata, sync }: Services,
  { sessions, pauses, contentSync }: Content,
): JobHandlers {
  const { config, db, events, logger, now, platforms, queue } = base;
  const contents = new ContentRunner({
    db,
    platforms,
    sessions,
    terms: new TermSync({ events }),
    pull: new ContentPull({ events, now }),
    push: new ContentPush({ events, now }),
    permits: new WorkPermits(),
    events,
    now,
  });
  return {
    runner: new SyncRunner({ db, metadata, contents, sync, pauses, events, logger, now }),
    contentSync,
    inbox: new WebhookInboxService({ db, platforms, events, connections, queue, logger }),
    sync,
    abandonedRuns: new AbandonedRuns({ db, queue, events, logger, now }),
    retention: new RetentionService({ db, keepDays: config.retentionDays, logger, now }),
  };
}

/** The API: its routes, who may call them and how often. */
function wireHttp(base: Base, services: Services, content: Content, counters: Counters) {
  const { config, db, events, logger, metrics, now, platforms, probe, queue, refusal, sites } = base;
  const { connections, integrations, health, metadata, sync } = services;
  const tokenKeys = readTokenKeys(config);
  const auth = new AuthService({
    db,
    signingSecret: tokenKeys.kind === 'secret' ? tokenKeys.secret : null,
    maxAgeS: config.tokenMaxAgeS,
    now,
  });
  const keyBrake = new ProofBrake(counters, logger);
  const senders = new WebhookSenders({ db, sites, connections });
  const intake = new WebhookIntakeService({ db, queue });
  const inbox = new WebhookInboxService({ db, platforms, events, connections, queue, logger });
  const routes = [
    ...systemRoutes(new Readiness({ checks: readinessChecks(probe, queue), refusal, now })),
    ...authRoutes(auth, new SignInBrake(counters, logger)),
    ...siteRoutes(sites, events),
    ...platformRoutes(platforms),
    ...integrationRoutes(integrations, services.siteKeys, events, platforms),
    ...connectionRoutes(services.tests, services.onboarding, health, platforms, keyBrake),
    ...syncRoutes(sync, metadata, config.syncWaitS * 1000),
    ...contentRoutes(content.contents, content.edits, content.siteState, content.contentSync),
    ...webhookRoutes(platforms, { senders, intake, brake: keyBrake }),
    ...deliveryRoutes(inbox),
  ];
  const throttle = createThrottle(
    'integration',
    config.throttleIntegration,
    counters.store('throttle:integration:'),
    logger,
  );
  const app = createApp({
    routes,
    pages: systemPages(routes, metrics, version),
    authenticate: createAuthenticate(auth, { keys: tokenKeys, maxAgeS: config.tokenMaxAgeS }, keyBrake),
    throttles: { integration: throttle },
    logger,
    metrics,
    trustProxy: config.trustProxy,
  });
  return { app, routes };
}

function readinessChecks(probe: DatabaseProbe, queue: JobQueue): Record<string, ReadinessCheck> {
  return {
    database: async () => {
      const fault = await probe.writeFault();
      if (fault !== null) throw new NotReady(fault);
    },
    migrations: async () => {
      const pending = await pendingMigrations(probe);
      if (pending.length > 0) throw new NotReady(`pending: ${pending.join(', ')}`);
    },
    queue: () => queue.check(probe),
  };
}

function readTokenKeys(config: Config): TokenKeys {
  if (config.token.kind === 'jwks') return config.token;
  const secret =
    config.token.secret ??
    generatedSecret(secretFile(config, 'jwt-secret'), () => randomBytes(48).toString('base64url'));
  return { kind: 'secret', secret: new TextEncoder().encode(secret) };
}
