import type { Request } from 'express';
import type { z } from 'zod';
import type { Role, TenantScope } from '../services/access/tenantScope.ts';

/** Who may call a route. */
export type Access =
  /** Anyone. */
  | { kind: 'public' }
  /** A signed-in user with this role or above. */
  | { kind: 'user'; role: Role }
  /** The site itself by its key, or a user. */
  | { kind: 'site_key_or_user'; role: Role }
  /** Like a user when there is a token; without one the handler decides by what the body holds. */
  | { kind: 'user_or_body_key'; role: Role };

/** The throttle scopes that exist. */
export type ThrottleScope = 'integration';

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type ScopeOf<A extends Access> = A extends { kind: 'public' }
  ? null
  : A extends { kind: 'user_or_body_key' }
    ? TenantScope | null
    : TenantScope;

interface RouteInput<A extends Access, Params, Query, Body> {
  scope: ScopeOf<A>;
  params: Parsed<Params>;
  query: Parsed<Query>;
  body: Parsed<Body>;
  /** The body as it came, where the declaration asks for it; empty elsewhere. */
  rawBody: Buffer;
  /** For what belongs to HTTP alone: headers and the caller's address. */
  request: Request;
}

interface RouteDeclaration<
  A extends Access,
  Params extends z.ZodType | undefined,
  Query extends z.ZodType | undefined,
  Body extends z.ZodType | undefined,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As documented: hyphens, `:name` for a parameter, no trailing slash. */
  path: string;
  /** Further paths that older callers use. Spellings with `_` for `-` need no entry. */
  alsoAt?: string[];
  access: A;
  throttle?: ThrottleScope;
  tag: string;
  summary: string;
  request?: { params?: Params; query?: Query; body?: Body };
  /** Headers that the handler reads, as OpenAPI tells of them; those of the access need no entry. */
  headers?: { name: string; required: boolean; description: string }[];
  /** The handler gets the body's bytes and parses them itself, as a signature is over just these bytes. */
  wantsRawBody?: boolean;
  /** What each status answers; null for an empty answer. Problems are added by the access and the request. */
  responses: Record<number, { description: string; schema: z.ZodType | null }>;
  handler: (input: RouteInput<A, Params, Query, Body>) => Promise<Reply>;
}

/** A declaration with its types forgotten, as the app and OpenAPI read it. */
export type Route = Omit<RouteDeclaration<Access, undefined, undefined, undefined>, 'handler' | 'request'> & {
  request: { params?: z.ZodType; query?: z.ZodType; body?: z.ZodType };
  /** Parsed input in, reply out. The app parses by `request` before it calls. */
  handle(input: {
    scope: TenantScope | null;
    params: unknown;
    query: unknown;
    body: unknown;
    rawBody: Buffer;
    request: Request;
  }): Promise<Reply>;
};

/**
 * Declares one route: from this come access, throttle, validation and OpenAPI.
 * The handler gets parsed input only, and a scope whose presence follows from `access`.
 */
export function defineRoute<
  const A extends Access,
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(declaration: RouteDeclaration<A, Params, Query, Body>): Route {
  const { handler, request = {}, ...rest } = declaration;
  return {
    ...rest,
    request: {
      ...(request.params ? { params: request.params } : {}),
      ...(request.query ? { query: request.query } : {}),
      ...(request.body ? { body: request.body } : {}),
    },
    // The app has parsed by the very schemas that these types are read from.
    handle: (input) => handler(input as RouteInput<A, Params, Query, Body>),
  };
}

/** Every path that a route answers at, the documented one first. */
export function pathsOf(route: Pick<Route, 'path' | 'alsoAt'>): string[] {
  const paths = [route.path, ...(route.alsoAt ?? [])];
  return [...new Set(paths.flatMap((path) => [path, path.replace(/-/g, '_')]))];
}
