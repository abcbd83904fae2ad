import { CallerError } from '../errors.ts';
import { asNumber, ExactNumber } from '../outbound/exactNumber.ts';
import { parseAtOnce } from '../outbound/json.ts';
import { DEEPEST_JSON, tooDeepAt } from '../outbound/jsonDepth.ts';
import { MalformedJson } from '../outbound/jsonReader.ts';
import { invalidFields } from '../zodErrors.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes the bytes of a body as UTF-8. Throws 400 for invalid UTF-8. */
export function decodeText(body: Buffer): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw notUtf8();
  }
}

export function notUtf8(): CallerError {
  return new CallerError('invalid_input', 'The body is not valid UTF-8.', { code: 'not_utf8' });
}

/** Parses a body of JSON; see `bodyOf`. Throws 400 for invalid JSON, and for JSON that nests too deep. */
export function parseJson(text: string): unknown {
  refuseDeepNesting(text);
  try {
    return bodyOf(parseAtOnce(text));
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    throw new CallerError('invalid_input', 'The body is not valid JSON.', { code: 'malformed_json' });
  }
}

/**
 * Returns a body with plain numbers in its own fields, such as ids. An id that a double does not hold becomes a
 * text. Only values inside of a field, such as metadata, keep their ExactNumbers.
 */
export function bodyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const plain: unknown = asNumber(each);
      return [name, plain instanceof ExactNumber ? plain.digits : plain];
    }),
  );
}

/** Throws a 400 that names the field. Deep nesting takes the engine a long time to parse. */
export function refuseDeepNesting(text: string): void {
  const deep = tooDeepAt(text);
  if (deep === null) return;
  const { field } = deep;
  throw invalidFields([
    {
      field: field.slice(0, 200),
      code: 'too_deep',
      message: `Nests deeper than ${DEEPEST_JSON} levels.`,
    },
  ]);
}
