import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost } from '../state.ts';

const LONGEST = 200;

/** sanitize_title(): makes a slug from a text. Letters of non-Latin scripts are kept, percent-encoded. */
export function sanitizeTitle(text: string): string {
  const plain = text
    .replace(/<[^>]*>/g, '')
    .replaceAll('ß', 's')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/&.+?;/g, '')
    .replace(/[\u00a0\u2010-\u2015]/g, '-')
    .replace(/[./]/g, '-');
  return encoded(plain)
    .replace(/[^%a-z0-9 _-]/g, '')
    .replace(/\s+/g, '-')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '');
}

function encoded(text: string): string {
  let slug = '';
  for (const character of text.toWellFormed()) {
    const part = /[\u0080-\u{10ffff}]/u.test(character)
      ? encodeURIComponent(character).toLowerCase()
      : character;
    if (slug.length + part.length > LONGEST) break;
    slug += part;
  }
  return slug;
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
  const stem = slug.slice(0, LONGEST - 8);
  const used = new Set<string>();
  for (const other of site.state.posts) {
    if (other.id === post.id || !other.slug.startsWith(stem)) continue;
    if (rivals(other)) used.add(other.slug);
  }
  return firstFree(slug, used);

  function rivals(other: SimulatedPost): boolean {
    if (post.type === 'attachment') return true;
    if (!hierarchical) return other.type === post.type;
    return (other.type === post.type || other.type === 'attachment') && (other.parent ?? 0) === post.parent;
  }
}

/** The slug itself if it is free, otherwise with the first free suffix of -2, -3 … */
export function firstFree(slug: string, used: ReadonlySet<string>): string {
  if (!used.has(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const suffix = `-${number}`;
    const alternative = slug.slice(0, LONGEST - suffix.length) + suffix;
    if (!used.has(alternative)) return alternative;
  }
}
