import { termChoices, type Writing } from './steps.ts';

/** What people write on both sides. Each text has a mark of its own, so that it can be found again. */
export class Writings {
  /** Titles that people wrote, except those that a person replaced or deleted knowingly. */
  readonly alive = new Set<string>();
  /** The piece in whose body each title was written. */
  readonly pieces = new Map<string, string>();
  #marks = 0;

  /** The texts of a new item, or of an item with this body. An edited text keeps its piece, which identifies it. */
  texts(writing: Writing, body: string | null) {
    const { excerpt, slug } = writing;
    const piece = body === null ? `o${this.#mark()}` : pieceOf(body);
    return {
      ...(writing.title ? { title: this.newTitle(piece) } : {}),
      ...(writing.body || body === null
        ? {
            content: `<!-- wp:paragraph -->\n<p>${piece} "b${this.#mark()}" \\ 🎉</p>\n<!-- /wp:paragraph -->`,
          }
        : {}),
      ...(excerpt === undefined ? {} : { excerpt }),
      ...(slug === undefined ? {} : { slug }),
    };
  }

  newTitle(piece: string): string {
    const title = titled(this.#mark());
    this.pieces.set(title, piece);
    this.alive.add(title);
    return title;
  }

  #mark(): number {
    this.#marks += 1;
    return this.#marks;
  }
}

/** A title with a number, in letters of which WordPress makes slugs in different ways. */
export function titled(number: number): string {
  const forms = [`T${number} & more`, `Øl på T${number}`, `Новость T${number}`];
  return forms[number % forms.length] ?? '';
}

/** The piece of a body. */
export function pieceOf(body: string | undefined): string {
  return /o\d+/.exec(body ?? '')?.[0] ?? 'o0';
}

/** The terms of a writing, as the API takes them. Pages have none. */
export function termsOf(type: string, { terms }: Writing) {
  return terms === undefined || type !== 'post'
    ? {}
    : { terms: terms.flatMap((at) => termChoices[at] ?? []) };
}

/** Chooses one of all, the newest first, so that most steps affect what was just created. */
export function pick<T>(all: readonly T[], which: number): T | undefined {
  return all[all.length - 1 - (which % Math.max(1, all.length))];
}
