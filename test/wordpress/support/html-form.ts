/** Reads the forms of an HTML page, as far as WordPress's admin pages require. */

/** A form as a browser would submit it. */
export interface HtmlForm {
  /** The form's attributes, such as `id`, `action`, `method`, `enctype`. */
  attributes: Record<string, string>;
  /** Fields with their present values. A button's value is sent only when the button is pressed. */
  fields: Map<string, string>;
  buttons: { name: string; value: string; text: string }[];
}

/** All forms of a page, in its order. */
export function readForms(html: string): HtmlForm[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map((match) => {
    const content = match[2] ?? '';
    return {
      attributes: attributes(match[1] ?? ''),
      fields: readFields(content),
      buttons: readButtons(content),
    };
  });
}

/** The text of a page without markup and entities. */
export function plainText(html: string): string {
  return decode(html.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();
}

/** Replaces the entities that WordPress writes. */
export function decode(text: string): string {
  const names: Record<string, string> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    hellip: '…',
  };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (typeof decimal === 'string') {
      return String.fromCodePoint(Number(decimal));
    }
    if (typeof hex === 'string') {
      return String.fromCodePoint(Number.parseInt(hex, 16));
    }
    return names[String(name)] ?? whole;
  });
}

/** The attributes of a tag. An attribute without a value has ''. */
function attributes(source: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, double, single, bare] of source.matchAll(
    /([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g,
  )) {
    if (name !== undefined) {
      found[name.toLowerCase()] = decode(double ?? single ?? bare ?? '');
    }
  }
  return found;
}

function readFields(content: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const match of content.matchAll(/<input\b([^>]*)>/gi)) {
    const input = attributes(match[1] ?? '');
    const type = input.type ?? 'text';
    const unchecked = (type === 'checkbox' || type === 'radio') && input.checked === undefined;
    if (
      input.name !== undefined &&
      !unchecked &&
      !['submit', 'button', 'file', 'image', 'reset'].includes(type)
    ) {
      fields.set(input.name, input.value ?? (type === 'checkbox' ? 'on' : ''));
    }
  }
  for (const match of content.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/gi)) {
    const name = attributes(match[1] ?? '').name;
    if (name !== undefined) {
      fields.set(name, decode(match[2] ?? ''));
    }
  }
  for (const match of content.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/gi)) {
    const name = attributes(match[1] ?? '').name;
    const options = [...(match[2] ?? '').matchAll(/<option\b([^>]*)>/gi)].map((option) =>
      attributes(option[1] ?? ''),
    );
    const chosen = options.find((option) => option.selected !== undefined) ?? options[0];
    if (name !== undefined && chosen !== undefined) {
      fields.set(name, chosen.value ?? '');
    }
  }
  return fields;
}

function readButtons(content: string): HtmlForm['buttons'] {
  const buttons: HtmlForm['buttons'] = [];
  for (const match of content.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/gi)) {
    const button = attributes(match[1] ?? '');
    buttons.push({ name: button.name ?? '', value: button.value ?? '', text: plainText(match[2] ?? '') });
  }
  for (const match of content.matchAll(/<input\b([^>]*)>/gi)) {
    const input = attributes(match[1] ?? '');
    if (input.type === 'submit') {
      buttons.push({ name: input.name ?? '', value: input.value ?? '', text: input.value ?? '' });
    }
  }
  return buttons;
}
