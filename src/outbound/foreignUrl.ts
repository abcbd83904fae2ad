/** The longest URL that is taken from outside. Long host names in Unicode take quadratic time. Characters. */
const LONGEST_URL = 8_192;

/** Parses a URL that comes from outside; null for one that is invalid or too long. */
export function foreignUrl(text: string, base?: string | URL): URL | null {
  if (text.length > LONGEST_URL) return null;
  return URL.canParse(text, base?.toString()) ? new URL(text, base) : null;
}

/** Removes the slashes at the end. */
export function withoutEndSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}
