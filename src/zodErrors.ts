import type { z } from 'zod';
import { CallerError, type FieldError } from './errors.ts';

/** A 400 response that names every wrong field. */
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
  return error.issues.flatMap((issue): FieldError[] => {
    const path = [...prefix, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...path, key].join('.'),
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
