import type { JsonObject, JsonValue } from '../connection.ts';

/** A JSON pointer: empty for the whole document, or `/` before each name; `~1` is a slash in it, `~0` a tilde. */
export const POINTER = /^(\/([^~/]|~0|~1)*)*$/;

const ARRAY_INDEX = /^(0|[1-9]\d*)$/;

/** The names that a pointer goes through. https://www.rfc-editor.org/rfc/rfc6901#section-4 */
function pointerTokens(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What a pointer leads to; undefined where it leads nowhere. Only what the document itself holds is found. */
export function readPointer(document: unknown, pointer: string): unknown {
  let at: unknown = document;
  for (const token of pointerTokens(pointer)) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at) ? !ARRAY_INDEX.test(token) : !Object.hasOwn(at, token)) return undefined;
    at = Reflect.get(at, token);
  }
  return at;
}

/**
 * Puts a value where a pointer leads to, and makes what is missing on the way: a list where the next name is a number,
 * else an object. Throws PointerError for the document itself, through a plain value, and beyond a list's end.
 */
export function writePointer(document: JsonObject, pointer: string, value: JsonValue): void {
  const tokens = pointerTokens(pointer);
  const last = tokens.pop();
  if (last === undefined) throw new PointerError('leads to the whole document, which cannot be written.');
  let at: JsonObject | JsonValue[] = document;
  for (const [index, token] of tokens.entries()) {
    const existing = readPointer(at, `/${escaped(token)}`);
    const next: JsonObject | JsonValue[] = isContainer(existing)
      ? existing
      : ARRAY_INDEX.test(tokens[index + 1] ?? last)
        ? []
        : {};
    if (existing === undefined) place(at, token, next);
    else if (next !== existing) throw new PointerError('leads through what another pointer writes.');
    at = next;
  }
  place(at, last, value);
}

/** A place in a document that cannot be written to; the message goes on from the pointer's name. */
export class PointerError extends Error {}

/** Defined and not assigned, so that a name such as `__proto__` is a name like any other. */
function place(container: JsonObject | JsonValue[], token: string, value: JsonValue): void {
  if (Array.isArray(container) && !(ARRAY_INDEX.test(token) && Number(token) <= container.length)) {
    throw new PointerError('leads beyond the end of a list.');
  }
  Object.defineProperty(container, token, { value, enumerable: true, configurable: true, writable: true });
}

function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isContainer(value: unknown): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null;
}
