/** The bytes of a made-up request. */
import { createHmac } from 'node:crypto';
import { signedHeaders } from '../support/webhooks.ts';
import type { Holdings } from './holdings.ts';
import { damaged, encoded } from './hostileValues.ts';
import { requestBytes } from './rawRequest.ts';

export type Header = [string, string];

/** A request before its bytes are made. fast-check prints it when the request fails. */
export interface FuzzRequest {
  method: string;
  target: string;
  /** JSON, or null for no body. */
  json: string | null;
  damage: string | null;
  coding: string | null;
  credentials: string;
  signature: 'none' | 'right' | 'wrong';
  headers: [string, string][];
  framing: string;
  hasHost: boolean;
}

/** The secrets of the callers. */
export interface Secrets {
  own: Holdings;
  owner: string;
  viewer: string;
}

interface Framing {
  headers: Header[];
  body: Buffer;
}

const length = (text: string): Header => ['Content-Length', text];
const chunked: Header = ['Transfer-Encoding', 'chunked'];
const chunk = (body: Buffer) =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]);
const lastChunk = Buffer.from('0\r\n\r\n');

/** How the length of the body is told. Only `length` and `chunked` tell the truth. */
export const framings: Record<string, (body: Buffer) => Framing> = {
  length: (body) => ({ headers: [length(String(body.length))], body }),
  chunked: (body) => ({
    headers: [chunked],
    body: Buffer.concat(body.length === 0 ? [lastChunk] : [chunk(body), lastChunk]),
  }),
  'none told': (body) => ({ headers: [], body }),
  'too short': (body) => ({ headers: [length(String(Math.max(body.length - 1, 0)))], body }),
  'too long': (body) => ({ headers: [length(String(body.length + 10))], body }),
  negative: (body) => ({ headers: [length('-1')], body }),
  'no number': (body) => ({ headers: [length('1e3')], body }),
  'beyond 2^64': (body) => ({ headers: [length('9'.repeat(25))], body }),
  'two lengths': (body) => ({ headers: [length(String(body.length)), length('0')], body }),
  'length and chunks': (body) => ({
    headers: [length(String(body.length)), chunked],
    body: Buffer.concat([chunk(body), lastChunk]),
  }),
  'a broken chunk': (body) => ({ headers: [chunked], body: Buffer.concat([Buffer.from('x\r\n'), body]) }),
  'no last chunk': (body) => ({ headers: [chunked], body: chunk(body) }),
  'an unknown transfer': (body) => ({ headers: [['Transfer-Encoding', 'gzip, chunked']], body }),
  'a transfer of an odd name': (body) => ({ headers: [['Transfer-Encoding', 'xchunked']], body }),
};

let sent = 0;

/** Every request has an address of its own, so that no limit of failures meets it. */
function address(): string {
  sent += 1;
  return `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`;
}

/** The bytes of a request. `isWhole`: its length is true, so that the server must answer. */
export function bytesOf(request: FuzzRequest, secrets: Secrets): { bytes: Buffer; isWhole: boolean } {
  const plain = damaged(Buffer.from(request.json ?? ''), request.damage);
  const { header, bytes } = encoded(plain, plain.length === 0 ? null : request.coding);
  const framing = framings[request.framing]?.(bytes);
  if (framing === undefined) throw new Error(`There is no framing ${request.framing}.`);
  const headers: Header[] = [
    ...(request.hasHost ? [['Host', 'sitebridge.example'] as Header] : []),
    ['Connection', 'close'],
    ['X-Forwarded-For', address()],
    ['Prefer', 'respond-async'],
    ...credentialsOf(request, secrets),
    ...(request.json === null ? [] : [['Content-Type', 'application/json'] as Header]),
    ...(header === null ? [] : [['Content-Encoding', header] as Header]),
    ...signatureOf(request, plain.toString('utf8'), secrets.own),
    ...request.headers,
    ...framing.headers,
  ];
  return {
    bytes: requestBytes(request.method, request.target, headers, framing.body),
    isWhole: ['length', 'chunked'].includes(request.framing) && request.method !== 'CONNECT',
  };
}

function credentialsOf({ credentials }: FuzzRequest, { own, owner, viewer }: Secrets): Header[] {
  const all: Record<string, Header[]> = {
    owner: [['Authorization', `Bearer ${owner}`]],
    viewer: [['Authorization', `Bearer ${viewer}`]],
    key: [['X-API-Key', own.key]],
    garbage: [['Authorization', 'Bearer a.b.c']],
  };
  return all[credentials] ?? [];
}

/** The headers with which the plugin and a shop sign the body. */
function signatureOf({ signature }: FuzzRequest, text: string, own: Holdings): Header[] {
  if (signature === 'none') return [];
  const signed = signature === 'right' ? text : `${text} `;
  return [
    ...Object.entries(signedHeaders(own.key, signed)),
    ['X-Shopify-Hmac-Sha256', createHmac('sha256', own.secret).update(signed).digest('base64')],
  ];
}
