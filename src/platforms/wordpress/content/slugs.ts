import type { ContentWrite } from '../../contentWrite.ts';
import { siteSlug, siteSlugs, withEnding } from '../../siteSlug.ts';

/** The longest slug that a server before this version made of a title. */
const LONGEST_OLD_SLUG = 180;

/**
 * How many numbered slugs are searched. WordPress appends a number to a slug that is taken
 * (wp_unique_post_slug).
 */
const NUMBERS = 20;

/**
 * The `slug` to send with a create: the content's own, else its title. WordPress makes the slug of it, in the
 * letters of its language and its plugins. With the title as its slug, a draft can be found by slug too. '' lets
 * WordPress take the id.
 */
export function sentSlug({ slug, title }: Pick<ContentWrite, 'slug' | 'title'>): string {
  return slug || title;
}

/**
 * The slugs, without a number, that the item of a create may have: what WordPress makes of what is sent, and what
 * a server before this version sent instead of the title.
 */
export function slugsOfCreate({
  slug,
  title,
  contentKey,
  contentId,
}: Pick<ContentWrite, 'slug' | 'title' | 'contentKey' | 'contentId'>): string[] {
  const made = siteSlugs(sentSlug({ slug, title })).filter((each) => each !== '');
  if (slug !== '') return made;
  const old = oldSlugOf(title);
  // Before there were keys, a title without Latin letters gave a slug with the content's number.
  const marks = [`content-${contentKey.slice(0, 8)}`, `content-${contentId}`];
  return [...new Set([...made, ...(old === '' ? marks : [old])])];
}

/** A slug, and the numbered slugs that WordPress makes of it if it is taken. */
export function variants(slug: string, most = NUMBERS): string[] {
  const numbered = Array.from({ length: most - 1 }, (_, index) => withEnding(slug, `-${index + 2}`));
  return [slug, ...numbered];
}

/** Do both texts give the same slug on the site? */
export function isSameSlug(one: string, other: string): boolean {
  return one === other || siteSlug(one) === siteSlug(other);
}

function oldSlugOf(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_OLD_SLUG)
    .replace(/^-+|-+$/g, '');
}
