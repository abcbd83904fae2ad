import type { z } from 'zod';
import { CallerError, type FieldError } from './errors.ts';

/** A body may have a wrong field for every few bytes of it. The first ones are enough to mend it. */
const MOST_ERRORS = 100;
/** Names of fields can be of any length. Characters. */
const LONGEST_NAME = 200;

/** A 400 response that names the wrong fields. */
export function invalidFields(fields: FieldError[]): CallerError {
  const detail = fields
    .map((field) => (field.field ? `${field.field}: ${field.message}` : field.message))
    .join('; ');
  return new CallerError('invalid_input', detail, { fields });
}

/**
 * Turns zod's issues into field errors, with each path below `prefix`. The caller must parse with
 * `reportInput: true`, because only then a missing field differs from a field of a wrong type. The input
 * itself never appears in the message.
 */
export function zodFieldErrors(error: z.ZodError, prefix: string[] = []): FieldError[] {
  return error.issues.slice(0, MOST_ERRORS).flatMap((issue): FieldError[] => {
    const path = [...prefix, ...issue.path.map(String)].map((name) => name.slice(0, LONGEST_NAME));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.slice(0, MOST_ERRORS).map((key) => ({
        field: [...path, key.slice(0, LONGEST_NAME)].join('.'),
        code: 'unknown_field',
        message: 'This field is unknown.',
      }));
    }
    const missing = issue.code === 'invalid_type' && issue.input === undefined;
    return [
      {
        field: path.join('.'),
        code: missing ? 'required' : issue.code,
        message: missing ? 'This field is required.' : issue.message,
      },
    ];
  });
}
