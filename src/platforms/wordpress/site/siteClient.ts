import { RemoteError } from '../../../errors.ts';
import type { OutboundClient, OutboundRequest, OutboundResponse } from '../../../outbound/httpClient.ts';
import { NotFollowed } from '../../../outbound/redirects.ts';
import type { SentRequest } from '../../../security/requestSignature.ts';
import { type ExplanationValues, explained, fault, type WordpressFault } from '../messages.ts';
import { readDirtyJson } from './dirtyJson.ts';
import { pageFault, recognisedFault } from './faultPages.ts';
import type { SiteAddress } from './siteAddress.ts';

/** The part of the outbound client that is needed here. */
export type Outbound = Pick<OutboundClient, 'request'>;

/** An answer of the REST API. A WP_Error is an answer too: its meaning depends on the request. */
export interface ApiAnswer {
  response: OutboundResponse;
  value: unknown;
  /** Set if the answer is a WP_Error. */
  error: ApiError | null;
  /** Set if the request was signed for the connector. */
  sent?: SentRequest;
}

export interface ApiError {
  code: string;
  /** In the site's language, possibly with HTML. */
  message: string;
  /** The status of the answer; that in its body if the server sends every answer as a success. */
  status: number;
  data: Record<string, unknown>;
}

/** The header of a request whose body is JSON. */
export const JSON_TYPE = { 'Content-Type': 'application/json' } as const;

const REQUEST_TIMEOUT_MS = 10_000;
/** The connector's routes, below the root of the API. */
const CONNECTOR_PATH = 'sitebridge/v1/';
/** Codes stand in messages. Characters. */
const LONGEST_CODE = 200;
const LONGEST_MESSAGE = 2_000;

/** Sends requests to one site within a time limit. Everything it throws is a WordpressFault. */
export class SiteClient {
  readonly address: SiteAddress;
  private readonly outbound: Outbound;
  private readonly endsAt: number;
  private readonly hasPassword: boolean;
  private apiPath: string;
  /** The finding that answers are not clean JSON; null if no answer showed it. */
  dirtyJson: WordpressFault | null = null;
  private readonly noticed: ((finding: WordpressFault) => void) | undefined;

  /**
   * @param budgetMs the time for all requests together, in milliseconds.
   * @param noticed gets the finding `dirty_json` once.
   * @param hasPassword may an application password sign us in, and not only the connector?
   */
  constructor(
    outbound: Outbound,
    address: SiteAddress,
    budgetMs: number,
    {
      noticed,
      hasPassword = false,
    }: { noticed?: ((finding: WordpressFault) => void) | undefined; hasPassword?: boolean } = {},
  ) {
    this.outbound = outbound;
    this.address = address;
    this.noticed = noticed;
    this.endsAt = performance.now() + budgetMs;
    this.hasPassword = hasPassword;
    this.apiPath = `${address.pathname}wp-json/${hasPassword ? '' : CONNECTOR_PATH}`;
  }

  /** The values that hints may name. */
  get values(): ExplanationValues {
    return { path: this.apiPath };
  }

  /**
   * Sets the path that hints tell people to allow, once the root of the API is known: that of the connector, or
   * with an application password the whole API.
   */
  nameApiPath(root: string, byPassword = this.hasPassword): void {
    const { pathname, search } = new URL(byPassword ? root : root + CONNECTOR_PATH);
    this.apiPath = pathname + search;
  }

  /** Sends any request to the site. */
  async send(request: OutboundRequest): Promise<OutboundResponse> {
    const left = this.endsAt - performance.now();
    try {
      if (left <= 0)
        throw new RemoteError('timeout', 'The time for this site is used up.', { retryable: true });
      return await this.outbound.request({
        timeoutMs: Math.min(REQUEST_TIMEOUT_MS, Math.ceil(left)),
        ...request,
      });
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      throw error instanceof NotFollowed && error.ownPath?.endsWith('/wp-login.php')
        ? fault('rest_disabled', { variant: 'sign_in_page', values: this.values })
        : explained(error, this.values);
    }
  }

  /** Sends a request to the REST API. Returns null if the answer is a page without a known fault. */
  async tryApi(request: OutboundRequest): Promise<ApiAnswer | null> {
    return await this.readApi(await this.sendApi(request));
  }

