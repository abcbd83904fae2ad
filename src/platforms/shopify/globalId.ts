/** An id as Shopify writes it: https://shopify.dev/docs/api/usage/gids */
export function globalId(type: string, id: string): string {
  return `gid://shopify/${type}/${id}`;
}

/** The number in a global id of this type, which is what is kept of it; null for any other. */
export function numberIn(gid: unknown, type: string): string | null {
  const prefix = `gid://shopify/${type}/`;
  if (typeof gid !== 'string' || !gid.startsWith(prefix)) return null;
  const id = gid.slice(prefix.length).split('?', 1)[0] ?? '';
  return isId(id) ? id : null;
}

export function isId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text);
}
