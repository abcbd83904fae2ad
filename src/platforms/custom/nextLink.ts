/** One link of the header, and its parameters. https://www.rfc-editor.org/rfc/rfc8288#section-3 */
const LINK = /<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)/g;
const RELATION = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i;

/** The URL of the link with the relation `next` in a header `Link`; null if there is none. */
export function nextLink(header: string | undefined): string | null {
  for (const [, url = '', parameters = ''] of (header ?? '').matchAll(LINK)) {
    const [, quoted, plain] = RELATION.exec(parameters) ?? [];
    const relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next')) return url;
  }
  return null;
}
