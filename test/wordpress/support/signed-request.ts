/**
 * Requests signed as the connector plugin expects. This code is independent of the server's, so that a
 * mistake shows.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { SERVER_ID } from '../../support/identity.ts';

/** Parts of the signature that a test can make wrong. */
export interface SigningOptions {
  siteId: number | string;
  key: string;
  method?: string;
  body?: string;
  /** Unix seconds, by default now. */
  timestamp?: number | string;
  nonce?: string;
  /** The path and query as sent, by default those of the URL. With it, the signature is `v1`. */
  target?: string;
  /** `v2` by default. Older servers sign by `v1`. */
  version?: 'v1' | 'v2';
  /** Additional headers, which may replace the headers of the signature. */
  headers?: Record<string, string>;
}

/** A response with its JSON. */
export interface JsonAnswer {
  status: number;
  headers: Headers;
  json: unknown;
}

/** The headers that sign a request for `url` and name its server. */
export function signatureHeaders(url: string, options: SigningOptions): Record<string, string> {
  const { pathname, search, searchParams } = new URL(url);
  const version = options.version ?? (options.target === undefined ? 'v2' : 'v1');
  const route = searchParams.get('rest_route') ?? pathname.replace(/^.*\/wp-json(?=\/)/, '');
  searchParams.delete('rest_route');
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000));
  const nonce = options.nonce ?? randomBytes(16).toString('base64url');
  const bodyHash = createHash('sha256')
    .update(options.body ?? '')
    .digest('hex');
  const encoded = (text: string) =>
    encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (sign) => `%${Buffer.from(sign).toString('hex').toUpperCase()}`,
    );
  const params = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
  const meaning = version === 'v1' ? [options.target ?? pathname + search] : [route, params.join('&')];
  const content = [options.method ?? 'GET', ...meaning, timestamp, nonce, bodyHash].join('\n');
  return {
    'X-Sitebridge-Server': SERVER_ID,
    'X-Sitebridge-Site': String(options.siteId),
    'X-Sitebridge-Timestamp': timestamp,
    'X-Sitebridge-Nonce': nonce,
    ...(version === 'v2' && params.length > 0
      ? { 'X-Sitebridge-Params': [...searchParams.keys()].map(encoded).join(',') }
      : {}),
    'X-Sitebridge-Signature': `${version}=${createHmac('sha256', options.key).update(content).digest('hex')}`,
  };
}

/** Sends a signed request and parses the JSON response. */
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

/** Sends a request and parses the JSON response. */
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
