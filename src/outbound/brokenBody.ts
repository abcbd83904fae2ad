/** Bodies that are not the JSON that they should be, and why. */
import { readBodyAt } from './json.ts';
import { MalformedJson } from './jsonReader.ts';

/** What follows JSON that breaks off: the end, or a half literal before it; an element of HTML; a new line. */
const BROKEN_OFF = /^(?:\s*(?:<|$)|[\r\n]|(?:-|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?)$)/;

/** How much of what follows is looked at. Characters. */
const LOOKED_AT = 64;

/** Does a body begin as gzip (RFC 1952), or as zlib (RFC 1950) at its usual levels? */
export function isPacked([first, second]: Buffer): boolean {
  if (first === 0x1f) return second === 0x8b;
  return first === 0x78 && (second === 0x01 || second === 0x9c || second === 0xda);
}

/** Does JSON that could be read up to `end` break off there? */
export function breaksOffAt(text: string, end: number): boolean {
  return BROKEN_OFF.test(text.slice(end, end + LOOKED_AT));
}

/**
 * What is wrong with a body that is not JSON: `raw_controls`: its texts hold line breaks or tabs as they are, and it has
 * a value all the same; `packed`: it is compressed, and no header says so; `cut_off`: its JSON breaks off; `other`: none
 * of these. Takes linear time, in turns.
 */
export type BrokenBody =
  | { found: 'raw_controls'; value: unknown }
  | { found: 'packed' | 'cut_off' | 'other' };

/** Reads a body that is not JSON. */
export async function readBrokenBody(body: Buffer): Promise<BrokenBody> {
  if (isPacked(body)) return { found: 'packed' };
  const marked = withoutMark(body);
  const rest = (from: number) => marked.subarray(from, from + LOOKED_AT).toString('utf8');
  if (!/^\s*[[{]/.test(rest(0))) return { found: 'other' };
  try {
    const { value, end } = await readBodyAt(marked, 0, { takesControls: true });
    return /^\s*$/.test(rest(end)) && marked.length - end <= LOOKED_AT
      ? { found: 'raw_controls', value }
      : { found: 'other' };
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    return { found: BROKEN_OFF.test(rest(error.position)) ? 'cut_off' : 'other' };
  }
}

/**
 * A body without its byte order mark, which many parsers tolerate in UTF-8:
 * https://www.rfc-editor.org/rfc/rfc8259#section-8.1
 */
export function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}
