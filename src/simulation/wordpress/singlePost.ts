import { type Answer, json, restError } from './answer.ts';
import type { SimulatedSite } from './site.ts';
import { capabilitiesOf, type SimulatedPost, type SimulatedUser } from './state.ts';

/**
 * WP_REST_Posts_Controller::get_item() with `context=edit`, in its order: is there such a post of this type, may
 * it be edited, then all of it, in any status.
 */
export function answerPost(
  site: SimulatedSite,
  type: string,
  id: number,
  query: URLSearchParams,
  user: SimulatedUser | null,
): Answer {
  const post = site.state.posts.find((each) => each.id === id && each.type === type);
  if (post === undefined) return restError('rest_post_invalid_id', 404, 'Invalid post ID.');
  const edits = user !== null && 'edit_others_posts' in capabilitiesOf(user);
  if (query.get('context') === 'edit' && !edits) {
    return restError(
      'rest_forbidden_context',
      user === null ? 401 : 403,
      'Sorry, you are not allowed to edit this post.',
    );
  }
  if (post.status !== 'publish' && !edits) {
    return restError('rest_forbidden', user === null ? 401 : 403, 'Sorry, you are not allowed to do that.');
  }
  return json(shown(site, post, query));
}

/** A post's public address. */
export function permalink(site: SimulatedSite, post: SimulatedPost): string {
  return post.status === 'publish' && !site.plainPermalinks
    ? `${site.home}/${post.slug}/`
    : `${site.home}/?p=${post.id}`;
}

function shown(site: SimulatedSite, post: SimulatedPost, query: URLSearchParams) {
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  const embeds = query.get('_embed')?.split(',') ?? [];
  const raw = (text: string) =>
    query.get('context') === 'edit' ? { raw: text, rendered: text } : { rendered: text };
  return {
    id: post.id,
    type: post.type,
    status: post.status,
    slug: post.slug,
    link: permalink(site, post),
    modified_gmt: post.modified_gmt,
    title: raw(post.title),
    content: raw(post.content),
    excerpt: raw(post.excerpt ?? ''),
    featured_media: 0,
    // PHP writes an empty map as [].
    meta: post.meta === undefined || Object.keys(post.meta).length === 0 ? [] : post.meta,
    _links: {
      'wp:term': taxonomies.map((taxonomy) => ({ taxonomy, embeddable: true, href: site.restUrl })),
    },
    ...(embeds.includes('wp:term') && taxonomies.length > 0
      ? { _embedded: { 'wp:term': taxonomies.map((taxonomy) => termsOf(site, post, taxonomy)) } }
      : {}),
  };
}

function termsOf(site: SimulatedSite, post: SimulatedPost, taxonomy: string) {
  return site
    .terms(taxonomy)
    .filter((term) => post.terms?.includes(term.id) === true)
    .map(({ id, name, slug }) => ({ id, link: `${site.home}/${taxonomy}/${slug}/`, name, slug, taxonomy }));
}
