import { holds } from './api/shopFacts.ts';
import { fault } from './faults.ts';

/**
 * The scopes that an app needs, each with the scope that can replace it. Articles and pages:
 * https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Article; products and collections:
 * read_products.
 */
const READ_SCOPES = [['read_content', 'read_online_store_pages'], ['read_products']];
export const WRITE_SCOPES = [['write_content', 'write_online_store_pages'], ['write_products']];

/**
 * Useful, but not needed. Without these scopes, we neither know nor change whether a collection is in the
 * Online Store.
 */
const WANTED_SCOPES = ['read_publications', 'write_publications'];

/** Throws `missing_scopes` with the scopes that are missing to read, or to read and write. */
export function requireScopes(scopes: ReadonlySet<string>, to: 'read' | 'read and write'): void {
  const needed = to === 'read' ? READ_SCOPES : [...READ_SCOPES, ...WRITE_SCOPES];
  const missing = needed.flatMap((alternatives) => {
    return alternatives.some((scope) => holds(scopes, scope)) ? [] : alternatives.slice(0, 1);
  });
  if (missing.length > 0) throw missingScopes(missing);
}

/** A note about missing useful scopes; null if the app has all of them. */
export function wantedScopes(scopes: ReadonlySet<string>) {
  const missing = WANTED_SCOPES.filter((scope) => !holds(scopes, scope));
  return missing.length === 0 ? null : missingScopes(missing);
}

function missingScopes(missing: readonly string[]) {
  const scopes = missing.join(', ');
  return fault('missing_scopes', { values: { scopes }, detail: scopes });
}
