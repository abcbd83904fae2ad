/**
 * Reads JSON with other output around it, from a badly configured PHP: a byte order mark from a file that was
 * saved with one, or notices and warnings before (sometimes after) the answer because `display_errors` is on.
 */

interface DirtyJson {
  value: unknown;
  /** Other output than the JSON was skipped. */
  dirty: boolean;
}

/** How many possible beginnings of the JSON are tried. Notices hold few braces. */
const MAX_BEGINNINGS = 40;

/** Returns the JSON object or array in a body, or null if there is none. */
export function readDirtyJson(body: Buffer): DirtyJson | null {
  const text = body.toString('utf8');
  const clean = parse(text);
  if (clean !== undefined) return { value: clean, dirty: false };

  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1;
  let beginnings = 0;
  for (const { index } of text.slice(0, end).matchAll(/[{[]/g)) {
    const value = parse(text.slice(index, end));
    if (value !== undefined) return { value, dirty: true };
    // This is the beginning of the answer itself, which was cut off. A part of it would pass for the whole.
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
