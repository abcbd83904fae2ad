/** Who may do more, from left to right. */
export const roles = ['viewer', 'editor', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];

/**
 * On whose behalf a call is made. It comes from the token or the site key, never from a body, is the first
 * argument of every service method, and stands in every query.
 */
export interface TenantScope {
  accountId: number;
  /** null when a site, not a user, calls. */
  userId: number | null;
  /** Set when the call may see this one site only, as with a site key. */
  siteId: number | null;
  /** `site` for a site key: it may do what its routes allow, and nothing that asks for a role. */
  role: Role | 'site';
}

/** Whether the scope's role is `role` or above. */
export function hasRole(scope: TenantScope, role: Role): boolean {
  return scope.role !== 'site' && roles.indexOf(scope.role) >= roles.indexOf(role);
}

/** The part of a query on a table with `account_id` and `site_id` that keeps it inside the scope. */
export function inScope(scope: TenantScope): { accountId: number; siteId?: number } {
  return scope.siteId === null
    ? { accountId: scope.accountId }
    : { accountId: scope.accountId, siteId: scope.siteId };
}
