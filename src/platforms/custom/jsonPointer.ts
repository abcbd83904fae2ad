import { ExactNumber } from '../../outbound/exactNumber.ts';
import type { JsonObject, JsonValue } from '../connection.ts';

/**
 * A JSON pointer: empty for the whole document, or `/` before each name. In a name, `~1` is a slash and `~0`
 * a tilde.
 */
export const POINTER = /^(\/([^~/]|~0|~1)*)*$/;

const ARRAY_INDEX = /^(0|[1-9]\d*)$/;

/** The names in a pointer. https://www.rfc-editor.org/rfc/rfc6901#section-4 */
function pointerTokens(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value that a pointer leads to; undefined if it leads nowhere. Inherited properties do not count. */
export function readPointer(document: unknown, pointer: string): unknown {
  let at: unknown = document;
  for (const token of pointerTokens(pointer)) {
    if (typeof at !== 'object' || at === null || at instanceof ExactNumber) return undefined;
    if (Array.isArray(at) ? !ARRAY_INDEX.test(token) : !Object.hasOwn(at, token)) return undefined;
    at = Reflect.get(at, token);
  }
  return at;
}

/**
 * Writes a value to the place that a pointer leads to, and creates missing parents: a list if the next name
 * is a number, else an object. Throws PointerError if the pointer leads to the document itself, through a
 * plain value, or beyond the end of a list.
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

/** Removes an entry that `writePointer` has written. Nothing happens if it is not there, or in a list. */
export function removePointer(document: JsonObject, pointer: string): void {
  const parent = readPointer(document, pointer.slice(0, pointer.lastIndexOf('/')));
  const [name] = pointerTokens(pointer).slice(-1);
  if (name !== undefined && isContainer(parent) && !Array.isArray(parent)) delete parent[name];
}

/**
 * A place in a document that cannot be written. The message continues a sentence that begins with the
 * pointer's name.
 */
export class PointerError extends Error {}

/**
 * Defines the property instead of assigning it, so that a name such as `__proto__` is a name like any other.
 */
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
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}
