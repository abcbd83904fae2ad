import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { openCounters } from './http/limits/openCounters.ts';
import type { Route } from './http/route.ts';
import { type RunningWorkers, startWorkers } from './jobs/workers.ts';
import type { Platform } from './platforms/platform.ts';
import { wireHttp } from './wiring/http.ts';
import { wireBase, wireContent, wireHandlers, wireServices } from './wiring/services.ts';

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
