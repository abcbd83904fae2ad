import { siteSlug, withEnding } from '../../../platforms/siteSlug.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost } from '../state.ts';

const RESERVED = ['feed', 'rdf', 'rss', 'rss2', 'atom', 'embed'];

/** sanitize_title_for_query(), by which lists are filtered. Accents stay, and are percent-encoded. */
export function slugForQuery(text: string): string {
  return siteSlug(text.toLowerCase().replace(/[\u0080-\u{10ffff}]/gu, encodeURIComponent));
}

/**
 * wp_unique_post_slug(): makes a slug unique. For a hierarchical type it must be unique among siblings, for
 * other types within the type, for media among all posts. Posts in the trash count too. Drafts and pending
 * posts keep their slug.
 */
export function uniqueSlug(
  site: SimulatedSite,
  slug: string,
  post: Pick<SimulatedPost, 'id' | 'type' | 'status'> & { parent: number },
): string {
  if (['draft', 'pending', 'auto-draft'].includes(post.status)) return slug;
  const hierarchical = site.state.postTypes[post.type]?.hierarchical === true;
  const stem = slug.slice(0, 100);
  const used = new Set<string>();
  for (const other of site.state.posts) {
    if (other.id === post.id || !other.slug.startsWith(stem)) continue;
    if (rivals(other)) used.add(other.slug);
  }
  if (isReserved(slug, hierarchical || (post.type === 'post' && !site.plainPermalinks))) used.add(slug);
  return firstFree(slug, used);

  function rivals(other: SimulatedPost): boolean {
    if (post.type === 'attachment') return true;
    if (!hierarchical) return other.type === post.type;
    return (other.type === post.type || other.type === 'attachment') && (other.parent ?? 0) === post.parent;
  }
}

/** The names of feeds and embeds, and numbers where the address of a part of a list may have them. */
function isReserved(slug: string, noNumbers: boolean): boolean {
  return RESERVED.includes(slug) || (noNumbers && /^(?:page)?\d+$/.test(slug));
}

/** The slug itself if it is free, otherwise with the first free suffix of -2, -3 … */
export function firstFree(slug: string, used: ReadonlySet<string>): string {
  if (!used.has(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const alternative = withEnding(slug, `-${number}`);
    if (!used.has(alternative)) return alternative;
  }
}
