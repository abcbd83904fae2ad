import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalParameters, canonicalRoute, namesIn, parameterNames } from './signedParts.ts';

/**
 * Signed requests from the server to the connector plugin. The site key signs the request but is never sent.
 * So a hacked site, or a site that pretends to be the right one, learns no secret from a request.
 */

/** The largest difference between the clocks of server and site. Seconds. */
const SIGNATURE_TOLERANCE_S = 300;

const SITE_HEADER = 'X-Sitebridge-Site';
const TIMESTAMP_HEADER = 'X-Sitebridge-Timestamp';
const NONCE_HEADER = 'X-Sitebridge-Nonce';
const PARAMS_HEADER = 'X-Sitebridge-Params';
const SIGNATURE_HEADER = 'X-Sitebridge-Signature';
/** Names the database of the server, so that a site does not confuse two servers at the same address. */
export const SERVER_HEADER = 'X-Sitebridge-Server';

/**
 * `v1` signs the request target as it is sent, so a proxy that changes it breaks the signature. `v2` signs what
 * the request means: method, route, parameters and body. Connectors before 0.6.0 know `v1` alone.
 */
export type SignatureVersion = 'v1' | 'v2';

interface SignedRequest {
  method: string;
  /** Path and query exactly as in the request line, including a subdirectory and `?rest_route=`. */
  target: string;
  /** The path below the root of the REST API, such as `/sitebridge/v1/ping`. */
  route: string;
  /** Empty when the request has no body. */
  body?: string | Buffer | undefined;
}

/** What a signature `v2` covers besides time and nonce. */
export interface SignedParts {
  method: string;
  route: string;
  params: string;
  /** The SHA-256 of the body, in hex. */
  bodySha256: string;
}

/** A signed request as it was sent. */
export interface SentRequest extends SignedParts {
  /** The fingerprint of the key that signed it. */
  key: string;
}

interface SigningContext {
  version: SignatureVersion;
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
  const { version, nonce } = context;
  const timestamp = String(Math.floor(context.now / 1000));
  const names = version === 'v2' ? parameterNames(queryOf(request.target)) : '';
  const content = contentOf(version, request, { timestamp, nonce });
  return {
    [SERVER_HEADER]: context.serverId,
    [SITE_HEADER]: String(context.siteId),
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: nonce,
    // A proxy may drop a header without a value.
    ...(names === '' ? {} : { [PARAMS_HEADER]: names }),
    [SIGNATURE_HEADER]: `${version}=${hmac(content, context.siteKey).toString('hex')}`,
  };
}

/** What a signature `v2` of this request covers. All parameters count, unless `names` chooses some. */
export function signedParts(request: SignedRequest, names?: ReadonlySet<string>): SignedParts {
  return {
    method: request.method.toUpperCase(),
    route: canonicalRoute(request.route),
    params: canonicalParameters(queryOf(request.target), names),
    bodySha256: bodyHash(request),
  };
}

/** Tells two keys apart without telling the key: the first 8 hex digits of a hash that only its holder can make. */
export function keyFingerprint(siteKey: string): string {
  return hmac('sitebridge key', siteKey).toString('hex').slice(0, 8);
}

type SignatureVerdict =
  /** `params` are the only parameters that count; null in a request of `v1`, where all of them count. */
  | { ok: true; siteId: string; nonce: string; params: string | null }
  | { ok: false; reason: 'missing' | 'bad_signature' | 'timestamp_out_of_range' };

/**
 * Checks a request's signature as the connector does. The caller must check whether the nonce was used
 * before, and only after this check succeeded. Otherwise a stranger could use up nonces.
 * @param headers with lower-case names.
 * @param now milliseconds since 1970.
 * @param versions the versions that the connector knows.
 */
export function verifyRequest(
  request: SignedRequest,
  headers: Readonly<Record<string, string | undefined>>,
  siteKey: string,
  now: number,
  versions: readonly SignatureVersion[] = ['v1', 'v2'],
): SignatureVerdict {
  const siteId = headers[SITE_HEADER.toLowerCase()];
  const timestamp = headers[TIMESTAMP_HEADER.toLowerCase()];
  const nonce = headers[NONCE_HEADER.toLowerCase()];
  const signature = headers[SIGNATURE_HEADER.toLowerCase()];
  if (!signature) return { ok: false, reason: 'missing' };
  const version = versions.find((known) => signature.startsWith(`${known}=`));
  const digits = signature.slice('v2='.length);
  // With an empty key anybody could compute the signature.
  if (
    siteKey === '' ||
    !siteId ||
    !timestamp ||
    !nonce ||
    version === undefined ||
    !/^[0-9a-f]{64}$/.test(digits)
  ) {
    return { ok: false, reason: 'bad_signature' };
  }
  const names = namedParameters(headers);
  const content = contentOf(version, request, { timestamp, nonce }, names);
  if (!timingSafeEqual(Buffer.from(digits, 'hex'), hmac(content, siteKey))) {
    return { ok: false, reason: 'bad_signature' };
  }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > SIGNATURE_TOLERANCE_S) {
    return { ok: false, reason: 'timestamp_out_of_range' };
  }
  return {
    ok: true,
    siteId,
    nonce,
    params: version === 'v2' ? signedParts(request, names).params : null,
  };
}

/** The parameters that the headers of a request name. Lower-case names of headers. */
export function namedParameters(headers: Readonly<Record<string, string | undefined>>): Set<string> {
  return namesIn(headers[PARAMS_HEADER.toLowerCase()] ?? '');
}

function contentOf(
  version: SignatureVersion,
  request: SignedRequest,
  { timestamp, nonce }: { timestamp: string; nonce: string },
  names?: ReadonlySet<string>,
): string {
  if (version === 'v1') {
    return [request.method.toUpperCase(), request.target, timestamp, nonce, bodyHash(request)].join('\n');
  }
  const { method, route, params, bodySha256 } = signedParts(request, names);
  return [method, route, params, timestamp, nonce, bodySha256].join('\n');
}

function queryOf(target: string): string {
  const at = target.indexOf('?');
  return at === -1 ? '' : target.slice(at + 1);
}

function bodyHash({ body }: SignedRequest): string {
  return createHash('sha256')
    .update(body ?? '')
    .digest('hex');
}

function hmac(content: string, siteKey: string): Buffer {
  return createHmac('sha256', siteKey).update(content).digest();
}
