import { CallerError } from '../errors.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a body that was taken as it came. Throws 400 for bytes that are none. */
export function decodeText(body: Buffer): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw new CallerError('invalid_input', 'The body is not valid UTF-8.', { code: 'not_utf8' });
  }
}

/** Throws 400 for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CallerError('invalid_input', 'The body is not valid JSON.', { code: 'malformed_json' });
  }
}
