/**
 * Reads JSON that a badly set up PHP has put something around: a byte order mark from a file saved with one, or
 * notices and warnings printed before (sometimes after) the answer because `display_errors` is on.
 */

interface DirtyJson {
  value: unknown;
  /** Something that does not belong there was read past. */
  dirty: boolean;
}

/** How many places that look like a beginning are tried. Notices hold few braces. */
const MAX_BEGINNINGS = 40;

/** Returns what was read, or null when there is no JSON object or array in it. */
export function readDirtyJson(body: Buffer): DirtyJson | null {
  const text = body.toString('utf8');
  const clean = parse(text);
  if (clean !== undefined) return { value: clean, dirty: false };

  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1;
  let beginnings = 0;
  for (const { index } of text.slice(0, end).matchAll(/[{[]/g)) {
    const value = parse(text.slice(index, end));
    if (value !== undefined) return { value, dirty: true };
    // What begins so is the answer itself, cut off: a part of it would pass for the whole.
    if (/^(\[\s*)?\{\s*"/.test(text.slice(index, index + 64))) break;
    beginnings += 1;
    if (beginnings === MAX_BEGINNINGS) break;
  }
  return null;
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
