/** A link of the header `Link`, with its relations in lower case. */
interface HeaderLink {
  url: string;
  relations: string[];
}

/**
 * Reads a header `Link` from left to right, in linear time. What is no link is skipped.
 * https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function readLinks(header: string | undefined): HeaderLink[] {
  const text = header ?? '';
  const links: HeaderLink[] = [];
  for (let at = text.indexOf('<'); at !== -1; ) {
    const close = text.indexOf('>', at);
    if (close === -1) break;
    const end = endOfParameters(text, close + 1);
    links.push({ url: text.slice(at + 1, close), relations: relationsIn(text.slice(close + 1, end)) });
    at = text.indexOf('<', end);
  }
  return links;
}

const RELATION = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i;

function relationsIn(parameters: string): string[] {
  const [, quoted, plain] = RELATION.exec(parameters) ?? [];
  return (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
}

/** The position of the comma that ends a link. A comma within quotes does not. */
function endOfParameters(text: string, begun: number): number {
  let quoted = false;
  for (let at = begun; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') at += 1;
    else if (!quoted && character === ',') return at;
  }
  return text.length;
}
