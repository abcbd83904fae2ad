import { hash } from 'node:crypto';
import { builtWith, marksOf } from '../builders.ts';
import { metaOf } from '../core/meta.ts';
import { readableName } from '../core/termName.ts';
import { oddTerm } from '../oddTerms.ts';
import { permalink } from '../permalink.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost } from '../state.ts';
import { shownLink } from './links.ts';

/** A post in the connector's content routes: all fields of core REST, with raw texts, in one object. */
export function contentItem(site: SimulatedSite, post: SimulatedPost) {
  return {
    id: post.id,
    type: post.type,
    status: post.status,
    slug: post.slug,
    link: permalink(site, post),
    title: post.title,
    content: post.content,
    excerpt: post.excerpt ?? '',
    protected: isProtected(post),
    author: post.author ?? 0,
    date_gmt: post.date_gmt ?? post.modified_gmt,
    modified_gmt: post.modified_gmt,
    parent: post.parent ?? 0,
    featured_media: post.featured_media ?? 0,
    terms: itemTerms(site, post).map((term) => oddTerm(site, term)),
    meta: metaOf(site, post),
    built_with: builtWith(post),
    ...shownLink(site, post),
    hash: contentHash(site, post),
  };
}

/** A hash of all fields of a post that can change: 16 hexadecimal digits. */
export function contentHash(site: SimulatedSite, post: SimulatedPost): string {
  const parts = [
    post.status,
    post.slug,
    post.title,
    post.content,
    post.excerpt,
    isProtected(post),
    post.author,
    post.date_gmt ?? post.modified_gmt,
    post.modified_gmt,
    post.parent,
    post.featured_media,
    JSON.stringify(itemTerms(site, post)),
    JSON.stringify(metaOf(site, post)),
    marksOf(post),
  ];
  return hash('sha256', parts.join('\0'), 'hex').slice(0, 16);
}

function isProtected({ password = '' }: SimulatedPost): boolean {
  return password !== '';
}

function itemTerms(site: SimulatedSite, post: SimulatedPost) {
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  return taxonomies.flatMap((taxonomy) =>
    site.termsOf(post, taxonomy).map(({ slug, name }) => ({ taxonomy, slug, name: readableName(name) })),
  );
}
