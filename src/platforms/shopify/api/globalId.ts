/** An id in Shopify's notation: https://shopify.dev/docs/api/usage/gids */
export function globalId(type: string, id: string): string {
  return `gid://shopify/${type}/${id}`;
}

/** The number in a global id of this type; null for any other value. Only the number is stored. */
export function numberIn(gid: unknown, type: string): string | null {
  const prefix = `gid://shopify/${type}/`;
  if (typeof gid !== 'string' || !gid.startsWith(prefix)) return null;
  const id = gid.slice(prefix.length).split('?', 1)[0] ?? '';
  return isId(id) ? id : null;
}

export function isId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text);
}

/** The number in the id of a node of this type; null if the node has no such id. */
export function nodeId(node: unknown, type: string): string | null {
  return typeof node === 'object' && node !== null && 'id' in node ? numberIn(node.id, type) : null;
}

/** Is the number `a` smaller than the number `b`? */
export function less(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
