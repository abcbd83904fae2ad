import { isRecord } from '../site/siteClient.ts';

/**
 * The capabilities that the WordPress user needs. An Editor has them, an Author has not (edit_others_posts).
 */
const NEEDED_CAPABILITIES = ['edit_posts', 'edit_others_posts', 'publish_posts'] as const;

/** The needed capabilities that are missing in a user's map, as a list to read; empty if none is missing. */
export function missingCapabilities(capabilities: unknown): string {
  const held = isRecord(capabilities) ? capabilities : {};
  return NEEDED_CAPABILITIES.filter((name) => held[name] !== true).join(', ');
}
