import { siteSlug } from '../../../platforms/siteSlug.ts';
import {
  countHeaders,
  givenItems,
  inForcedOrder,
  isLeftOut,
  largestPage,
  sizeOfPage,
} from '../crookedLists.ts';
import { oddTerm } from '../oddTerms.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedTerm, SimulatedUser } from '../state.ts';
import { forbidden, may } from './access.ts';
import { inPages } from './pages.ts';
import type { Parameters } from './parameters.ts';
import { type RestAnswer, reply, WpError } from './restAnswer.ts';
import { DEFAULT_CATEGORY } from './savePost.ts';
import { deleteTerm, insertTerm, isHierarchical, type TermChanges, updateTerm } from './saveTerm.ts';
import { termLink } from './shownPost.ts';
import { compareNames } from './termName.ts';

/** A request to a route about terms. */
export interface TermRequest {
  site: SimulatedSite;
  taxonomy: string;
  parameters: Parameters;
  user: SimulatedUser | null;
}

const ORDERS = ['id', 'include', 'name', 'slug', 'include_slugs', 'count'] as const;

/**
 * WP_REST_Terms_Controller::get_items(). A page past the end is empty and not an error. `offset` is ignored
 * for hierarchical taxonomies.
 */
export function listTerms(request: TermRequest): RestAnswer {
  const { site, taxonomy, parameters } = request;
  const { size: requested, ...page } = inPages(parameters, largestPage(site));
  const size = sizeOfPage(site, requested);
  const start = isHierarchical(site, taxonomy) ? (page.number - 1) * requested : page.start;
  const orderBy = parameters.choice('orderby', ORDERS) ?? 'name';
  const descending = parameters.choice('order', ['asc', 'desc']) === 'desc';
  const [include, exclude] = [parameters.integers('include'), parameters.integers('exclude') ?? []];
  // WP_Term_Query makes slugs of the texts.
  const [slugs, parent, post] = [
    parameters.texts('slug')?.map((text) => siteSlug(text)),
    parameters.integer('parent'),
    parameters.integer('post'),
  ];
  const search = parameters.text('search')?.toLowerCase() ?? '';
  parameters.check();
  checkEditContext(request);
  const counts = countTerms(site);
  const count = (term: SimulatedTerm) => counts.get(term.id) ?? 0;
  const onPost = post === undefined ? null : (site.post(post)?.terms ?? []);
  const found = site
    .terms(taxonomy)
    .filter(
      (term) =>
        (include === undefined || include.length === 0 || include.includes(term.id)) &&
        !exclude.includes(term.id) &&
        (slugs === undefined || slugs.length === 0 || slugs.includes(term.slug)) &&
        (parent === undefined || (term.parent ?? 0) === parent) &&
        (onPost === null || onPost.includes(term.id)) &&
        (!parameters.flag('hide_empty') || count(term) > 0) &&
        `${term.name}\n${term.slug}`.toLowerCase().includes(search),
    )
    .sort((a, b) => {
      if (orderBy === 'id') return a.id - b.id;
      if (orderBy === 'count') return count(a) - count(b);
      if (orderBy === 'include') return (include ?? []).indexOf(a.id) - (include ?? []).indexOf(b.id);
      if (orderBy === 'include_slugs') return (slugs ?? []).indexOf(a.slug) - (slugs ?? []).indexOf(b.slug);
      return compareNames(a[orderBy], b[orderBy]);
    });
  if (descending) found.reverse();
  const shown = inForcedOrder(site, found, ({ name }) => name)
    .slice(start, start + size)
    .map((term) => shownTerm(site, term, count(term)));
  const given = givenItems(site, shown).map((term) => oddTerm(site, term));
  return reply(given, 200, countHeaders(site, found.length, size));
}

/** WP_REST_Terms_Controller::get_item() */
export function readTerm(request: TermRequest, id: number): RestAnswer {
  const term = termOf(request, id);
  checkEditContext(request);
  if (request.site.has('items_closed') && isLeftOut(term))
    throw forbidden('rest_forbidden', request.user, 'Sorry, you are not allowed to do that.');
  return reply(oddTerm(request.site, shown(request, term)));
}

/**
 * WP_REST_Terms_Controller::create_item(). In a flat taxonomy, users who may assign terms may create them.
 */
