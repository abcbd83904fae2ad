import { MIMEType } from 'node:util';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { z } from 'zod';
import { CallerError } from '../errors.ts';
import { largeJson, usualBytes } from './largeBody.ts';
import type { HttpMetrics } from './metrics.ts';
import { requestId } from './middleware/requestId.ts';
import { requireRole } from './middleware/requireRole.ts';
import { noticeUntrustedProxy } from './middleware/untrustedProxy.ts';
import { handleErrors, noSuchPath } from './problem.ts';
import { decodeText, refuseDeepNesting } from './rawBody.ts';
import { type Access, pathsOf, type Route, type ThrottleScope } from './route.ts';
import { parse } from './validate.ts';

const noFields = z.strictObject({});

/** The body types that a route accepts. `application/merge-patch+json` is among them. */
const jsonTypes = ['json', '+json'];
const jsonBody = {
  limit: usualBytes,
  strict: false,
  verify: (_request: unknown, _response: unknown, body: Buffer) => refuseDeepNesting(decodeText(body)),
};

interface AppParts {
  routes: Route[];
  /** Pages and files that are not declared as routes: documentation, metrics. */
  pages: express.Router;
  authenticate: (access: Access) => RequestHandler;
  throttles: Record<ThrottleScope, RequestHandler>;
  logger: Logger;
  metrics: HttpMetrics;
  /** Addresses of the proxies whose X-Forwarded-* headers are trusted. */
  trustProxy: string[];
}

/**
 * Builds the app: the middleware in order, then each route with the access and schemas of its declaration.
 */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  if (parts.trustProxy.length > 0) app.set('trust proxy', parts.trustProxy);
  else app.use(noticeUntrustedProxy(parts.logger));

  app.use(requestId(parts.logger));
  app.use(parts.metrics.observe);
  app.use(securityHeaders());
  app.use(parts.pages);
  const readLarge = largeJson(jsonTypes);
  for (const [path, routes] of byPath(parts.routes)) {
    for (const route of routes) app[route.method](path, ...handlersOf(route, parts, readLarge));
    app.all(path, otherMethods(routes));
  }
  app.use(noSuchPath);
  app.use(handleErrors(parts.logger));
  return app;
}

function handlersOf(route: Route, parts: AppParts, readLarge: RequestHandler): RequestHandler[] {
  return [
    (_request, response, next) => {
      response.locals.route = route.path;
      next();
    },
    parts.authenticate(route.access),
    ...(route.throttle ? [parts.throttles[route.throttle]] : []),
    requireRole(route.access),
    ...bodyReaders(route, readLarge),
    async (request, response) => {
      const { request: schemas } = route;
      const reply = await route.handle({
        scope: request.scope ?? null,
        params: schemas.params ? parse(schemas.params, request.params) : undefined,
        query: schemas.query ? parse(schemas.query, request.query) : undefined,
        body: schemas.body && !route.wantsRawBody ? parse(schemas.body, request.body) : undefined,
        rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        request,
      });
      response.status(reply.status).set(reply.headers ?? {});
      if (reply.body === undefined) return void response.end();
      // Express's own `send` would answer 304, which no route declares, to `If-None-Match: *`.
      const text = JSON.stringify(reply.body);
      response
        .type('application/json')
        .set('Content-Length', String(Buffer.byteLength(text)))
        .end(text);
    },
  ];
}

function bodyReaders(route: Route, readLarge: RequestHandler): RequestHandler[] {
  if (route.method === 'get') return [];
  if (!route.request.body) {
    return [requireUtf8, express.json({ ...jsonBody, type: () => true }), requireNoFields];
  }
  if (route.takesLargeBody) return [requireJson, requireUtf8, readLarge];
  const reader = route.wantsRawBody
    ? express.raw({ limit: usualBytes, type: jsonTypes })
    : express.json({ ...jsonBody, type: jsonTypes });
  return [requireJson, requireUtf8, reader];
}

/**
 * JSON between systems is UTF-8 (RFC 8259, 8.1). The body parser also takes UTF-16 and UTF-32, and fails at bytes
 * that are not what the charset says. It also judges a type without a charset, and a malformed type.
 */
const requireUtf8: RequestHandler = (request, _response, next) => {
  const charset = charsetOf(request.headers['content-type'] ?? '');
  if (charset === null || charset.toLowerCase() === 'utf-8') return next();
  next(new CallerError('unsupported_media_type', 'Send the body as UTF-8, without another charset.'));
};

function charsetOf(type: string): string | null {
  try {
    return new MIMEType(type).params.get('charset');
  } catch {
    return null;
  }
}

/**
 * A route without fields accepts no body or an empty object. A field in the body is a mistake of the caller.
 */
const requireNoFields: RequestHandler = (request, _response, next) => {
  if (request.body !== undefined) parse(noFields, request.body);
  next();
};

/**
 * Express does not read a body of another type, so it would look missing. This error names the type instead.
 */
const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody)
    return next(new CallerError('invalid_input', 'A JSON body is required.', { code: 'body_missing' }));
  if (request.is(jsonTypes)) return next();
  next(new CallerError('unsupported_media_type', 'Send the body as Content-Type: application/json.'));
};

/** Every path with its routes. Literal paths come first, because a path with parameters matches them too. */
function byPath(routes: Route[]): [string, Route[]][] {
  const paths = new Map<string, Route[]>();
  for (const route of routes) {
    for (const path of pathsOf(route)) paths.set(path, [...(paths.get(path) ?? []), route]);
  }
  const parameters = (path: string) => path.split('/:').length;
  return [...paths].sort(([a], [b]) => parameters(a) - parameters(b));
}

function otherMethods(routes: Route[]): RequestHandler {
  const methods = routes.map((route) => route.method.toUpperCase());
  const allow = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].join(
    ', ',
  );
  return (request, response, next) => {
    if (request.method === 'OPTIONS') return void response.status(204).set('Allow', allow).end();
    next(new CallerError('method_not_allowed', `Here you can ${allow}.`, { headers: { Allow: allow } }));
  };
}

/**
 * Only scripts and styles of this server run, on the documentation page too. Swagger UI sets inline styles
 * and shows data: images.
 */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
    },
    // Only the operator knows where TLS ends. The proxy that ends TLS sets this header.
    strictTransportSecurity: false,
  });
}
