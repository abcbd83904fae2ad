import type { SimulatedUser } from '../state.ts';
import { may } from './access.ts';

/** Matches tags that KSES removes when the user may not write them. The text between the tags stays. */
const FORBIDDEN = /<\/?(?:script|iframe|style|form|input|object|embed)\b[^>]*>/gi;

/**
 * Returns the text that WordPress stores. When the user lacks `unfiltered_html`, the most important forbidden
 * elements are removed and a single `&` becomes `&amp;`. The rest of KSES is not simulated, such as its rules
 * for attributes.
 */
export function filteredHtml(text: string, user: SimulatedUser | null): string {
  if (may(user, 'unfiltered_html')) return text;
  return text.replace(FORBIDDEN, '').replace(/&(?!#?\w+;)/g, '&amp;');
}
