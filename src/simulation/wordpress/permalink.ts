import { hash } from 'node:crypto';
import type { SimulatedSite } from './site.ts';
import type { SimulatedPost } from './state.ts';

/**
 * get_permalink(). Types of plugins have the part of the structure before its first tag too (`with_front`). The URL of an unpublished post contains only its id.
 */
export function permalink(site: SimulatedSite, post: SimulatedPost): string {
  const plain = post.type === 'page' ? 'page_id' : 'p';
  const isPublic = ['publish', 'private', 'inherit', 'trash'].includes(post.status);
  if (site.plainPermalinks || !isPublic || post.slug === '') {
    if (post.type === 'attachment') return `${site.home}/?attachment_id=${post.id}`;
    const typed = post.type === 'post' || post.type === 'page' ? '' : `post_type=${post.type}&`;
    return `${site.home}/?${typed}${plain}=${post.id}`;
  }
  const { permalinkStructure: structure } = site.state;
  if (post.type === 'post') {
    const named = structure.includes('%category%')
      ? structure.replace('%category%', categoryPath(site, post))
      : structure;
    return site.home + named.replace('%postname%', post.slug).replace('%post_id%', String(post.id));
  }
  const front = structure.slice(1, Math.max(1, structure.indexOf('%')));
  const folder = post.type === 'page' || post.type === 'attachment' ? '' : `${front}${post.type}/`;
  return `${site.home}/${folder}${path(site, post)}/`;
}

/** What the links of a type are made of besides the posts: their base, and the slugs of posts above others. */
export function linkRules(site: SimulatedSite, type: string): string {
  const parents = new Set(
    site.posts(type, 'any').flatMap(({ parent = 0 }) => (parent === 0 ? [] : [parent])),
  );
  const above = [...parents].map((id) => `${id} ${site.post(id)?.slug} ${site.post(id)?.parent}`).sort();
  const parts = [site.home, String(site.plainPermalinks), site.state.permalinkStructure, type, ...above];
  return hash('sha256', parts.join('\0'), 'hex').slice(0, 16);
}

/** get_permalink() takes the category with the lowest id, below its parents (get_category_parents). */
function categoryPath(site: SimulatedSite, post: SimulatedPost): string {
  const [first] = site.termsOf(post, 'category').toSorted((one, other) => one.id - other.id);
  const slugs: string[] = [];
  const seen = new Set<number>();
  for (let term = first; term !== undefined && !seen.has(term.id); term = site.term(term.parent ?? 0)) {
    seen.add(term.id);
    slugs.unshift(term.slug);
  }
  return slugs.length === 0 ? 'uncategorized' : slugs.join('/');
}

/** The path of a page contains the slugs of its parents. */
function path(site: SimulatedSite, post: SimulatedPost): string {
  if (site.state.postTypes[post.type]?.hierarchical !== true) return post.slug;
  const parts = [post.slug];
  const seen = new Set([post.id]);
  let parent = site.post(post.parent ?? 0);
  while (parent !== undefined && !seen.has(parent.id)) {
    seen.add(parent.id);
    parts.unshift(parent.slug);
    parent = site.post(parent.parent ?? 0);
  }
  return parts.join('/');
}
