import { hash } from 'node:crypto';
import { metaOf } from '../core/meta.ts';
import { readableName } from '../core/termName.ts';
import { permalink } from '../permalink.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost } from '../state.ts';

/** A post as the connector's content routes show it: raw, everything that core REST shows, in one object. */
export function contentItem(site: SimulatedSite, post: SimulatedPost) {
  return {
    id: post.id,
    type: post.type,
    link: permalink(site, post),
    ...changeable(site, post),
    content_id: post.contentId ?? null,
    hash: contentHash(site, post),
  };
}

/** 16 hexadecimal digits over everything of a post that can change. */
export function contentHash(site: SimulatedSite, post: SimulatedPost): string {
  return hash('sha256', JSON.stringify(changeable(site, post)), 'hex').slice(0, 16);
}

function changeable(site: SimulatedSite, post: SimulatedPost) {
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  return {
    status: post.status,
    slug: post.slug,
    title: post.title,
    content: post.content,
    excerpt: post.excerpt ?? '',
    author: post.author ?? 0,
    date_gmt: post.date_gmt ?? post.modified_gmt,
    modified_gmt: post.modified_gmt,
    parent: post.parent ?? 0,
    featured_media: post.featured_media ?? 0,
    terms: taxonomies.flatMap((taxonomy) =>
      site.termsOf(post, taxonomy).map(({ slug, name }) => ({ taxonomy, slug, name: readableName(name) })),
    ),
    meta: metaOf(site, post),
  };
}
