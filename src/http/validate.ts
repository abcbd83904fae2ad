import type { z } from 'zod';
import type { FieldError } from '../errors.ts';
import { invalidFields, zodFieldErrors } from '../zodErrors.ts';

const maxDepth = 40;
/** Every error names its path, so many errors below one long name would fill the memory. */
const maxErrors = 100;
const longestPath = 500;

/** Parses one part of a request. Throws a 400 that names each wrong field by its path in that part. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const fields = value === null || typeof value !== 'object' ? [] : unstorableText(value);
  if (fields.length > 0) throw invalidFields(fields);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalidFields(zodFieldErrors(result.error));
}

/**
 * Finds text that JSON allows and PostgreSQL cannot store: NUL, and half of a surrogate pair. The error names
 * the field, because a silent replacement would change a customer's text. The walk does not recurse: a body
 * may nest a million levels deep.
 */
function unstorableText(root: object): FieldError[] {
  const stack: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }];
  const found: FieldError[] = [];
  for (let at = stack.pop(); at && found.length < maxErrors; at = stack.pop()) {
    if (typeof at.value === 'string') {
      if (!isStorable(at.value)) found.push(unstorable(at.path));
    } else if (typeof at.value === 'object' && at.value !== null) {
      if (at.depth >= maxDepth) return [tooDeep(at.path.split('.')[0] ?? '')];
      for (const [key, value] of Object.entries(at.value)) {
        const path = at.path === '' ? key : `${at.path}.${key}`;
        if (!isStorable(key)) found.push(unstorable(at.path));
        stack.push({ value, path, depth: at.depth + 1 });
      }
    }
  }
  return found.slice(0, maxErrors);
}

function tooDeep(field: string): FieldError {
  return { field, code: 'too_deep', message: `Nests deeper than ${maxDepth} levels.` };
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function unstorable(field: string): FieldError {
  return {
    field: field.slice(0, longestPath),
    code: 'invalid_text',
    message: 'Contains a NUL character or half of a surrogate pair. Remove it.',
  };
}
