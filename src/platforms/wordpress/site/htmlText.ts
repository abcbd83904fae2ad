const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);

/** A longer text is no name or title, and stays as it is. Characters. */
const LONGEST_READ = 100_000;

/** Decodes the character references of HTML. WordPress's REST API gives names as they stand in HTML. */
export function decodeCharacterReferences(html: string): string {
  if (html.length > LONGEST_READ) return html;
  return html.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name: string) => {
    if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** Removes everything between `<` and the next `>`. */
export function withoutTags(html: string): string {
  if (html.length > LONGEST_READ) return html;
  let text = '';
  let at = 0;
  for (;;) {
    const open = html.indexOf('<', at);
    const close = open === -1 ? -1 : html.indexOf('>', open);
    if (close === -1) return text + html.slice(at);
    text += html.slice(at, open);
    at = close + 1;
  }
}
