import { renderedBody } from '../builders.ts';
import { permalink } from '../permalink.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost, SimulatedTerm } from '../state.ts';
import { shownMeta } from './meta.ts';

/** The form in which a post is returned. */
export interface Showing {
  edit: boolean;
  /** Whether to include `_links`. */
  links: boolean;
}

/** WP_REST_Posts_Controller::prepare_item_for_response(). `rendered` contains the raw text. */
export function shownPost(site: SimulatedSite, post: SimulatedPost, showing: Showing) {
  const type = site.state.postTypes[post.type];
  const taxonomies = type?.related ?? [];
  const text = (raw: string) => (showing.edit ? { raw, rendered: raw } : { rendered: raw });
  const dateGmt = post.date_gmt ?? post.modified_gmt;
  return {
    id: post.id,
    date: site.clock.toLocal(dateGmt, post.modifiedOffset),
    date_gmt: dateGmt,
    guid: text(`${site.home}/?p=${post.id}`),
    modified: site.clock.toLocal(post.modified_gmt, post.modifiedOffset),
    modified_gmt: post.modified_gmt,
    slug: post.slug,
    status: post.status,
    type: post.type,
    link: permalink(site, post),
    title: text(post.title),
    ...(post.type === 'attachment'
      ? { ...attachment(site, post), description: text(post.content), caption: text(post.excerpt ?? '') }
      : {
          content: {
            ...text(post.content),
            rendered: renderedBody(post),
            protected: (post.password ?? '') !== '',
          },
          excerpt: text(post.excerpt ?? ''),
        }),
    author: post.author ?? 0,
    featured_media: post.featured_media ?? 0,
    ...(type?.hierarchical === true ? { parent: post.parent ?? 0, menu_order: 0 } : {}),
    meta: shownMeta(site, post),
    ...termIds(site, post, taxonomies),
    ...(showing.links ? { _links: links(site, post, taxonomies) } : {}),
  };
}

/** The data that `_embed=wp:term` adds: the terms of the post in each taxonomy of the type. */
export function embeddedTerms(site: SimulatedSite, post: SimulatedPost) {
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  return taxonomies.map((taxonomy) =>
    site.termsOf(post, taxonomy).map(({ id, name, slug }) => ({
      id,
      link: termLink(site, { taxonomy, slug }),
      name,
      slug,
      taxonomy,
    })),
  );
}

export function termLink(
  site: SimulatedSite,
  { taxonomy, slug }: Pick<SimulatedTerm, 'taxonomy' | 'slug'>,
): string {
  return `${site.home}/${taxonomy === 'post_tag' ? 'tag' : taxonomy}/${slug}/`;
}

function termIds(
  site: SimulatedSite,
  post: SimulatedPost,
  taxonomies: readonly string[],
): Record<string, number[]> {
  const ids: Record<string, number[]> = {};
  for (const taxonomy of taxonomies) {
    const base = site.state.taxonomies[taxonomy]?.rest_base;
    if (base !== undefined) ids[base] = site.termsOf(post, taxonomy).map((term) => term.id);
  }
  return ids;
}

function links(site: SimulatedSite, post: SimulatedPost, taxonomies: readonly string[]) {
  const collection = site.collectionUrl(post.type);
  const ask = site.plainPermalinks ? '&' : '?';
  return {
    self: [{ href: `${collection}/${post.id}` }],
    collection: [{ href: collection }],
    ...(taxonomies.length === 0
      ? {}
      : {
          'wp:term': taxonomies.map((taxonomy) => ({
            taxonomy,
            embeddable: true,
            href: `${site.collectionUrl(taxonomy)}${ask}post=${post.id}`,
          })),
        }),
  };
}

function attachment(site: SimulatedSite, post: SimulatedPost) {
  const { name = '', mime = '', alt = '', size = 0 } = post.file ?? {};
  return {
    alt_text: alt,
    media_type: mime.startsWith('image/') ? 'image' : 'file',
    mime_type: mime,
    media_details: { filesize: size },
    post: post.parent === undefined || post.parent === 0 ? null : post.parent,
    source_url: `${site.home}/wp-content/uploads/${name}`,
  };
}