  /** Sends a request to the REST API and returns the answer unread, whatever it is. */
  async sendApi(request: OutboundRequest): Promise<OutboundResponse> {
    // With this header WordPress sends its own error pages as JSON too (wp_is_json_request).
    return this.send({ ...request, headers: { Accept: 'application/json', ...request.headers } });
  }

  /**
   * Reads an answer of the REST API; null for a page without a known fault. Throws WordpressFault for a known
   * one.
   */
  async readApi(response: OutboundResponse): Promise<ApiAnswer | null> {
    const read = await readDirtyJson(response.body);
    // Content may hold the text of any error page. So neither a good answer nor a good answer that was cut
    // off is searched.
    const isJson = read.found === 'json';
    const isPage = !isJson && !/^\s*[[{]/.test(response.body.subarray(0, 64).toString('latin1'));
    const error = isJson ? apiError(read.value, response.status) : null;
    const status = error?.status ?? response.status;
    const certain = isPage || status >= 400 ? recognisedFault({ ...response, status }, this.values) : null;
    if (certain !== null) throw certain;
    if (!isJson || (response.status >= 400 && error === null)) {
      const unsure = pageFault(response, this.values);
      if (unsure !== null && (isPage || response.status >= 400)) throw unsure;
      if (read.found === 'cut_off') throw fault('cut_off', { values: this.values });
      return null;
    }
    if (read.dirt !== null) this.#noteDirt(dirtyFault(read.dirt, read.notice, this.values));
    return { response, value: read.value, error };
  }

  #noteDirt(finding: WordpressFault): void {
    if (this.dirtyJson !== null) return;
    this.dirtyJson = finding;
    this.noticed?.(finding);
  }

  /** Sends a request to the REST API that must be answered with JSON. */
  async api(request: OutboundRequest): Promise<ApiAnswer> {
    const answer = await this.tryApi(request);
    if (answer !== null) return answer;
    throw fault('unexpected_answer', { values: { ...this.values, found: 'a page instead of JSON' } });
  }
}

/** Codes of WordPress and plugins for a REST API that is closed to users who are not signed in. */
const REST_DISABLED_CODES = new Set([
  'rest_cannot_access',
  'itsec_rest_api_access_restricted',
  'rest_login_required',
  'rest_disabled',
  'rest_api_disabled',
  'rest_authentication_error',
  'rest_api_authentication_required',
]);

/** Does the error mean that a plugin closes the API, whatever was requested? */
export function isRestDisabled(error: ApiError): boolean {
  return REST_DISABLED_CODES.has(error.code);
}

/**
 * Does somebody refuse the caller, whoever it is? Plugins for "logged-in users only" do so to anonymous callers,
 * by codes that several of them share. All-In-One Security calls wp_die(), whose status is 500.
 */
export function isShutOut(error: ApiError): boolean {
  return error.status === 401 || error.status === 403 || error.code === 'wp_die' || isRestDisabled(error);
}

/** The fault of an API that is closed to us. It names a plugin only by what that plugin alone says. */
export function closedApi(error: ApiError, values: ExplanationValues): WordpressFault {
  const { code, message } = error;
  const plugin = OWN_WORDS.find((own) => own.code === code && message.startsWith(own.message));
  const variant = plugin?.variant ?? code;
  return fault('rest_disabled', { variant, values, detail: code });
}

/** Messages that one plugin alone uses with a code. They are not translated, or their plugin is known in English. */
const OWN_WORDS = [
  { code: 'rest_cannot_access', message: 'DRA:', variant: 'disable_rest_api' },
  {
    code: 'rest_login_required',
    message: 'REST API restricted to authenticated users.',
    variant: 'disable_wp_rest_api',
  },
];

function apiError(value: unknown, status: number): ApiError | null {
  if (!isRecord(value) || typeof value.code !== 'string' || typeof value.message !== 'string') return null;
  const data = isRecord(value.data) ? value.data : {};
  if (status < 400 && typeof data.status !== 'number') return null;
  const told = status < 400 ? Number(data.status) : status;
  return {
    code: value.code.slice(0, LONGEST_CODE),
    message: value.message.slice(0, LONGEST_MESSAGE),
    status: told,
    data,
  };
}

function dirtyFault(
  dirt: 'other_output' | 'raw_controls',
  file: string | null,
  values: ExplanationValues,
): WordpressFault {
  if (dirt === 'raw_controls') return fault('dirty_json', { variant: dirt, values });
  return file === null
    ? fault('dirty_json', { values })
    : fault('dirty_json', { variant: 'named', values: { ...values, file } });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
