import { mayHoldExactNumbers } from './exactNumber.ts';
import { tooDeepAt } from './jsonDepth.ts';
import { JsonReader, MalformedJson, type ReadLimits } from './jsonReader.ts';
import { ByteSource, type JsonSource, TextSource } from './jsonSource.ts';
import { Turns } from './turns.ts';

/** Up to this size the engine parses JSON at once, which is faster and takes a few milliseconds. Characters or bytes. */
const AT_ONCE = 256 * 1024;
/** How much is decoded, or looked through, in one turn. Bytes or characters. */
const DECODED_AT_ONCE = 1024 * 1024;
/** What may follow a value. */
const BLANKS = /^[\t\n\r ]*$/;
/** How many tokens are read before the clock is looked at. */
const TOKENS = 512;

/**
 * Parses the JSON body of an answer. Every answer of a site is parsed here: it is foreign input, and a large
 * one is read in turns with other work. A number that a double does not hold to the digit becomes an ExactNumber.
 * Throws MalformedJson for any body that is not JSON, nests too deep or has too many values.
 */
export async function parseJson(body: Buffer): Promise<unknown> {
  if (body.length <= AT_ONCE) return parseAtOnce(body.toString('utf8'));
  return parseWhole(new ByteSource(body), {});
}

/** The same for a text. `mostValues`: how many values it may have. */
export async function parseJsonText(text: string, limits: { mostValues?: number } = {}): Promise<unknown> {
  return text.length <= AT_ONCE ? parseAtOnce(text) : parseWhole(new TextSource(text), limits);
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
  const reader = new JsonReader(new TextSource(text), 0);
  while (!reader.step()) {
    // Each step reads one token.
  }
  mustEndAt(text, reader.position);
  return reader.value;
}

/** Only blanks may follow the value. Throws MalformedJson. */
function mustEndAt(text: string, end: number): void {
  if (!BLANKS.test(text.slice(end))) throw new MalformedJson(end);
}

/** Reads the one value of a large source. Only blanks may follow it. Throws MalformedJson. */
async function parseWhole(source: JsonSource, limits: ReadLimits): Promise<unknown> {
  const { value, end } = await readAt(source, 0, limits);
  const turns = new Turns();
  for (let at = end; at < source.length; at += DECODED_AT_ONCE) {
    if (!BLANKS.test(source.slice(at, at + DECODED_AT_ONCE))) throw new MalformedJson(end);
    await turns.pause();
  }
  return value;
}

/**
 * Parses the value that begins at `start`, and returns it with the position behind it. Throws MalformedJson,
 * whose `position` says how far the text was read.
 */
export function readJsonAt(
  text: string,
  start: number,
  limits: ReadLimits = {},
): Promise<{ value: unknown; end: number }> {
  return readAt(new TextSource(text), start, limits);
}

/** The same for a body, whose positions are bytes. */
export function readBodyAt(
  body: Buffer,
  start: number,
  limits: ReadLimits = {},
): Promise<{ value: unknown; end: number }> {
  return readAt(new ByteSource(body), start, limits);
}

async function readAt(
  source: JsonSource,
  start: number,
  limits: ReadLimits,
): Promise<{ value: unknown; end: number }> {
  const reader = new JsonReader(source, start, limits);
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
