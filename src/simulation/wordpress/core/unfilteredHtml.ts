import type { SimulatedUser } from '../state.ts';
import { may } from './access.ts';

/** Elements that KSES takes away from those who may not write them; what stands between their tags stays. */
const FORBIDDEN = /<\/?(?:script|iframe|style|form|input|object|embed)\b[^>]*>/gi;

/**
 * What WordPress stores of what someone wrote. Who has not `unfiltered_html` loses the elements that matter most,
 * and a lone `&` becomes `&amp;`; the whole of KSES, such as its attributes, is not simulated.
 */
export function filteredHtml(text: string, user: SimulatedUser | null): string {
  if (may(user, 'unfiltered_html')) return text;
  return text.replace(FORBIDDEN, '').replace(/&(?!#?\w+;)/g, '&amp;');
}
