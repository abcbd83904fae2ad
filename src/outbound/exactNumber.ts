/** JSON.rawJSON writes a text into JSON as it is: https://github.com/tc39/proposal-json-parse-with-source */
declare global {
  interface JSON {
    rawJSON(text: string): object;
    isRawJSON(value: unknown): value is { rawJSON: string };
  }
}

/**
 * Begins a text in place of an ExactNumber, where only doubles would come through. PostgreSQL stores no NUL, so no
 * other text of a stored JSON begins with it.
 */
export const EXACT_MARK = '\0';

/** A longer number is read as a double. Characters, without an exponent. */
const LONGEST = 1_000;
const PARTS = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** A double holds a number with up to 15 digits, unless the zeros at its end count. */
const EVERY_DOUBLE_HOLDS = /^-?\d{1,15}$/;
/**
 * A number with more digits, with a zero at the end of its fraction, or with an exponent. A text of JSON without
 * a match holds no ExactNumber. A string of the JSON may match too.
 */
const MAY_BE_EXACT = /(?:^|[[:,\s])-?(?:\d[\d.]{15}|\d+\.\d*0(?!\d)|\d[\d.]*[eE])/;

/**
 * A number of JSON that a double does not hold to the digit, such as 9007199254740993 or 19.90. Every other
 * number is a plain number. JSON.stringify writes the digits as they are.
 */
export class ExactNumber {
  /** As PostgreSQL writes a number: without an exponent, and with the zeros at the end of the fraction. */
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  /**
   * JSON.stringify passes the name of the entry, and gets the digits. Prisma passes no name. Its engine takes no
   * raw JSON, so it gets a text, which `src/database/exactJson.ts` turns into the digits.
   */
  toJSON(name?: string): object | string {
    return name === undefined ? `${EXACT_MARK}${this.digits}` : JSON.rawJSON(this.digits);
  }

  toString(): string {
    return this.digits;
  }
}

/** May a text of JSON hold a number that a double does not hold? Takes linear time. */
export function mayHoldExactNumbers(json: string): boolean {
  return MAY_BE_EXACT.test(json);
}

/** Reads a number of JSON, which must be well-formed. */
export function readNumber(text: string): number | ExactNumber {
  const value = Number(text);
  if (EVERY_DOUBLE_HOLDS.test(text)) return value;
  const digits = withoutExponent(text);
  return digits === null || digits === withoutExponent(String(value)) ? value : new ExactNumber(digits);
}

/**
 * Returns the plain number in place of an ExactNumber that has only zeros too many, as 19.90 and 5.0 have. Any
 * other value is returned as it is.
 */
export function asNumber<Value>(value: Value): Value | number {
  if (!(value instanceof ExactNumber)) return value;
  const { digits } = value;
  const shortest = readNumber(digits.includes('.') ? digits.replace(/0+$/, '').replace(/\.$/, '') : digits);
  return typeof shortest === 'number' ? shortest : value;
}

/** Returns the nearest double in place of an ExactNumber, and any other value as it is. */
export function asDouble<Value>(value: Value): Value | number {
  return value instanceof ExactNumber ? Number(value.digits) : value;
}

/** The same number without an exponent; null if it would be too long, or if the text is no number. */
function withoutExponent(text: string): string | null {
  const [, whole = '', fraction = '', exponent = '0'] = PARTS.exec(text) ?? [];
  const shift = Number(exponent);
  if (whole === '' || whole.length + fraction.length + Math.abs(shift) > LONGEST) return null;
  const digits = '0'.repeat(Math.max(0, -shift)) + whole + fraction.padEnd(shift, '0');
  const point = whole.length + Math.max(0, shift);
  const before = digits.slice(0, point).replace(/^0+(?=\d)/, '');
  const after = digits.slice(point);
  const isZero = !/[1-9]/.test(digits);
  return `${text.startsWith('-') && !isZero ? '-' : ''}${before}${after === '' ? '' : `.${after}`}`;
}
