import { SERVER_HEADER } from '../../security/requestSignature.ts';
import { knowsKeys } from './connector/links.ts';
import { checkSignature, namedSignatures, seenRequest } from './connector/signature.ts';
import { noRoute, WpError } from './core/restAnswer.ts';
import type { SimulatedSite } from './site.ts';
import type { SimulatedUser } from './state.ts';

export interface RestRequest {
  method: string;
  /** Path and query, exactly as in the request line. */
  target: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
  /** Such as `/wp/v2/posts`. */
  route: string;
  query: URLSearchParams;
}

/** The user that a request acts as, or the error that refuses the request. */
export type SignIn = { user: SimulatedUser | null; refusal: null } | { user: null; refusal: WpError };

/**
 * Finds the user of a REST request. The connector decides about a signed request. Other requests use an
 * application password, or have no user.
 */
export function signIn(site: SimulatedSite, request: RestRequest): SignIn {
  if (isSigned(request) && site.connector !== null) return connectorVerdict(site, request);
  return applicationPassword(site, request);
}

export function isSigned(request: RestRequest): boolean {
  return request.headers['x-sitebridge-signature'] !== undefined;
}

/** The connector's checks, in the order of the plugin: key, signature, time, site, nonce, user. */
export function connectorVerdict(site: SimulatedSite, request: RestRequest): SignIn {
  const { connector } = site;
  if (connector === null) return { user: null, refusal: noRoute() };
  const version = { plugin_version: connector.version, ...namedSignatures(connector) };
  const refusal = (
    code: string,
    status: number,
    message: string,
    data: Record<string, unknown> = {},
  ): SignIn => {
    const seen = isSigned(request) ? seenRequest(connector, request) : {};
    return refuse(code, status, message, { ...version, ...data, ...seen });
  };

  const user = site.mappedUser;
  if (site.has('auth_not_enforced')) return { user, refusal: null };
  const now = Date.now() - (site.has('connector_clock_slow') ? 600_000 : 0);
  const verdict = checkSignature(connector, request, now);
  if (!verdict.ok && verdict.reason === 'missing') {
    return refusal('sitebridge_signature_missing', 401, 'This address answers only signed requests.');
  }
  if (site.has('signature_not_compared')) return { user, refusal: null };
  if (connector.siteKey === '') {
    return refusal('sitebridge_not_configured', 401, 'The Sitebridge Connector is not connected.');
  }
  if (!verdict.ok && verdict.reason === 'bad_signature') {
    return refusal(
      'sitebridge_bad_signature',
      401,
      'The signature is not made with the key that is stored here.',
    );
  }
  if (!verdict.ok) {
    return refusal('sitebridge_timestamp_out_of_range', 401, 'The time of the request is off.', {
      server_time: Math.floor(now / 1000),
    });
  }
  if (verdict.siteId !== String(connector.siteId)) {
    return refusal('sitebridge_site_mismatch', 403, 'The request is for another site.');
  }
  if (connector.usedNonces.has(verdict.nonce)) {
    return refusal('sitebridge_nonce_replayed', 401, 'A request with this nonce was answered before.');
  }
  connector.usedNonces.add(verdict.nonce);
  if (user === null) return refusal('sitebridge_user_invalid', 403, 'The WordPress user is gone.');
  if (knowsKeys(connector)) {
    const server = request.headers[SERVER_HEADER.toLowerCase()] ?? '';
    if (server !== '') connector.servers.current = server;
  }
  return { user, refusal: null };
}

/**
 * Like WordPress 6.8: with a wrong user name or password the request has no user. With the fault
 * `wrong_password_reported` WordPress returns an error. That happens when a plugin asks for the user before
 * WordPress collects errors.
 */
function applicationPassword(site: SimulatedSite, request: RestRequest): SignIn {
  const { authorization } = request.headers;
  const match = /^Basic (.+)$/i.exec(authorization ?? '');
  if (!match?.[1] || site.has('auth_header_stripped') || site.has('application_passwords_off')) {
    return { user: null, refusal: null };
  }
  const [login = '', ...rest] = Buffer.from(match[1], 'base64').toString('utf8').split(':');
  const user = site.passwordOwner(login, rest.join(':'));
  if (user !== null || !site.has('wrong_password_reported') || !site.passwordsInUse)
    return { user, refusal: null };
  return site.state.users.some((each) => each.login === login)
    ? refuse('incorrect_password', 401, 'The provided password is an invalid application password.')
    : refuse('invalid_username', 401, 'Unknown username. Check again or try your email address.');
}

function refuse(code: string, status: number, message: string, data: Record<string, unknown> = {}): SignIn {
  return { user: null, refusal: new WpError(code, status, message, data) };
}
