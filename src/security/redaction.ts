import { scrub } from './scrub.ts';

/** Shorter values are no secrets that could be told from words. Characters. */
const SHORTEST = 8;
/** How much of a secret is recognised where a text was cut off within it. Characters. */
const RECOGNISED = 12;
const REDACTED = '[redacted]';

/** Removes known secrets from texts, in clear and in the encodings in which a request carries them. */
export class Redaction {
  readonly #forms = new Set<string>();
  #beginnings = /(?!)/g;

  /** Adds secrets. `username` belongs to them in an Authorization header. */
  add(secrets: Iterable<string>, username = ''): void {
    for (const secret of secrets) {
      if (secret.length < SHORTEST) continue;
      for (const form of [secret, secret.replace(/\s/g, '')]) {
        const bytes = Buffer.from(form);
        for (const each of [
          form,
          encodeURIComponent(form.toWellFormed()),
          new URLSearchParams({ form }).toString().slice('form='.length),
          JSON.stringify(form).slice(1, -1),
          bytes.toString('base64'),
          bytes.toString('base64url'),
          bytes.toString('hex'),
          Buffer.from(`${username}:${form}`).toString('base64'),
        ])
          if (each.length >= SHORTEST) this.#forms.add(each.toLowerCase());
      }
    }
    const starts = [...this.#forms].sort((one, other) => other.length - one.length);
    if (starts.length > 0) this.#beginnings = new RegExp(starts.map(beginningOf).join('|'), 'gi');
  }

  /** The text without the secrets. A beginning of a secret is removed too, because texts are cut off. */
  of(text: string): string {
    let clean = '';
    let at = 0;
    for (const { index } of text.matchAll(this.#beginnings)) {
      if (index < at) continue;
      clean += text.slice(at, index) + REDACTED;
      at = index + this.#lengthAt(text, index);
    }
    return scrub(clean + text.slice(at));
  }

  /** The value with every text in it redacted, its keys included. */
  deep<T>(value: T): T {
    return JSON.parse(JSON.stringify(value), (_, each: unknown) => {
      if (typeof each === 'string') return this.of(each);
      if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
      return Object.fromEntries(Object.entries(each).map(([key, entry]) => [this.of(key), entry]));
    });
  }

  /** How many characters at this place are the longest beginning of a secret. */
  #lengthAt(text: string, index: number): number {
    let longest = 0;
    for (const form of this.#forms) {
      const found = text.slice(index, index + form.length).toLowerCase();
      let length = 0;
      while (length < found.length && found[length] === form[length]) length += 1;
      longest = Math.max(longest, length);
    }
    return longest;
  }
}

function beginningOf(form: string): string {
  return form.slice(0, RECOGNISED).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
