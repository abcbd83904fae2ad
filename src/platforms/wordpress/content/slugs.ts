import type { ContentWrite } from '../../contentPart.ts';

const LONGEST_SLUG = 180;

/** How many of the numbers that WordPress appends to a slug that is taken (wp_unique_post_slug) are looked for. */
const NUMBERS = 20;

/** The slug that a content is created with, the same each time, so that a create can be looked for. */
export function slugFor({ slug, title, contentKey }: ContentWrite): string {
  return slug || slugOfTitle(title) || `content-${contentKey.slice(0, 8)}`;
}

/** The slugs under which a create may stand: before keys, a title without Latin letters got the content's number. */
export function slugsOfCreate(write: ContentWrite): string[] {
  const slug = slugFor(write);
  const isNamed = write.slug !== '' || slugOfTitle(write.title) !== '';
  return isNamed ? [slug] : [slug, `content-${write.contentId}`];
}

/** A slug and what WordPress makes of it when it is taken. */
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
