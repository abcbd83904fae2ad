/** Characters that JSON allows in a string only as an escape (RFC 8259, section 7). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BARE_CONTROLS = /[\u0000-\u001f]/g;

/** A string of JSON, with its quotes, in which control characters that stand as they are have become escapes. */
export function withEscapedControls(quoted: string): string {
  return quoted.replace(
    BARE_CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
