import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { CallerError } from '../../errors.ts';
import type { HttpMetrics } from '../metrics.ts';
import { openApiDocument } from '../openapi.ts';
import type { Readiness } from '../readiness.ts';
import { defineRoute, type Route } from '../route.ts';

const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.record(z.string(), z.string()),
  server_paused: z
    .string()
    .optional()
    .meta({ description: 'Why this server calls no site: its database belongs to another server.' }),
});

/** The routes that tell whether the process is alive and can serve. */
export function systemRoutes(readiness: Readiness): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/healthz',
      access: { kind: 'public' },
      tag: 'System',
      summary: 'The process is alive',
      responses: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok') }) } },
      handler: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    defineRoute({
      method: 'get',
      path: '/readyz',
      access: { kind: 'public' },
      tag: 'System',
      summary: 'The process can serve: database, migrations, queue',
      responses: {
        200: { description: 'Ready', schema: readinessSchema },
        503: { description: 'Not ready; `checks` says what is missing', schema: readinessSchema },
      },
      handler: async () => {
        const { isReady, checks, paused } = await readiness.report();
        return {
          status: isReady ? 200 : 503,
          body: {
            status: isReady ? 'ready' : 'not_ready',
            checks,
            ...(paused === null ? {} : { server_paused: paused }),
          },
          headers: { 'Cache-Control': 'no-store', ...(isReady ? {} : { 'Retry-After': '5' }) },
        };
      },
    }),
  ];
}

/** Documentation and metrics: pages that are not declared as routes. */
export function systemPages(routes: Route[], metrics: HttpMetrics, version: string): express.Router {
  const document = JSON.stringify(openApiDocument(routes, version));
  const pages = express.Router();
  const page = (path: string, send: (response: Response) => void | Promise<void>) =>
    pages
      .route(path)
      .get((_request, response) => send(response))
      .all(onlyToRead);
  page('/metrics', async (response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  page('/api/v1/openapi.json', (response) => {
    response.type('application/json').send(document);
  });
  page('/docs/start.js', (response) => {
    response
      .type('text/javascript')
      .send(
        "SwaggerUIBundle({ url: '/api/v1/openapi.json', dom_id: '#docs', deepLinking: true, docExpansion: 'list', validatorUrl: null });\n",
      );
  });
  page('/docs', (response) => {
    response.type('text/html').send(docsPage);
  });
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']) {
    const content = readFileSync(`${assets}/${file}`);
    page(`/docs/${file}`, (response) => {
      response.set('Cache-Control', 'public, max-age=3600').type(file).send(content);
    });
  }
  return pages;
}

const onlyToRead: RequestHandler = (_request, _response, next) => {
  next(new CallerError('method_not_allowed', 'Here you can GET, HEAD.', { headers: { Allow: 'GET, HEAD' } }));
};

/** The page loads everything from this server. */
const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sitebridge API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
