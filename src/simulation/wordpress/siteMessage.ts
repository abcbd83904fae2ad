import { readableName } from './core/termName.ts';
import type { SimulatedSite } from './site.ts';
import type { SimulatedTerm } from './state.ts';

/**
 * The JSON of the plugin's webhook about the current state of a term.
 * @param was the slug of the term before the change; '' for a new term
 */
export function termMessage(site: SimulatedSite, term: SimulatedTerm, was: string): string {
  return JSON.stringify({ ...termFacts(term), ...(was === '' ? {} : { was: { slug: was } }), ...at(site) });
}

/** The JSON of the plugin's webhook about a deleted term. */
export function termDeletionMessage(
  site: SimulatedSite,
  term: SimulatedTerm,
  instead: SimulatedTerm | undefined,
): string {
  const other = instead === undefined ? {} : { instead: names(instead) };
  return JSON.stringify({ ...termFacts(term), deleted: true, ...other, ...at(site) });
}

/** The JSON of the plugin's webhook about the site itself. */
export function siteMessage(site: SimulatedSite, postsChanged: boolean): string {
  const { gmtOffset } = site.clock;
  const [sign, hours] = [gmtOffset < 0 ? '-' : '+', Math.abs(gmtOffset)];
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return JSON.stringify({
    home: site.home,
    site_url: site.home,
    name: site.state.name,
    permalink_structure: site.plainPermalinks ? '' : site.state.permalinkStructure,
    time_zone: `${sign}${two(hours)}:${two((hours % 1) * 60)}`,
    ...(postsChanged ? { posts_changed: true } : {}),
    ...at(site),
  });
}

function termFacts(term: SimulatedTerm) {
  const parent = term.parent ?? 0;
  return {
    taxonomy: term.taxonomy,
    external_id: String(term.id),
    ...names(term),
    ...(parent > 0 ? { parent_external_id: String(parent) } : {}),
  };
}

function names({ slug, name }: SimulatedTerm) {
  return { slug, name: readableName(name) };
}

function at(site: SimulatedSite) {
  return { at: `${site.clock.gmt()}Z` };
}