export function createTerm(request: TermRequest): RestAnswer {
  const { site, taxonomy, parameters, user } = request;
  if (!parameters.has('name')) {
    throw new WpError('rest_missing_callback_param', 400, 'Missing parameter(s): name', { params: ['name'] });
  }
  const changes = readChanges(request);
  parameters.check();
  const needed = isHierarchical(site, taxonomy) ? 'manage_categories' : 'edit_posts';
  if (!may(user, needed)) {
    throw forbidden(
      'rest_cannot_create',
      user,
      'Sorry, you are not allowed to create terms in this taxonomy.',
    );
  }
  checkParent(request, changes.parent);
  const term = insertTerm(site, taxonomy, { ...changes, name: changes.name ?? '' });
  return reply(shown(request, term), 201, {
    Location: `${site.collectionUrl(taxonomy)}/${term.id}`,
  });
}

/** WP_REST_Terms_Controller::update_item() */
export function changeTerm(request: TermRequest, id: number): RestAnswer {
  const { site, parameters, user } = request;
  const changes = readChanges(request);
  parameters.check();
  const term = termOf(request, id);
  if (!may(user, 'manage_categories')) {
    throw forbidden('rest_cannot_update', user, 'Sorry, you are not allowed to edit this term.');
  }
  checkParent(request, changes.parent);
  if (Object.keys(changes).length > 0) updateTerm(site, term, changes);
  return reply(shown(request, term));
}

/** WP_REST_Terms_Controller::delete_item() */
export function removeTerm(request: TermRequest, id: number): RestAnswer {
  const { site, parameters, user } = request;
  const term = termOf(request, id);
  // No user may delete the default category.
  if (!may(user, 'manage_categories') || term.id === DEFAULT_CATEGORY) {
    throw forbidden('rest_cannot_delete', user, 'Sorry, you are not allowed to delete this term.');
  }
  if (!parameters.flag('force')) {
    throw new WpError(
      'rest_trash_not_supported',
      501,
      "Terms do not support trashing. Set 'force=true' to delete.",
    );
  }
  const previous = shown(request, term);
  deleteTerm(site, term);
  return reply({ deleted: true, previous });
}

function termOf({ site, taxonomy }: TermRequest, id: number): SimulatedTerm {
  const term = site.term(id);
  if (term?.taxonomy === taxonomy) return term;
  throw new WpError('rest_term_invalid', 404, 'Term does not exist.');
}

function checkEditContext({ parameters, user }: TermRequest): void {
  if (parameters.text('context') !== 'edit' || may(user, 'manage_categories')) return;
  throw forbidden(
    'rest_forbidden_context',
    user,
    'Sorry, you are not allowed to edit terms in this taxonomy.',
  );
}

function readChanges({ parameters }: TermRequest): TermChanges {
  const changes: TermChanges = {};
  for (const name of ['name', 'slug', 'description'] as const) {
    const text = parameters.text(name);
    if (text !== undefined) changes[name] = text;
  }
  const parent = parameters.integer('parent');
  if (parent !== undefined) changes.parent = parent;
  return changes;
}

function checkParent({ site, taxonomy }: TermRequest, parent: number | undefined): void {
  if (parent === undefined) return;
  if (!isHierarchical(site, taxonomy)) {
    throw new WpError(
      'rest_taxonomy_not_hierarchical',
      400,
      'Cannot set parent term, taxonomy is not hierarchical.',
    );
  }
  if (parent !== 0 && site.term(parent)?.taxonomy !== taxonomy) {
    throw new WpError('rest_term_invalid', 400, 'Parent term does not exist.');
  }
}

function shown({ site }: TermRequest, term: SimulatedTerm) {
  return shownTerm(site, term, countTerms(site).get(term.id) ?? 0);
}

function shownTerm(site: SimulatedSite, term: SimulatedTerm, count: number) {
  return {
    id: term.id,
    count,
    description: term.description ?? '',
    link: termLink(site, term),
    name: term.name,
    slug: term.slug,
    taxonomy: term.taxonomy,
    ...(isHierarchical(site, term.taxonomy) ? { parent: term.parent ?? 0 } : {}),
    meta: [],
    _links: {
      collection: [{ href: site.collectionUrl(term.taxonomy) }],
    },
  };
}

/** The number of published posts of each term: _update_post_term_count(). */
function countTerms(site: SimulatedSite): Map<number, number> {
  const counts = new Map<number, number>();
  for (const post of site.state.posts) {
    if (post.status !== 'publish') continue;
    for (const id of post.terms ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
