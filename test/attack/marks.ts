/** Marked secrets: each has a value that stands nowhere else, and is found in every usual encoding. */
import { randomBytes } from 'node:crypto';

/** The values of secrets, by name. */
export class Marks {
  readonly #values = new Map<string, string>();
  readonly #forms = new Map<string, string[]>();

  /** Makes a secret of letters and digits. */
  make(name: string): string {
    return this.add(name, `Mk${randomBytes(16).toString('hex')}`);
  }

  /** Takes a secret that the server has made. */
  add(name: string, value: string): string {
    if (value.length < 16) throw new Error(`The secret ${name} is too short to be found.`);
    this.#values.set(name, value);
    this.#forms.set(name, formsOf(value));
    return value;
  }

  get names(): string[] {
    return [...this.#values.keys()];
  }

  value(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`There is no secret ${name}.`);
    return value;
  }

  /** The names of the secrets that a text contains. */
  in(text: string): string[] {
    const lower = text.toLowerCase();
    return [...this.#forms]
      .filter(
        ([, forms]) => forms.some((form) => text.includes(form)) || lower.includes(this.#lowerOf(forms)),
      )
      .map(([name]) => name);
  }

  #lowerOf([value = '']: string[]): string {
    return value.toLowerCase();
  }
}

/** The value in clear, in base64 and base64url at every offset, in hex, in a URL and in JSON. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const shifted = [0, 1, 2].flatMap((offset) => {
    // Bytes before and after the value change the characters at its edges.
    const whole = bytes.subarray((3 - offset) % 3);
    const inner = whole.subarray(0, whole.length - (whole.length % 3));
    return [inner.toString('base64'), inner.toString('base64url')];
  });
  const hex = bytes.toString('hex');
  return [
    value,
    ...shifted,
    hex,
    hex.toUpperCase(),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ];
}
