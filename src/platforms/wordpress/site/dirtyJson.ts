import { decodeBody, parseJsonText, readJsonAt } from '../../../outbound/json.ts';
import { MalformedJson } from '../../../outbound/jsonReader.ts';

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
/** How much text may be read in vain from these beginnings. A brace in a notice is soon known as one. Characters. */
const MAX_READ_IN_VAIN = 1024 * 1024;

/** Returns the JSON object or array in a body, or null if there is none. Takes linear time, in turns. */
export async function readDirtyJson(body: Buffer): Promise<DirtyJson | null> {
  const text = await decodeBody(body);
  const clean = await unlessMalformed(parseJsonText(text));
  if (isContainer(clean)) return { value: clean, dirty: false };

  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1;
  let inVain = 0;
  let beginnings = 0;
  for (const { index } of text.slice(0, end).matchAll(/[{[]/g)) {
    const read = await readJsonAt(text, index).catch(positionOf);
    if (typeof read === 'object' && read.end === end) return { value: read.value, dirty: true };
    // This is the beginning of the answer itself, which was cut off. A part of it would pass for the whole.
    if (/^(\[\s*)?\{\s*"/.test(text.slice(index, index + 64))) break;
    inVain += (typeof read === 'object' ? read.end : read) - index;
    beginnings += 1;
    if (beginnings === MAX_BEGINNINGS || inVain > MAX_READ_IN_VAIN) break;
  }
  return null;
}

/** The position of the fault. */
function positionOf(error: unknown): number {
  if (error instanceof MalformedJson) return error.position;
  throw error;
}

async function unlessMalformed(parsing: Promise<unknown>): Promise<unknown> {
  return parsing.catch((error: unknown) => void positionOf(error));
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
