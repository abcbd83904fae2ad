import { WpError } from './restAnswer.ts';

/** The times that `format: date-time` accepts (rest_parse_date). */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}(?::\d{2})?)?$/;

/**
 * The parameters of a request, from its query and its body. The body takes precedence. Wrong parameters are
 * collected, and `check` then throws an error that names all of them. WordPress does the same before it
 * checks permissions.
 */
export class Parameters {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #problems: Record<string, string> = {};

  constructor(query: URLSearchParams, body: Readonly<Record<string, unknown>> = {}) {
    const values = new Map<string, unknown>();
    for (const [name, value] of query) {
      // PHP's `include[]=1&include[]=2`
      const list = /^(\w+)\[\d*\]$/.exec(name)?.[1];
      if (list === undefined) values.set(name, value);
      else values.set(list, [...asList(values.get(list)), value]);
    }
    for (const [name, value] of Object.entries(body)) values.set(name, value);
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  /** All parameters as JSON. The text is the same for a retry of the request. */
  asSent(): string {
    return JSON.stringify([...this.#values]);
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    this.#problem(name, `${name} is not of type string.`);
    return undefined;
  }

  /** A text, or the text in `{raw}`. Titles, contents and excerpts may be sent in both forms. */
  rawText(name: string): string | undefined {
    const value = this.get(name);
    if (typeof value === 'object' && value !== null && 'raw' in value && typeof value.raw === 'string')
      return value.raw;
    return this.text(name);
  }

  integer(name: string, range: { min?: number; max?: number } = {}): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const number = asInteger(value);
    if (number === null) this.#problem(name, `${name} is not of type integer.`);
    else if (number < (range.min ?? -Infinity) || number > (range.max ?? Infinity))
      this.#problem(name, `${name} must be between ${range.min} (inclusive) and ${range.max} (inclusive)`);
    return number ?? undefined;
  }

  integers(name: string): number[] | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const numbers = asList(value).map(asInteger);
    const whole = numbers.filter((number) => number !== null);
    if (whole.length < numbers.length) this.#problem(name, `${name}[0] is not of type integer.`);
    return whole;
  }

  texts(name: string): string[] | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : asList(value).map(String);
  }

  flag(name: string): boolean {
    return [true, 'true', '1', 1].some((yes) => yes === this.get(name));
  }

  choice<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) this.#problem(name, `${name} is not one of ${choices.join(', ')}.`);
    return chosen;
  }

  /** A time exactly as sent, with or without an offset. Null when null was sent. */
  time(name: string): string | null | undefined {
    const value = this.get(name);
    if (value === null || value === undefined) return value;
    if (typeof value === 'string' && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value))) return value;
    this.#problem(name, 'Invalid date.');
    return undefined;
  }

  /** Records that a parameter is wrong. The first message for a parameter is kept. */
  refuse(name: string, message: string): void {
    this.#problem(name, message);
  }

  /** Throws WpError `rest_invalid_param` when a parameter was recorded as wrong. */
  check(): void {
    const names = Object.keys(this.#problems);
    if (names.length === 0) return;
    throw new WpError('rest_invalid_param', 400, `Invalid parameter(s): ${names.join(', ')}`, {
      params: this.#problems,
    });
  }

  #problem(name: string, message: string): void {
    this.#problems[name] ??= message;
  }
}

/** wp_parse_list() */
function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null) return [];
  return String(value)
    .split(/[\s,]+/)
    .filter((part) => part !== '');
}

function asInteger(value: unknown): number | null {
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}
