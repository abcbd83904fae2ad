/** Plugins that give the fields of terms other types, as with the filter `rest_prepare_{taxonomy}`. */
import type { SimulatedSite } from './site.ts';

/** A term as an answer shows it. Without a fault, the term is as given. */
export function oddTerm<T extends { slug: string; name: string }>(
  site: SimulatedSite,
  term: T,
): Omit<T, 'id' | 'slug' | 'name'> & { id?: unknown; slug: unknown; name: unknown } {
  return {
    ...term,
    ...(site.has('term_names_odd') ? { name: 7 } : {}),
    ...(site.has('term_slugs_odd') ? { slug: null } : {}),
    ...(site.has('term_ids_odd') && 'id' in term ? { id: String(term.id) } : {}),
  };
}
