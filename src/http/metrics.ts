import type { RequestHandler } from 'express';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { ConnectionTestResult } from '../platforms/platform.ts';

/**
 * The metrics of the process, of calls and of connection tests. Each server has a registry; none is global.
 */
export class HttpMetrics {
  readonly registry = new Registry();
  readonly #durations: Histogram<'method' | 'route' | 'status'>;
  readonly #tests: Counter<'platform' | 'code'>;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#durations = new Histogram({
      name: 'sitebridge_http_request_duration_seconds',
      help: 'How long calls took, by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [this.registry],
    });
    this.#tests = new Counter({
      name: 'sitebridge_connection_tests_total',
      help: 'Connection tests by their result',
      labelNames: ['platform', 'code'],
      registers: [this.registry],
    });
  }

  readonly observe: RequestHandler = (request, response, next) => {
    const started = process.hrtime.bigint();
    response.once('finish', () => {
      // The declared path, not the requested path: each id or unknown path would create a series.
      const route: unknown = response.locals.route;
      this.#durations.observe(
        {
          method: request.method,
          route: typeof route === 'string' ? route : 'other',
          status: response.statusCode,
        },
        Number(process.hrtime.bigint() - started) / 1e9,
      );
    });
    next();
  };

  readonly countTest = (platform: string, result: ConnectionTestResult): void => {
    this.#tests.inc({ platform, code: result.code });
  };
}
