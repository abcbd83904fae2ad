import { siteSlug } from '../../../platforms/siteSlug.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost, SimulatedTerm } from '../state.ts';
import { WpError } from './restAnswer.ts';
import { DEFAULT_CATEGORY } from './savePost.ts';
import { firstFree } from './slug.ts';
import { storedName } from './termName.ts';

export interface TermChanges {
  name?: string;
  slug?: string;
  parent?: number;
  description?: string;
}

/** wp_insert_term(). Throws WpError `term_exists`. */
export function insertTerm(site: SimulatedSite, taxonomy: string, changes: TermChanges & { name: string }) {
  const name = storedName(changes.name);
  const parent = changes.parent ?? 0;
  const given = siteSlug(changes.slug ?? '');
  const slug = given === '' ? siteSlug(name) : given;
  const twin = twinOf(site, { taxonomy, name, parent, slug }, given !== '');
  if (twin !== null) {
    const where = isHierarchical(site, taxonomy) ? 'with this parent' : 'in this taxonomy';
    throw new WpError('term_exists', 400, `A term with the name provided already exists ${where}.`, {
      term_id: twin.id,
    });
  }
  const id = Math.max(0, site.lastTermId, ...site.state.terms.map((term) => term.id)) + 1;
  site.lastTermId = id;
  const term: SimulatedTerm = {
    id,
    taxonomy,
    name,
    slug: uniqueTermSlug(site, slug, { id, taxonomy, parent }),
    parent,
    description: changes.description ?? '',
  };
  site.state.terms.push(term);
  site.outbox.noteTerm(term, '');
  return term;
}

/** wp_update_term(). Throws WpError `duplicate_term_slug`. */
export function updateTerm(site: SimulatedSite, term: SimulatedTerm, changes: TermChanges): void {
  const name = changes.name === undefined ? term.name : storedName(changes.name);
  if (name === '') throw new WpError('empty_term_name', 500, 'A name is required for this term.');
  const parent = loops(site, term, changes.parent ?? 0) ? 0 : (changes.parent ?? term.parent ?? 0);
  let slug = changes.slug === undefined ? term.slug : siteSlug(changes.slug);
  const emptied = slug === '';
  if (emptied) slug = siteSlug(name);
  const rival = site.terms(term.taxonomy).find((other) => other.slug === slug && other !== term);
  if (rival !== undefined) {
    if (!emptied && parent === (term.parent ?? 0)) {
      throw new WpError(
        'duplicate_term_slug',
        500,
        `The slug &#8220;${slug}&#8221; is already in use by another term.`,
      );
    }
    slug = uniqueTermSlug(site, slug, { id: term.id, taxonomy: term.taxonomy, parent });
  }
  const before = { ...term };
  Object.assign(term, { name, slug, parent, description: changes.description ?? term.description ?? '' });
  if (before.name !== name || before.slug !== slug || (before.parent ?? 0) !== parent)
    site.outbox.noteTerm(term, before.slug);
}

/**
 * wp_delete_term(): deletes a term. Its children move to its parent, and its posts lose it. A post that loses
 * its last category gets the default category.
 */
export function deleteTerm(site: SimulatedSite, term: SimulatedTerm): void {
  const { terms, posts } = site.state;
  site.lastTermId = Math.max(site.lastTermId, term.id);
  terms.splice(terms.indexOf(term), 1);
  for (const child of terms) if (child.parent === term.id) child.parent = term.parent ?? 0;
  const isTold = site.outbox.tellsOfTerms;
  const instead = term.taxonomy === 'category' ? site.term(DEFAULT_CATEGORY) : undefined;
  site.outbox.noteTermDeleted(term, instead);
  for (const post of posts) {
    if (post.terms?.includes(term.id) !== true) continue;
    const left = post.terms.filter((id) => id !== term.id);
    const bare = term.taxonomy === 'category' && !left.some((id) => site.term(id)?.taxonomy === 'category');
    post.terms = bare ? [...left, DEFAULT_CATEGORY] : left;
    if (!isTold) site.outbox.note(post, 'metadata');
  }
}

/** wp_set_object_terms() with ids: sets all terms of a post in one taxonomy. Unknown ids are ignored. */
export function setTerms(
  site: SimulatedSite,
  post: SimulatedPost,
  taxonomy: string,
  ids: readonly number[],
): void {
  const before = post.terms ?? [];
  const wanted = [...new Set(ids)].filter((id) => site.term(id)?.taxonomy === taxonomy);
  const here = before.filter((id) => site.term(id)?.taxonomy === taxonomy);
  if (here.length === wanted.length && here.every((id) => wanted.includes(id))) return;
  post.terms = [...before.filter((id) => !here.includes(id)), ...wanted];
  site.outbox.note(post, 'metadata');
}

export function isHierarchical(site: SimulatedSite, taxonomy: string): boolean {
  return site.state.taxonomies[taxonomy]?.hierarchical === true;
}

/** The existing term that a new term would duplicate: same name at the same level, or same slug as given. */
function twinOf(
  site: SimulatedSite,
  wanted: { taxonomy: string; name: string; parent: number; slug: string },
  slugGiven: boolean,
): SimulatedTerm | null {
  const terms = site.terms(wanted.taxonomy);
  const siblings = terms.filter((term) => (term.parent ?? 0) === wanted.parent);
  // strtolower() leaves letters of other scripts.
  const lower = (name: string) => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const sameName = siblings.find((term) => lower(term.name) === lower(wanted.name));
  if (sameName === undefined) return null;
  const sameSlug = terms.find((term) => term.slug === wanted.slug);
  if (slugGiven && sameName.slug !== wanted.slug && sameSlug === undefined) return null;
  if (!isHierarchical(site, wanted.taxonomy)) return sameName;
  if ((!slugGiven || sameName.slug === wanted.slug) && sameName.name === wanted.name) return sameName;
  return sameSlug !== undefined && siblings.includes(sameSlug) ? sameSlug : null;
}

/**
 * wp_unique_term_slug(): for a child term, the slugs of its parents are appended before a number is tried.
 */
function uniqueTermSlug(
  site: SimulatedSite,
  slug: string,
  term: { id: number; taxonomy: string; parent: number },
): string {
  if (!site.terms(term.taxonomy).some((other) => other.slug === slug && other.id !== term.id)) return slug;
  const used = new Set(site.state.terms.filter((other) => other.id !== term.id).map((other) => other.slug));
  let stem = slug;
  if (isHierarchical(site, term.taxonomy)) {
    let parent = site.term(term.parent);
    while (parent !== undefined) {
      stem += `-${parent.slug}`;
      if (!used.has(stem)) return stem;
      parent = site.term(parent.parent ?? 0);
    }
  }
  return firstFree(stem, used);
}

/** wp_check_term_hierarchy_for_loops() */
function loops(site: SimulatedSite, term: SimulatedTerm, parentId: number): boolean {
  const seen = new Set<number>();
  for (let id = parentId; id !== 0 && !seen.has(id); id = site.term(id)?.parent ?? 0) {
    if (id === term.id) return true;
    seen.add(id);
  }
  return false;
}
