import type { SimulatedSite } from './site.ts';
import type { SimulatedPost } from './state.ts';

/**
 * get_permalink(), with the structure `/%postname%/`. The URL of an unpublished post contains only its id.
 */
export function permalink(site: SimulatedSite, post: SimulatedPost): string {
  const plain = post.type === 'page' ? 'page_id' : 'p';
  const isPublic = ['publish', 'private', 'inherit', 'trash'].includes(post.status);
  if (site.plainPermalinks || !isPublic || post.slug === '') {
    if (post.type === 'attachment') return `${site.home}/?attachment_id=${post.id}`;
    const typed = post.type === 'post' || post.type === 'page' ? '' : `post_type=${post.type}&`;
    return `${site.home}/?${typed}${plain}=${post.id}`;
  }
  const folder =
    post.type === 'post' || post.type === 'page' || post.type === 'attachment' ? '' : `${post.type}/`;
  return `${site.home}/${folder}${path(site, post)}/`;
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
