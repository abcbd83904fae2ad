/** Replaces the escapes of line breaks and tabs by the characters themselves, as filters of the output do. */
export function withRawControls(json: string): string {
  return json.replace(/\\(.)/g, (whole, of: string) => ({ n: '\n', r: '\r', t: '\t' })[of] ?? whole);
}
