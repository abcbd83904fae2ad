import { randomBytes } from 'node:crypto';
import { type Config, secretFile } from '../config.ts';
import { pendingMigrations } from '../database/migrate.ts';
import type { DatabaseProbe } from '../database/probe.ts';
import { createApp } from '../http/app.ts';
import type { Counters } from '../http/limits/counters.ts';
import { ProofBrake } from '../http/limits/proofBrake.ts';
import { SignInBrake } from '../http/limits/signInBrake.ts';
import { createAuthenticate, type TokenKeys } from '../http/middleware/authenticate.ts';
import { createThrottle } from '../http/middleware/throttle.ts';
import { NotReady, Readiness, type ReadinessCheck } from '../http/readiness.ts';
import { authRoutes } from '../http/routers/auth.router.ts';
import { connectionRoutes } from '../http/routers/connections.router.ts';
import { contentRoutes } from '../http/routers/content.router.ts';
import { deliveryRoutes } from '../http/routers/deliveries.router.ts';
import { integrationRoutes } from '../http/routers/integrations.router.ts';
import { platformRoutes } from '../http/routers/platforms.router.ts';
import { siteRoutes } from '../http/routers/sites.router.ts';
import { syncRoutes } from '../http/routers/sync.router.ts';
import { systemPages, systemRoutes } from '../http/routers/system.router.ts';
import { webhookRoutes } from '../http/routers/webhooks.router.ts';
import type { JobQueue } from '../jobs/queues.ts';
import { generatedSecret } from '../security/generatedSecret.ts';
import { AuthService } from '../services/access/auth.service.ts';
import { WebhookIntakeService } from '../services/webhooks/webhookIntake.service.ts';
import { WebhookSenders } from '../services/webhooks/webhookSenders.ts';
import { version } from '../version.ts';
import type { Base, Content, Services } from './services.ts';

/** The API: its routes, who may call them and how often. */
export function wireHttp(base: Base, services: Services, content: Content, counters: Counters) {
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
  const intake = new WebhookIntakeService({ db, queue, held: services.held });
  const routes = [
    ...systemRoutes(new Readiness({ checks: readinessChecks(probe, queue), refusal, now })),
    ...authRoutes(auth, new SignInBrake(counters, logger)),
    ...siteRoutes(sites, events),
    ...platformRoutes(platforms),
    ...integrationRoutes(integrations, services.siteKeys, events, platforms),
    ...connectionRoutes(services.tests, services.onboarding, health, platforms, keyBrake),
    ...syncRoutes(sync, metadata, platforms.onboarding(), config.syncWaitS * 1000),
    ...contentRoutes(content.contents, content.edits, content.siteState, content.contentSync),
    ...webhookRoutes(platforms, { senders, intake, brake: keyBrake }),
    ...deliveryRoutes(services.deliveries),
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
