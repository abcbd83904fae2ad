import { CallerError } from '../errors.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes the bytes of a body as UTF-8. Throws 400 for invalid UTF-8. */
export function decodeText(body: Buffer): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw new CallerError('invalid_input', 'The body is not valid UTF-8.', { code: 'not_utf8' });
  }
}

/** Parses JSON. Throws 400 for invalid JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CallerError('invalid_input', 'The body is not valid JSON.', { code: 'malformed_json' });
  }
}
