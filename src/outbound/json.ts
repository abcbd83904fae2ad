import { mayHoldExactNumbers } from './exactNumber.ts';
import { tooDeepAt } from './jsonDepth.ts';
import { JsonReader, MalformedJson, type ReadLimits } from './jsonReader.ts';
import { Turns } from './turns.ts';

/** Up to this size the engine parses JSON at once, which is faster and takes a few milliseconds. Characters. */
const AT_ONCE = 256 * 1024;
/** How much is decoded in one turn. Bytes. */
const DECODED_AT_ONCE = 1024 * 1024;
/** How many tokens are read before the clock is looked at. */
const TOKENS = 512;

/**
 * Parses the JSON body of an answer. Every answer of a site is parsed here: it is foreign input, and a large
 * one is read in turns with other work. A number that a double does not hold to the digit becomes an ExactNumber.
 * Throws MalformedJson for any body that is not JSON, nests too deep or has too many values.
 */
export async function parseJson(body: Buffer): Promise<unknown> {
  return parseJsonText(await decodeBody(body));
}

/** The same for a text. `mostValues`: how many values it may have. */
export async function parseJsonText(text: string, limits: { mostValues?: number } = {}): Promise<unknown> {
  if (text.length <= AT_ONCE) return parseAtOnce(text);
  const { value, end } = await readJsonAt(text, 0, limits);
  mustEndAt(text, end);
  return value;
}

/** The same for a text that is short, or that may hold up other work. */
export function parseAtOnce(text: string): unknown {
  if (mayHoldExactNumbers(text)) return readAtOnce(text);
  // The engine parses deep nesting slowly, so the depth is checked before.
  const deep = tooDeepAt(text);
  if (deep !== null) throw new MalformedJson(deep.position);
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedJson(text.length);
  }
}

/** The engine reads numbers as doubles only. */
function readAtOnce(text: string): unknown {
  const reader = new JsonReader(text, 0);
  while (!reader.step()) {
    // Each step reads one token.
  }
  mustEndAt(text, reader.position);
  return reader.value;
}

/** Only blanks may follow the value. Throws MalformedJson. */
function mustEndAt(text: string, end: number): void {
  if (!/^[\t\n\r ]*$/.test(text.slice(end))) throw new MalformedJson(end);
}

/**
 * Parses the value that begins at `start`, and returns it with the position behind it. Throws MalformedJson,
 * whose `position` says how far the text was read.
 */
export async function readJsonAt(
  text: string,
  start: number,
  limits: ReadLimits = {},
): Promise<{ value: unknown; end: number }> {
  const reader = new JsonReader(text, start, limits);
  const turns = new Turns();
  for (;;) {
    for (let token = 0; token < TOKENS; token += 1) {
      if (reader.step()) return { value: reader.value, end: reader.position };
    }
    await turns.pause();
  }
}

/**
 * Decodes a body as UTF-8, as `toString` does: invalid bytes become U+FFFD, a byte order mark stays. With `fatal`
 * it throws TypeError for invalid bytes.
 */
export async function decodeBody(body: Buffer, { fatal = false } = {}): Promise<string> {
  if (body.length <= DECODED_AT_ONCE && !fatal) return body.toString('utf8');
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal });
  const turns = new Turns();
  let text = '';
  for (let start = 0; start < body.length; start += DECODED_AT_ONCE) {
    text += decoder.decode(body.subarray(start, start + DECODED_AT_ONCE), { stream: true });
    await turns.pause();
  }
  return text + decoder.decode();
}
