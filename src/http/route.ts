import type { Request } from 'express';
import type { z } from 'zod';
import type { Role, TenantScope } from '../services/access/tenantScope.ts';

/** Who may call a route. */
export type Access =
  /** Every caller. */
  | { kind: 'public' }
  /** A signed-in user with this role or above. */
  | { kind: 'user'; role: Role }
  /** The site itself with its key, or a user with this role or above. */
  | { kind: 'site_key_or_user'; role: Role }
  /** With a token, as for `user`. Without a token, the handler checks the site key in the body. */
  | { kind: 'user_or_body_key'; role: Role };

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
  /** The bytes of the body if the declaration has `wantsRawBody`, else empty. */
  rawBody: Buffer;
  /** Only for headers and the caller's address. */
  request: Request;
}

interface RouteDeclaration<
  A extends Access,
  Params extends z.ZodType | undefined,
  Query extends z.ZodType | undefined,
  Body extends z.ZodType | undefined,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** The documented path: with hyphens, `:name` for a parameter, no trailing slash. */
  path: string;
  /** More paths, which older callers use. Paths with `_` instead of `-` need no entry. */
  alsoAt?: string[];
  access: A;
  throttle?: ThrottleScope;
  tag: string;
  summary: string;
  request?: { params?: Params; query?: Query; body?: Body };
  /** The headers that the handler reads, for OpenAPI. The headers of `access` need no entry. */
  headers?: { name: string; required: boolean; description: string }[];
  /**
   * The handler gets the bytes of the body and parses them, because a signature covers exactly these bytes.
   */
  wantsRawBody?: boolean;
  /** The route takes bodies as large as the contents that are read from sites: 32 MiB. Other routes take 1 MiB. */
  takesLargeBody?: boolean;
  /** The response for each status. The schema is null for an empty response. Problems need no entry. */
  responses: Record<number, { description: string; schema: z.ZodType | null }>;
  handler: (input: RouteInput<A, Params, Query, Body>) => Promise<Reply>;
}

/** A declaration without its type parameters, for the app and OpenAPI. */
export type Route = Omit<RouteDeclaration<Access, undefined, undefined, undefined>, 'handler' | 'request'> & {
  request: { params?: z.ZodType; query?: z.ZodType; body?: z.ZodType };
  /** Takes parsed input and returns the reply. The app parses with the schemas of `request` first. */
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
 * Declares one route. Access, throttle, validation and OpenAPI follow from the declaration. The handler gets
 * only parsed input. `access` determines whether the scope may be null.
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
    // The app has parsed the input with the schemas from which these types are inferred.
    handle: (input) => handler(input as RouteInput<A, Params, Query, Body>),
  };
}

/** Every path of a route, the documented path first. */
export function pathsOf(route: Pick<Route, 'path' | 'alsoAt'>): string[] {
  const paths = [route.path, ...(route.alsoAt ?? [])];
  return [...new Set(paths.flatMap((path) => [path, path.replace(/-/g, '_')]))];
}
