/**
 * Makes a slug of a text as Shopify makes handles of titles: lower case, letters and digits of any script,
 * and hyphens. https://help.shopify.com/en/manual/online-store/themes/theme-structure/page-types
 */
export function slugOf(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 200)
    .replace(/-+$/, '');
}
