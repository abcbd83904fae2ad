import { randomBytes } from 'node:crypto';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import {
  keyFingerprint,
  type SentRequest,
  signedParts,
  signRequest,
} from '../../../security/requestSignature.ts';
import { fault } from '../messages.ts';
import { apiUrl } from './discovery.ts';
import { servedFromCache } from './faultPages.ts';
import { KnownSignatures } from './knownSignatures.ts';
import { refusedSignature } from './refusedSignature.ts';
import {
  type ApiAnswer,
  type ApiError,
  closedApi,
  isRestDisabled,
  JSON_TYPE,
  type SiteClient,
} from './siteClient.ts';

export const CONNECTOR_NAMESPACE = 'sitebridge/v1';

/** The oldest connector plugin that speaks this protocol. */
export const MINIMUM_PLUGIN_VERSION = '0.1.0';

export interface ConnectorIdentity {
  serverId: string;
  siteId: number;
  siteKey: string;
}

/** A request before it is signed, as it will be sent. */
export interface UnsignedRequest {
  method: string;
  url: string;
  /** Below the root of the REST API, such as `sitebridge/v1/ping`, encoded as in the URL. */
  route: string;
  body?: string | Buffer;
}

/** Sends requests to a site with the connector plugin, signed by `signRequest`. */
export class ConnectorClient {
  private readonly client: SiteClient;
  private readonly root: string;
  private readonly clock: () => number;
  readonly signatures: KnownSignatures;

  /** @param root the REST API's address. @param clock milliseconds since 1970. */
  constructor(
    client: SiteClient,
    root: string,
    clock: () => number,
    signatures: KnownSignatures = new KnownSignatures(),
  ) {
    this.client = client;
    this.root = root;
    this.clock = clock;
    this.signatures = signatures;
  }

  /** Sends a request without a signature. */
  async unsigned(route: string): Promise<ApiAnswer> {
    return this.client.api({ url: apiUrl(this.root, route), redirects: 'none' });
  }

  /** Sends a signed GET. Returns any answer that is JSON, refusals included. Throws WordpressFault. */
  async signed(
    route: string,
    identity: ConnectorIdentity,
    query = '',
  ): Promise<{ answer: ApiAnswer; nonce: string }> {
    const { href: url } = new URL(apiUrl(this.root, route, query));
    return this.signatures.agree(async () => {
      const { headers, nonce, sent } = this.sign({ method: 'GET', url, route }, identity);
      const answer = { ...(await this.client.api({ url, headers, redirects: 'none' })), sent };
      return { answer, nonce, error: answer.error };
    });
  }

  /** Signs one request. Call it again for each try, since a nonce is valid once. */
  sign(
    { method, url, route, body }: UnsignedRequest,
    identity: ConnectorIdentity,
  ): { headers: Record<string, string>; nonce: string; sent: SentRequest } {
    const { pathname, search } = new URL(url);
    const request = { method, target: pathname + search, route: `/${route}`, body };
    const nonce = randomBytes(16).toString('hex');
    const { version } = this.signatures;
    const headers = signRequest(request, { ...identity, version, nonce, now: this.clock() });
    return { headers, nonce, sent: { ...signedParts(request), key: keyFingerprint(identity.siteKey) } };
  }

  /** Sends a signed POST without content, and returns the answer unread, whatever it is. Throws WordpressFault. */
  async post(route: string, identity: ConnectorIdentity): Promise<OutboundResponse> {
    const { href: url } = new URL(apiUrl(this.root, route));
    const request = { method: 'POST', url, body: '{}' };
    const { headers } = this.sign({ ...request, route }, identity);
    return this.client.sendApi({ ...request, headers: { ...JSON_TYPE, ...headers }, redirects: 'none' });
  }

  /** Sends a signed GET that must succeed. Throws WordpressFault. */
  async read(route: string, identity: ConnectorIdentity, query = ''): Promise<ApiAnswer> {
    const { answer } = await this.signed(route, identity, query);
    if (answer.error !== null) throw this.refusal(answer, answer.error);
    return answer;
  }

  /** The fault for a refusal by the connector, or by WordPress in its place. */
  refusal(answer: ApiAnswer, error: ApiError) {
    const values = this.client.values;
    if (servedFromCache(answer.response)) return fault('cached_api', { values });
    if (error.code === 'sitebridge_bad_signature') return refusedSignature(answer, values);
    const told = REFUSALS[error.code];
    if (error.code === 'sitebridge_timestamp_out_of_range') {
      const siteTime = Number(error.data.server_time);
      const seconds = Number.isFinite(siteTime) ? Math.abs(Math.round(siteTime - this.clock() / 1000)) : 300;
      return fault('clock_skew', { values: { ...values, seconds: String(seconds) }, detail: `${seconds} s` });
    }
    if (told !== undefined) return fault(told.code, { variant: told.variant, values });
    if (error.code === 'rest_no_route') return fault('connector_missing', { values });
    if (isRestDisabled(error)) return closedApi(error, values);
    if (error.status === 403)
      return fault('insufficient_role', { values: { ...values, missing: error.code } });
    if (error.status === 401) return closedApi(error, values);
    return fault('unexpected_answer', {
      values: { ...values, found: `${error.status} ${error.code}` },
      detail: error.code,
    });
  }
}

/** The connector's own error codes. */
const REFUSALS: Readonly<Record<string, { code: string; variant: string }>> = {
  sitebridge_signature_missing: { code: 'auth_header_stripped', variant: 'signature' },
  sitebridge_not_configured: { code: 'bad_credentials', variant: 'not_configured' },
  sitebridge_nonce_replayed: { code: 'cached_api', variant: 'replayed' },
  sitebridge_site_mismatch: { code: 'identity_mismatch', variant: 'site_id' },
  sitebridge_user_invalid: { code: 'insufficient_role', variant: 'user_invalid' },
  sitebridge_connection_disabled: { code: 'rest_disabled', variant: 'sitebridge_connection_disabled' },
  sitebridge_nonce_store_failed: { code: 'fatal', variant: 'sitebridge_nonce_store_failed' },
};

/** Is a version older than the oldest that works? A version that cannot be read is not. */
export function isOutdated(version: string): boolean {
  const found = version.split('.').map(Number);
  const least = MINIMUM_PLUGIN_VERSION.split('.').map(Number);
  if (found.some(Number.isNaN)) return false;
  for (const [index, part] of least.entries()) {
    const own = found[index] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
