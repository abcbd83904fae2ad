import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signed requests from the server to the connector plugin. The site key signs the request but is never sent.
 * So a hacked site, or a site that pretends to be the right one, learns no secret from a request.
 */

/** The largest difference between the clocks of server and site. Seconds. */
const SIGNATURE_TOLERANCE_S = 300;

const SITE_HEADER = 'X-Sitebridge-Site';
const TIMESTAMP_HEADER = 'X-Sitebridge-Timestamp';
const NONCE_HEADER = 'X-Sitebridge-Nonce';
const SIGNATURE_HEADER = 'X-Sitebridge-Signature';
/** Names the database of the server, so that a site does not confuse two servers at the same address. */
export const SERVER_HEADER = 'X-Sitebridge-Server';
const SCHEME = 'v1=';

interface SignedRequest {
  method: string;
  /** Path and query exactly as in the request line, including a subdirectory and `?rest_route=`. */
  target: string;
  /** Empty when the request has no body. */
  body?: string | Buffer;
}

interface SigningContext {
  /** The id of the server's database, a UUID. */
  serverId: string;
  siteId: number;
  siteKey: string;
  /** The time of sending. Milliseconds since 1970. */
  now: number;
  /** Used for one request only. The connector remembers it as long as the timestamp is accepted. */
  nonce: string;
}

/** Returns the headers that sign a request and name its server. */
export function signRequest(request: SignedRequest, context: SigningContext): Record<string, string> {
  const timestamp = String(Math.floor(context.now / 1000));
  return {
    [SERVER_HEADER]: context.serverId,
    [SITE_HEADER]: String(context.siteId),
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: context.nonce,
    [SIGNATURE_HEADER]:
      SCHEME + signatureOf(request, timestamp, context.nonce, context.siteKey).toString('hex'),
  };
}

type SignatureVerdict =
  | { ok: true; siteId: string; nonce: string }
  | { ok: false; reason: 'missing' | 'bad_signature' | 'timestamp_out_of_range' };

/**
 * Checks a request's signature as the connector does. The caller must check whether the nonce was used
 * before, and only after this check succeeded. Otherwise a stranger could use up nonces.
 * @param headers with lower-case names.
 * @param now milliseconds since 1970.
 */
export function verifyRequest(
  request: SignedRequest,
  headers: Readonly<Record<string, string | undefined>>,
  siteKey: string,
  now: number,
): SignatureVerdict {
  const siteId = headers[SITE_HEADER.toLowerCase()];
  const timestamp = headers[TIMESTAMP_HEADER.toLowerCase()];
  const nonce = headers[NONCE_HEADER.toLowerCase()];
  const signature = headers[SIGNATURE_HEADER.toLowerCase()];
  if (!signature) return { ok: false, reason: 'missing' };
  // With an empty key anybody could compute the signature.
  if (siteKey === '' || !siteId || !timestamp || !nonce || !isSignature(signature)) {
    return { ok: false, reason: 'bad_signature' };
  }
  const given = Buffer.from(signature.slice(SCHEME.length), 'hex');
  if (!timingSafeEqual(given, signatureOf(request, timestamp, nonce, siteKey))) {
    return { ok: false, reason: 'bad_signature' };
  }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > SIGNATURE_TOLERANCE_S) {
    return { ok: false, reason: 'timestamp_out_of_range' };
  }
  return { ok: true, siteId, nonce };
}

function isSignature(text: string): boolean {
  return text.startsWith(SCHEME) && /^[0-9a-f]{64}$/.test(text.slice(SCHEME.length));
}

function signatureOf(request: SignedRequest, timestamp: string, nonce: string, siteKey: string): Buffer {
  const bodyHash = createHash('sha256')
    .update(request.body ?? '')
    .digest('hex');
  return createHmac('sha256', siteKey)
    .update([request.method.toUpperCase(), request.target, timestamp, nonce, bodyHash].join('\n'))
    .digest();
}
