/** The deepest nesting that is read. PHP writes and reads no deeper: https://www.php.net/json_encode */
export const DEEPEST_JSON = 512;
/**
 * Where a text nests deeper than the limit, whether or not it is JSON otherwise; null if it does not. `field`
 * is the entry of the outermost object that does; empty without one.
 */
export function tooDeepAt(text: string): { position: number; field: string } | null {
  let depth = 0;
  let quote = -1;
  let name: [number, number] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quote !== -1) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) {
        if (depth === 1) name = [quote + 1, at];
        quote = -1;
      }
    } else if (code === 0x22) quote = at;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > DEEPEST_JSON) return { position: at, field: text.slice(...name) };
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return null;
}
