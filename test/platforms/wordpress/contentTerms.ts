import { type FakeState, type FakeTerm, refused, type SiteReply } from './contentState.ts';

/** WP_REST_Terms_Controller::get_items(). */
export function listTerms(
  site: FakeState,
  taxonomy: FakeTerm['taxonomy'],
  query: URLSearchParams,
): SiteReply {
  const ids = query.get('include')?.split(',').map(Number);
  const slugs = query
    .get('slug')
    ?.split(',')
    .map((text) => site.makesSlug(text));
  const parent = query.get('parent');
  const found = site.terms.filter(
    (term) =>
      term.taxonomy === taxonomy &&
      (ids === undefined || ids.includes(term.id)) &&
      (slugs === undefined || slugs.includes(term.slug)) &&
      (parent === null || term.parent === Number(parent)),
  );
  const size = Number(query.get('per_page') ?? 10);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  // `offset` does not exist for hierarchical taxonomies.
  const offset = taxonomy === 'post_tag' ? Number(query.get('offset') ?? start) : start;
  return {
    status: 200,
    body: found.slice(offset, offset + size).map((term) => ({ ...term, count: 1 })),
    headers: { 'X-WP-Total': String(found.length) },
  };
}

/** WP_REST_Terms_Controller::create_item(), with the effect of wp_unique_term_slug() on a taken slug. */
export function makeTerm(
  site: FakeState,
  taxonomy: FakeTerm['taxonomy'],
  { name, slug, parent = 0 }: Record<string, unknown>,
): SiteReply {
  const own = site.terms.filter((term) => term.taxonomy === taxonomy);
  const same = own.find((term) => term.name === name && term.parent === parent);
  if (same !== undefined) return refused(400, 'term_exists', 'It exists.', { term_id: same.id });
  const above = own.find(({ id }) => id === parent);
  const made = site.makesSlug(String(slug)) || site.makesSlug(String(name));
  const taken = own.some((term) => term.slug === made);
  const term: FakeTerm = {
    id: Math.max(0, ...site.terms.map(({ id }) => id)) + 1,
    taxonomy,
    slug: taken ? `${made}-${above?.slug ?? '2'}` : made,
    name: String(name),
    parent: Number(parent),
  };
  site.terms.push(term);
  return { status: 201, body: { id: term.id } };
}
