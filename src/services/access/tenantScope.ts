/** From left to right, each role may do more. */
export const roles = ['viewer', 'editor', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];

/**
 * The tenant on whose behalf a call is made. The scope comes from the token or the site key, never from a
 * body. It is the first argument of every service method, and part of every query.
 */
export interface TenantScope {
  accountId: number;
  /** null when a site calls, not a user. */
  userId: number | null;
  /** Set when the call may see only this site, as with a site key. */
  siteId: number | null;
  /**
   * `site` for a site key. A site may only call routes that accept site keys, and none that requires a role.
   */
  role: Role | 'site';
}

/** Is the scope's role `role` or above? */
export function hasRole(scope: TenantScope, role: Role): boolean {
  return scope.role !== 'site' && roles.indexOf(scope.role) >= roles.indexOf(role);
}

/** The condition that limits a query to the scope, for a table with `account_id` and `site_id`. */
export function inScope(scope: TenantScope): { accountId: number; siteId?: number } {
  return scope.siteId === null
    ? { accountId: scope.accountId }
    : { accountId: scope.accountId, siteId: scope.siteId };
}
