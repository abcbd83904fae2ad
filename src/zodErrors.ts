import type { z } from 'zod';
import { CallerError, type FieldError } from './errors.ts';

/** A 400 that names every wrong field. */
export function invalidFields(fields: FieldError[]): CallerError {
  const detail = fields
    .map((field) => (field.field ? `${field.field}: ${field.message}` : field.message))
    .join('; ');
  return new CallerError('invalid_input', detail, { fields });
}

/**
 * zod's issues as field errors, each path below `prefix`. Parse with `reportInput: true`, by which a missing
 * field is told from one of a wrong type; the input itself never gets into the message.
 */
export function zodFieldErrors(error: z.ZodError, prefix: string[] = []): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] => {
    const path = [...prefix, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...path, key].join('.'),
        code: 'unknown_field',
        message: 'There is no such field here.',
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
