/** What a reader of JSON reads from. Positions count from 0, in the units of the source. */
export interface JsonSource {
  readonly length: number;
  /** The code at a position; NaN behind the end. The codes of ASCII are those of the characters. */
  code(at: number): number;
  /** The position of the next double quote, or -1. */
  quoteFrom(at: number): number;
  slice(begin: number, end: number): string;
  hasAt(word: string, at: number): boolean;
}

/** A text. Its units are those of the text. */
export class TextSource implements JsonSource {
  readonly length: number;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.length = text.length;
  }

  code(at: number): number {
    return this.#text.charCodeAt(at);
  }

  quoteFrom(at: number): number {
    return this.#text.indexOf('"', at);
  }

  slice(begin: number, end: number): string {
    return this.#text.slice(begin, end);
  }

  hasAt(word: string, at: number): boolean {
    return this.#text.startsWith(word, at);
  }
}

/** Up to this many bytes a part is read byte by byte. */
const SHORT = 12;

/**
 * A body in UTF-8. Its units are bytes. The engine makes one long text of a large body in a single step, which may
 * hold up other work for longer than 100 ms, so only the parts are made texts. Invalid bytes become U+FFFD, as with
 * `toString`.
 */
export class ByteSource implements JsonSource {
  readonly length: number;
  readonly #body: Buffer;

  constructor(body: Buffer) {
    this.#body = body;
    this.length = body.length;
  }

  code(at: number): number {
    return this.#body[at] ?? Number.NaN;
  }

  quoteFrom(at: number): number {
    return this.#body.indexOf(0x22, at);
  }

  slice(begin: number, end: number): string {
    return end - begin > SHORT ? this.#body.toString('utf8', begin, end) : this.#short(begin, end);
  }

  hasAt(word: string, at: number): boolean {
    return this.slice(at, Math.min(at + word.length, this.length)) === word;
  }

  /** A short part, such as a number. A call of the decoder would take longer than the part itself. */
  #short(begin: number, end: number): string {
    let text = '';
    for (let at = begin; at < end; at += 1) {
      const byte = this.#body[at] ?? 0;
      if (byte > 0x7f) return this.#body.toString('utf8', begin, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
