import { CallerError } from '../errors.ts';
import { DEEPEST_JSON, tooDeepAt } from '../outbound/jsonDepth.ts';
import { invalidFields } from '../zodErrors.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes the bytes of a body as UTF-8. Throws 400 for invalid UTF-8. */
export function decodeText(body: Buffer): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw new CallerError('invalid_input', 'The body is not valid UTF-8.', { code: 'not_utf8' });
  }
}

/** Parses JSON. Throws 400 for invalid JSON, and for JSON that nests too deep. */
export function parseJson(text: string): unknown {
  refuseDeepNesting(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new CallerError('invalid_input', 'The body is not valid JSON.', { code: 'malformed_json' });
  }
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
