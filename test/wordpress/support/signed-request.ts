/** Requests signed as the connector plugin expects them; written apart from the server's own code, so that the two can disagree. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { SERVER_ID } from '../../support/identity.ts';

/** What can be signed otherwise than right. */
export interface SigningOptions {
  siteId: number | string;
  key: string;
  method?: string;
  body?: string;
  /** Unix seconds; now by default. */
  timestamp?: number | string;
  nonce?: string;
  /** More headers, which may also replace those of the signature. */
  headers?: Record<string, string>;
}

/** An answer with its JSON. */
export interface JsonAnswer {
  status: number;
  headers: Headers;
  json: unknown;
}

/** The headers that sign a request for `url`, and say from which server it is. */
export function signatureHeaders(url: string, options: SigningOptions): Record<string, string> {
  const { pathname, search } = new URL(url);
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000));
  const nonce = options.nonce ?? randomBytes(16).toString('base64url');
  const bodyHash = createHash('sha256')
    .update(options.body ?? '')
    .digest('hex');
  const content = [options.method ?? 'GET', pathname + search, timestamp, nonce, bodyHash].join('\n');
  return {
    'X-Sitebridge-Server': SERVER_ID,
    'X-Sitebridge-Site': String(options.siteId),
    'X-Sitebridge-Timestamp': timestamp,
    'X-Sitebridge-Nonce': nonce,
    'X-Sitebridge-Signature': `v1=${createHmac('sha256', options.key).update(content).digest('hex')}`,
  };
}

/** Sends a signed request and reads the JSON that is answered. */
export async function signedFetch(url: string, options: SigningOptions): Promise<JsonAnswer> {
  return jsonFetch(url, {
    method: options.method ?? 'GET',
    ...(options.body === undefined ? {} : { body: options.body }),
    headers: {
      ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...signatureHeaders(url, options),
      ...options.headers,
    },
  });
}

/** Sends a request and reads the JSON that is answered. */
export async function jsonFetch(url: string, init: RequestInit = {}): Promise<JsonAnswer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  try {
    return { status: response.status, headers: response.headers, json: JSON.parse(text) };
  } catch (error) {
    throw new Error(`${url} answered HTTP ${response.status}, no JSON: ${text.slice(0, 300)}`, {
      cause: error,
    });
  }
}
