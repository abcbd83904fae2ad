import {
  keyFingerprint,
  namedParameters,
  type SignatureVersion,
  signedParts,
  verifyRequest,
} from '../../../security/requestSignature.ts';
import type { SimulatedConnector } from '../state.ts';

/** A request to the REST API as it arrived. Header names in lower case. */
interface ArrivedRequest {
  method: string;
  target: string;
  route: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/** The kinds of signature that this version of the plugin knows. */
function versionsOf({ version }: SimulatedConnector): SignatureVersion[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 6 ? ['v1', 'v2'] : ['v1'];
}

function knowsV2(connector: SimulatedConnector): boolean {
  return versionsOf(connector).includes('v2');
}

/** The field of pings and refusals that names the known kinds. Versions before 0.6.0 do not name them. */
export function namedSignatures(connector: SimulatedConnector) {
  return knowsV2(connector) ? { signatures: versionsOf(connector) } : {};
}

/** Checks the signature of a request. `now`: milliseconds since 1970. */
export function checkSignature(
  connector: SimulatedConnector,
  request: ArrivedRequest,
  now: number,
): ReturnType<typeof verifyRequest> {
  return verifyRequest(request, request.headers, connector.siteKey, now, versionsOf(connector));
}

/** The facts of a refusal: a fingerprint of the key, and the request as it arrived. */
export function seenRequest(connector: SimulatedConnector, request: ArrivedRequest) {
  if (!knowsV2(connector)) return {};
  const { method, route, params, bodySha256 } = signedParts(request, namedParameters(request.headers));
  return {
    key: connector.siteKey === '' ? '' : keyFingerprint(connector.siteKey),
    seen: {
      method,
      route: route.slice(0, MOST_SEEN),
      params: params.slice(0, MOST_SEEN),
      body_sha256: bodySha256,
    },
  };
}

/** The most characters of a part that a refusal shows. */
const MOST_SEEN = 2_000;

/**
 * The request as WordPress reads it. The plugin takes away overrides of the method, and from a request that is
 * signed with `v2` every parameter that the signature does not cover.
 */
export function withoutUnsigned<T extends ArrivedRequest & { query: URLSearchParams }>(
  connector: SimulatedConnector,
  request: T,
): T {
  if (!knowsV2(connector)) return request;
  const { 'x-http-method-override': _taken, ...headers } = request.headers;
  if (!request.headers['x-sitebridge-signature']?.startsWith('v2=')) return { ...request, headers };
  const { params } = signedParts(request, namedParameters(request.headers));
  const query = new URLSearchParams(params);
  query.delete('_method');
  return { ...request, headers, query };
}
