/**
 * Texts of the property of restored sides. Each title is `T` and a number, each body a piece `o` and a number, which
 * stays whatever is edited, and the number `b` of its edit; no number is used twice.
 */

/** Which piece a body is, by which it is known again; null where it is none of a person's. */
export function pieceOf(body: string): string | null {
  return /\bo[1-9]\d*\b/.exec(body)?.[0] ?? null;
}

/** What tells a text from every other. */
export function marksOf(text: string): string[] {
  return text.match(/\b[Tb]\d+\b/g) ?? [];
}
