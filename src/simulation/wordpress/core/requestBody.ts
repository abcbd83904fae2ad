import { WpError } from './restAnswer.ts';

interface WithBody {
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/** The parameters in a request's body: JSON or a form. Throws WpError `rest_invalid_json`. */
export function bodyParameters({ headers, body }: WithBody): Record<string, unknown> {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
  }
  if (!isJson(type) || body.length === 0) return {};
  const value = parsed(body);
  return isRecord(value) ? value : {};
}

export function isJson(contentType: string | undefined): boolean {
  return /^application\/([\w.+-]+\+)?json\b/i.test(contentType ?? '');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new WpError('rest_invalid_json', 400, 'Invalid JSON body passed.');
  }
}
