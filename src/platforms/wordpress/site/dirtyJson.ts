import { breaksOffAt } from '../../../outbound/brokenBody.ts';
import { decodeBody, parseJson, readJsonAt } from '../../../outbound/json.ts';
import { MalformedJson } from '../../../outbound/jsonReader.ts';
import { Turns } from '../../../outbound/turns.ts';

/**
 * Reads JSON with other output around it: a byte order mark from a file that was saved with one, notices and
 * warnings because `display_errors` is on, or a script that a plugin prints into every answer. Reads JSON too in
 * whose texts a filter of the output has put line breaks or tabs as they are.
 */

/** The JSON of a body. `notice` is the file that PHP's notice beside the JSON names. */
interface FoundJson {
  found: 'json';
  value: object;
  /** Other output than the JSON was skipped, or texts hold control characters as they are; null for clean JSON. */
  dirt: 'other_output' | 'raw_controls' | null;
  notice: string | null;
}

/** `cut_off`: the JSON begins, but breaks off. `nothing`: there is none. */
type ReadJson = FoundJson | { found: 'cut_off' | 'nothing' };

/** A stretch of the text that reads as JSON up to `end`. The value is undefined if it breaks off there. */
interface Stretch {
  start: number;
  end: number;
  value: unknown;
}

/** How many possible beginnings of the JSON are tried, and how often the length of the text is read in vain. */
const MAX_BEGINNINGS = 10_000;
const MAX_READ_IN_VAIN = 4;
/** How many matches are looked at before the clock is. */
const MATCHES = 256;
/** How many blanks may stand before a value. */
const MOST_BLANKS = 64;

/** What may begin JSON, and what surely does not hold the answer: a script, a style sheet, a comment. */
const BEGINNING = /<(?:script|style)\b|<!--|\{[ \t\r\n]{0,64}["}]|\[[ \t\r\n]{0,64}[[\]{"\-0-9tfn]/gi;
/** A page in place of the answer. Its attributes may hold JSON. */
const PAGE = /^\s{0,64}<(?:!doctype|html|head|body)\b/i;

/** Finds the JSON object or array in a body. Takes linear time, in turns. */
export async function readDirtyJson(body: Buffer): Promise<ReadJson> {
  const clean = await parseJson(body).catch((error: unknown) => void positionOf(error));
  if (isContainer(clean)) return { found: 'json', value: clean, dirt: null, notice: null };
  const text = await decodeBody(body);
  const whole = await readLeniently(text, 0);
  if (isContainer(whole.value) && text.slice(whole.end).trim() === '')
    return { found: 'json', value: whole.value, dirt: 'raw_controls', notice: null };
  const answer = PAGE.test(text) ? null : await longestStretch(text);
  if (answer === null) return { found: 'nothing' };
  const { value, start, end } = answer;
  if (!isContainer(value)) return { found: breaksOffAt(text, end) ? 'cut_off' : 'nothing' };
  return { found: 'json', value, dirt: 'other_output', notice: noticedFile(text, start, end) };
}

/** Reads the JSON that begins at `start`. Its strings may hold control characters. */
function readLeniently(text: string, start: number): Promise<Omit<Stretch, 'start'>> {
  return readJsonAt(text, start, { takesControls: true }).catch((error: unknown) => ({
    value: undefined,
    end: positionOf(error),
  }));
}

/**
 * The answer is the longest stretch that reads as JSON: notices hold short ones. If it breaks off, no part of it
 * may pass for the whole. So values inside of a stretch that broke off are not tried.
 */
async function longestStretch(text: string): Promise<Stretch | null> {
  const beginning = new RegExp(BEGINNING);
  const skip = new SkippedElements(text);
  const turns = new Turns();
  let longest: Stretch | null = null;
  let inVain = 0;
  let brokeOff = false;
  let matches = 0;
  for (let tried = 0; tried < MAX_BEGINNINGS && inVain <= text.length * MAX_READ_IN_VAIN; ) {
    matches += 1;
    if (matches % MATCHES === 0) await turns.pause();
    const match = beginning.exec(text);
    if (match === null) return longest;
    const start = match.index;
    if (match[0].startsWith('<')) {
      beginning.lastIndex = skip.endOf(match[0].toLowerCase(), beginning.lastIndex);
      continue;
    }
    beginning.lastIndex = start + 1;
    if (brokeOff && isInside(text, start)) continue;
    tried += 1;
    const read = await readLeniently(text, start);
    if (read.value === undefined) {
      inVain += read.end - start;
      brokeOff = true;
    } else {
      beginning.lastIndex = read.end;
    }
    if (longest === null || read.end - start >= longest.end - longest.start) longest = { start, ...read };
  }
  return null;
}

/** Is the value that begins at `start` inside of other JSON? There it follows a bracket, a comma or a colon. */
function isInside(text: string, start: number): boolean {
  let before = start - 1;
  while (before >= 0 && start - before <= MOST_BLANKS && text.charCodeAt(before) <= 0x20) before -= 1;
  return before >= 0 && '[,:'.includes(text.charAt(before));
}

/** Finds the end of elements of HTML. It looks for each end tag that is missing only once. */
class SkippedElements {
  readonly #text: string;
  readonly #missing = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the element that was opened before `from` ends; `from` if it does not end. */
  endOf(opened: string, from: number): number {
    if (this.#missing.has(opened)) return from;
    const end = new RegExp(opened === '<!--' ? '-->' : `</${opened.slice(1)}\\s{0,8}>`, 'gi');
    end.lastIndex = from;
    if (end.exec(this.#text) !== null) return end.lastIndex;
    this.#missing.add(opened);
    return from;
  }
}

/** How much of the other output is searched for the name of a file. Characters. */
const SEARCHED = 16_384;
/** PHP's form: https://www.php.net/manual/en/errorfunc.configuration.php#ini.html-errors */
const NOTICE = / in (?:<b>)?([^\s<>"']{1,300}\.php)(?:<\/b>)? on line /;

/** The file that a notice around the JSON names, from `wp-content` on. */
function noticedFile(text: string, start: number, end: number): string | null {
  const around = `${text.slice(Math.max(0, start - SEARCHED), start)}\n${text.slice(end, end + SEARCHED)}`;
  const file = NOTICE.exec(around)?.[1];
  return file?.slice(Math.max(0, file.indexOf('wp-content/'))) ?? null;
}

/** The position of the fault. */
function positionOf(error: unknown): number {
  if (error instanceof MalformedJson) return error.position;
  throw error;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
