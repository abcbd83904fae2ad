import type { ContentWrite } from '../../contentPart.ts';

const LONGEST_SLUG = 180;

/**
 * How many numbered slugs are searched. WordPress appends a number to a slug that is taken
 * (wp_unique_post_slug).
 */
const NUMBERS = 20;

/** The slug of a create. It is the same for each try, so that the item can be found. */
export function slugFor({ slug, title, contentKey }: ContentWrite): string {
  return slug || slugOfTitle(title) || `content-${contentKey.slice(0, 8)}`;
}

/**
 * The slugs that the item of a create may have. Before there were keys, a title without Latin letters gave a
 * slug with the content's number.
 */
export function slugsOfCreate(write: ContentWrite): string[] {
  const slug = slugFor(write);
  const isNamed = write.slug !== '' || slugOfTitle(write.title) !== '';
  return isNamed ? [slug] : [slug, `content-${write.contentId}`];
}

/** A slug, and the numbered slugs that WordPress makes of it if it is taken. */
export function variants(slug: string): string[] {
  const numbered = Array.from({ length: NUMBERS - 1 }, (_, index) => `${slug}-${index + 2}`);
  return [slug, ...numbered];
}

function slugOfTitle(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_SLUG)
    .replace(/^-+|-+$/g, '');
}
