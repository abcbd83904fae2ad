import { withEscapedControls } from './bareControls.ts';
import { type ExactNumber, readNumber } from './exactNumber.ts';
import { DEEPEST_JSON } from './jsonDepth.ts';
import type { JsonSource } from './jsonSource.ts';

/**
 * The most values in one JSON text. The empty object `{}` has 2 characters and takes 56 bytes of memory, so a
 * limit of the size alone would not protect the memory.
 */
const MOST_VALUES = 2_000_000;
/** The most entries of one object. When an object grows, its table is built anew in one go. */
const MOST_ENTRIES = 250_000;
/** The longest number. Characters. */
const LONGEST_NUMBER = 1_000;
/** How many blanks one step skips, and how many escaped quotes of a string it passes. */
const BLANKS_AT_ONCE = 1_000;
const QUOTES_AT_ONCE = 1_000;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LITERALS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** The text is no JSON that can be taken. `position` is how far it was read. */
export class MalformedJson extends Error {
  readonly position: number;

  constructor(position: number) {
    super('The text is not valid JSON, nests too deep or has too many values.');
    this.name = 'MalformedJson';
    this.position = position;
  }
}

/** How a text is read; see JsonReader. */
export interface ReadLimits {
  mostValues?: number | undefined;
  takesControls?: boolean;
}

type Container = unknown[] | Record<string, unknown>;

/** What may come next: `first` is the first entry or the end of a container, `entry` what follows a comma. */
type Awaited = 'value' | 'first' | 'entry' | 'colon' | 'next';

/**
 * Reads one JSON value of a text or a body token by token, so that the caller can pause between two tokens. It takes
 * linear time and does not recurse. The result is the same as that of JSON.parse, but a number that a double does
 * not hold is an ExactNumber.
 */
export class JsonReader {
  /** The value, once `step` has returned true. */
  value: unknown = undefined;
  position: number;
  readonly #source: JsonSource;
  readonly #mostValues: number;
  readonly #takesControls: boolean;
  readonly #open: Container[] = [];
  /** The name of the entry that each open object waits for, and how many entries it has. */
  readonly #names: string[] = [];
  readonly #sizes: number[] = [];
  #awaited: Awaited = 'value';
  #values = 0;
  /** The last quote that was found to be escaped in the string at `position`. */
  #passedQuote = -1;

  /**
   * `mostValues`: how many values the text may have, at most as many as are read at all. `takesControls`: line breaks,
   * tabs and other control characters may stand in strings as they are, which JSON does not allow.
   */
  constructor(
    source: JsonSource,
    start: number,
    { mostValues = MOST_VALUES, takesControls = false }: ReadLimits = {},
  ) {
    this.#source = source;
    this.#mostValues = mostValues;
    this.#takesControls = takesControls;
    this.position = start;
  }

  /** Reads one token, or a part of a long one. Returns true when the value is complete. Throws MalformedJson. */
  step(): boolean {
    if (this.#skipsBlanks()) return false;
    const code = this.#source.code(this.position);
    const character = Number.isNaN(code) ? undefined : String.fromCharCode(code);
    switch (this.#awaited) {
      case 'next':
        return this.#next(character);
      case 'colon':
        if (character !== ':') throw this.#malformed();
        this.position += 1;
        this.#awaited = 'value';
        return false;
      case 'first':
        if (character === ']' || character === '}') return this.#close(character);
        return this.#entry(character);
      case 'entry':
        return this.#entry(character);
      case 'value':
        return this.#value(character);
    }
  }

  /** Returns true if the run of blanks is longer than one step skips. */
  #skipsBlanks(): boolean {
    const until = this.position + BLANKS_AT_ONCE;
    for (; this.position < until; this.position += 1) {
      const code = this.#source.code(this.position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return false;
    }
    return true;
  }

  #next(character: string | undefined): boolean {
    if (character !== ',') return this.#close(character);
    this.position += 1;
    this.#awaited = 'entry';
    return false;
  }

  #entry(character: string | undefined): boolean {
    if (Array.isArray(this.#open.at(-1))) return this.#value(character);
    if (character !== '"') throw this.#malformed();
    const name = this.#string();
    if (name === null) return false;
    const top = this.#names.length - 1;
    this.#names[top] = name;
    this.#sizes[top] = (this.#sizes[top] ?? 0) + 1;
    if ((this.#sizes[top] ?? 0) > MOST_ENTRIES) throw this.#malformed();
    this.#awaited = 'colon';
    return false;
  }

  #value(character: string | undefined): boolean {
    if (character === '[') return this.#begin([]);
    if (character === '{') return this.#begin({});
    if (character === '"') {
      const text = this.#string();
      return text !== null && this.#place(text);
    }
    const literal = LITERALS.find(
      ([word]) => word.startsWith(character ?? '-') && this.#source.hasAt(word, this.position),
    );
    if (literal === undefined) return this.#place(this.#number());
    this.position += literal[0].length;
    return this.#place(literal[1]);
  }

  #begin(container: Container): boolean {
    if (this.#open.length >= DEEPEST_JSON) throw this.#malformed();
    this.position += 1;
    this.#open.push(container);
    this.#names.push('');
    this.#sizes.push(0);
    this.#awaited = 'first';
    return false;
  }

  #close(character: string | undefined): boolean {
    const container = this.#open.at(-1);
    if (container === undefined || character !== (Array.isArray(container) ? ']' : '}')) {
      throw this.#malformed();
    }
    this.position += 1;
    this.#open.pop();
    this.#names.pop();
    this.#sizes.pop();
    return this.#place(container);
  }

  #place(value: unknown): boolean {
    this.#values += 1;
    if (this.#values > this.#mostValues) throw this.#malformed();
    this.#awaited = 'next';
    const container = this.#open.at(-1);
    if (container === undefined) {
      this.value = value;
      return true;
    }
    if (Array.isArray(container)) container.push(value);
    else setEntry(container, this.#names.at(-1) ?? '', value);
    return false;
  }

  /** Returns null if the string has more escaped quotes than one step passes. */
  #string(): string | null {
    const begun = this.position;
    let end = Math.max(begun, this.#passedQuote);
    let passed = 0;
    do {
      if (passed === QUOTES_AT_ONCE) {
        this.#passedQuote = end;
        return null;
      }
      end = this.#source.quoteFrom(end + 1);
      passed += 1;
      if (end === -1) {
        this.position = this.#source.length;
        throw this.#malformed();
      }
    } while (this.#isEscaped(end, begun));
    this.position = end + 1;
    const quoted = this.#source.slice(begun, this.position);
    try {
      return JSON.parse(this.#takesControls ? withEscapedControls(quoted) : quoted);
    } catch {
      throw this.#malformed();
    }
  }

  /** Is there an odd number of backslashes before the quote? */
  #isEscaped(quote: number, begun: number): boolean {
    let at = quote - 1;
    while (at > begun && this.#source.code(at) === 0x5c) at -= 1;
    return (quote - 1 - at) % 2 === 1;
  }

  #number(): number | ExactNumber {
    const begun = this.position;
    const until = begun + LONGEST_NUMBER;
    while (this.position < until && isOfNumber(this.#source.code(this.position))) this.position += 1;
    const digits = this.#source.slice(begun, this.position);
    if (!NUMBER.test(digits)) throw this.#malformed();
    return readNumber(digits);
  }

  #malformed(): MalformedJson {
    return new MalformedJson(this.position);
  }
}

/** Assigning `__proto__` would set the prototype instead of an entry. */
function setEntry(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Digits, `+`, `-`, `.` and the E of an exponent. */
function isOfNumber(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x45 ||
    code === 0x65
  );
}
