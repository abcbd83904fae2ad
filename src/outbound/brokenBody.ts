/** Bodies that are not the JSON that they should be, and why. */
import { decodeBody, readJsonAt } from './json.ts';
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
 * What is wrong with a body that is not JSON: `packed`: it is compressed, and no header says so; `cut_off`: its JSON
 * breaks off; null: neither. Takes linear time, in turns.
 */
export async function brokenBody(body: Buffer): Promise<'packed' | 'cut_off' | null> {
  if (isPacked(body)) return 'packed';
  const text = (await decodeBody(body)).replace(/^\uFEFF/, '');
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    await readJsonAt(text, 0, { takesControls: true });
    return null;
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    return breaksOffAt(text, error.position) ? 'cut_off' : null;
  }
}
