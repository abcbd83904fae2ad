/**
 * Texts of the property of restored sides. A title is `T` and a number. A body is a piece (`o` and a number,
 * which edits keep) and the number of its edit (`b`). No number is used twice.
 */

/** The piece of a body, which identifies it. Null for a body that no person wrote. */
export function pieceOf(body: string): string | null {
  return /\bo[1-9]\d*\b/.exec(body)?.[0] ?? null;
}

/** The marks that identify a text. */
export function marksOf(text: string): string[] {
  return text.match(/\b[Tb]\d+\b/g) ?? [];
}
