import { may } from '../core/access.ts';
import type { Parameters } from '../core/parameters.ts';
import { isRecord } from '../core/requestBody.ts';
import { insertTerm, isHierarchical } from '../core/saveTerm.ts';
import type { SimulatedTerm } from '../state.ts';
import type { ItemsRequest } from './readItems.ts';

/** A term as the server names it: its slug may be a path from the top, `parent/child`. */
export interface WantedTerm {
  taxonomy: string;
  slug: string;
  name: string;
}

/** The terms in a request; what is wrong is noted in the parameters. */
export function readTerms(parameters: Parameters): WantedTerm[] {
  const list = parameters.get('terms');
  const terms = Array.isArray(list) ? list : [undefined];
  return terms.flatMap((term: unknown) => {
    if (
      isRecord(term) &&
      typeof term.taxonomy === 'string' &&
      typeof term.slug === 'string' &&
      term.slug !== ''
    ) {
      return {
        taxonomy: term.taxonomy,
        slug: term.slug,
        name: typeof term.name === 'string' ? term.name : '',
      };
    }
    parameters.refuse('terms', 'terms must be a list of terms, each with taxonomy, slug and name.');
    return [];
  });
}

/** The term, made when it is missing, its parents too; null where the user may make none. */
export function findOrMakeTerm({ site, user }: ItemsRequest, wanted: WantedTerm): SimulatedTerm | null {
  const { taxonomy } = wanted;
  const parts = isHierarchical(site, taxonomy)
    ? wanted.slug.split('/').filter((part) => part !== '')
    : [wanted.slug];
  let parent = 0;
  let term: SimulatedTerm | null = null;
  for (const [index, slug] of parts.entries()) {
    const path = parts.length > 1;
    const found = site
      .terms(taxonomy)
      .find((each) => each.slug === slug && (!path || (each.parent ?? 0) === parent));
    if (found === undefined && !may(user, 'manage_categories')) return null;
    const name = index === parts.length - 1 && wanted.name !== '' ? wanted.name : slug;
    term = found ?? insertTerm(site, taxonomy, { name, slug, parent });
    parent = term.id;
  }
  return term;
}
