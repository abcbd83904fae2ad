import { isRecord } from '../site/siteClient.ts';

/** What the WordPress user must be allowed to: an Editor is, an Author is not (edit_others_posts). */
const NEEDED_CAPABILITIES = ['edit_posts', 'edit_others_posts', 'publish_posts'] as const;

/** The needed capabilities that a user's map lacks, as a list to read; empty when none is. */
export function missingCapabilities(capabilities: unknown): string {
  const held = isRecord(capabilities) ? capabilities : {};
  return NEEDED_CAPABILITIES.filter((name) => held[name] !== true).join(', ');
}
