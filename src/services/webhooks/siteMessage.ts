/** What the messages about a term and about the site itself have in common. */

/** The outcome of a message about a term or about the site itself. */
export interface SiteOutcome {
  /** `taxonomy_not_synced`: nothing was changed, because the integration does not sync the taxonomy of the term. */
  result: 'updated' | 'unchanged' | 'outdated' | 'taxonomy_not_synced' | 'links_changed';
  integrationId: number | null;
  details: Record<string, string | number | boolean | null>;
  /** Whether the site has to be read. */
  reads: boolean;
}

/**
 * Is a message older than the last one about the same thing? Both times are by the clock of the site. A known time in
 * the future proves nothing, because that clock may have been corrected.
 */
export function isOlder(at: string, last: Date | null, now: Date): boolean {
  return last !== null && last <= now && new Date(at) < last;
}
