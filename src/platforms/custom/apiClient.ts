import { RemoteError } from '../../errors.ts';
import { readBrokenBody, withoutMark } from '../../outbound/brokenBody.ts';
import { foreignUrl, withoutEndSlashes } from '../../outbound/foreignUrl.ts';
import type { OutboundClient, OutboundResponse } from '../../outbound/httpClient.ts';
import { parseJson } from '../../outbound/json.ts';
import { MalformedJson } from '../../outbound/jsonReader.ts';
import type { Connection, Credentials, JsonObject } from '../connection.ts';
import type { ExplainedFault } from '../explainedFault.ts';
import { usesHeader } from '../outer/outerAccess.ts';
import { asksForBasic, throughOuterDoor } from '../outer/outerDoor.ts';
import { retryAfterMs } from '../retryAfter.ts';
import { type CustomConfig, customConfigSchema } from './description.ts';
import { explained, fault } from './explanations.ts';

/** The largest answer: as much as our own routes take of a content. Bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The part of the outbound client that is needed here. */
type Outbound = Pick<OutboundClient, 'request'>;

export interface CustomOptions {
  outbound: Outbound;
  /** Milliseconds since 1970. */
  clock: () => number;
}

export interface ApiRequest {
  method: string;
  /** A described path below `base_url`, or a whole URL on the same server. */
  path: string;
  /** Parameters for the query. They replace parameters of the same name. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: JsonObject;
  timeoutMs?: number;
}

/** The answer of an API; `value` is undefined for an empty body. */
export interface ApiAnswer {
  response: OutboundResponse;
  value: unknown;
}

/** The description in a stored `config_json`. Throws ExplainedFault `invalid_description`. */
function readDescription(config: JsonObject): CustomConfig {
  // The server stores the structure that was read next to the description.
  const { content_types: _structure, ...own } = config;
  const read = customConfigSchema.safeParse(own);
  if (read.success) return read.data;
  const field = ['config_json', ...(read.error.issues[0]?.path ?? [])].join('.');
  throw fault('invalid_description', { values: { field }, detail: field });
}

/**
 * Sends requests to one described API. Everything it throws is an ExplainedFault, and no fault contains a
 * secret.
 */
export class ApiClient {
  readonly config: CustomConfig;
  /** What disturbs the answers so far, although they can be read. */
  finding: ExplainedFault | null = null;
  readonly #outbound: Outbound;
  readonly #clock: () => number;
  readonly #base: URL;
  readonly #credentials: Credentials;

  /** Throws ExplainedFault `invalid_description`, `missing_credentials`, `outer_needs_connector`. */
  constructor(
    connection: Pick<Connection, 'config' | 'credentials' | 'outer'>,
    { outbound, clock }: CustomOptions,
  ) {
    this.config = readDescription(connection.config);
    this.#outbound = throughOuterDoor(outbound, this.config.base_url, connection.outer);
    this.#clock = clock;
    this.#base = new URL(this.config.base_url);
    this.#credentials = connection.credentials;
    const [collision] = Object.keys(this.#authentication().headers).filter((name) =>
      usesHeader(connection.outer, name),
    );
    if (collision !== undefined)
      throw fault('outer_needs_connector', { values: { header: collision }, detail: collision });
  }

  /**
   * Sends a request and returns the answer, whatever its status. Throws ExplainedFault if there is no answer.
   */
  async send(request: ApiRequest): Promise<OutboundResponse> {
    const { headers, query } = this.#authentication();
    const url = this.urlOf(request.path);
    for (const [name, value] of Object.entries({ ...request.query, ...query })) {
      url.searchParams.set(name, value);
    }
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    try {
      return await this.#outbound.request({
        method: request.method,
        url: url.href,
        headers: {
          Accept: 'application/json',
          ...('body' in body ? { 'Content-Type': 'application/json' } : {}),
          ...request.headers,
          ...headers,
        },
        ...body,
        maxBytes: MAX_BYTES,
        // A redirect would turn a POST into a GET, whose answer would pass for the written item.
        ...(/^(GET|HEAD)$/.test(request.method) ? {} : { redirects: 'none' }),
        ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
      });
    } catch (error) {
      throw error instanceof RemoteError ? explained(error, { request: nameOf(request) }) : error;
    }
  }

  /** Sends a request that must succeed, with JSON or an empty body. Throws ExplainedFault. */
  async json(request: ApiRequest): Promise<ApiAnswer> {
    const response = await this.send(request);
    if (response.status >= 300 || response.status < 200) throw this.refusal(request, response);
    const { value, finding } = await readJson(request, response);
    this.finding ??= finding;
    return { response, value };
  }

  /** The fault of a password that a web server before the API asks for; null for an answer of the API. */
  outerFault(request: ApiRequest, response: OutboundResponse): ExplainedFault | null {
    if (!asksForBasic(response) || this.config.auth.type === 'basic') return null;
    return fault('outer_basic_auth', { values: { request: nameOf(request) }, detail: 'status 401' });
  }

  /** The fault for an answer that is not a success. */
  refusal(request: ApiRequest, response: OutboundResponse): ExplainedFault {
    const { status } = response;
    const outer = this.outerFault(request, response);
    if (outer !== null) return outer;
    const values = { request: nameOf(request), status: String(status), expected: '200' };
    const options = {
      values,
      detail: String(status),
      retryAfterMs: retryAfterMs(response.headers['retry-after'], this.#clock()),
    };
    if (status >= 500 && status !== 501) return fault('server_error', options);
    const code = REFUSALS[status];
    return code === undefined ? fault('unexpected_status', options) : fault(code, options);
  }

  /**
   * The URL of a described path, or a whole URL from an answer. The parameter that authenticates is removed
   * from a URL from an answer: the API may repeat our secret, and the URL is stored as a checkpoint.
   * Throws ExplainedFault `foreign_link` for another server.
   */
  urlOf(path: string): URL {
    if (path.startsWith('/') && !path.startsWith('//')) {
      return new URL(this.#base.origin + withoutEndSlashes(this.#base.pathname) + path);
    }
    const url = foreignUrl(path, this.#base);
    if (url === null || url.origin !== this.#base.origin || url.username !== '' || url.password !== '') {
      throw fault('foreign_link');
    }
    const { auth } = this.config;
    if (auth.type === 'query') url.searchParams.delete(auth.name);
    url.hash = '';
    return url;
  }

  #authentication(): { headers: Record<string, string>; query: Record<string, string> } {
    const { auth } = this.config;
    switch (auth.type) {
      case 'none':
        return { headers: {}, query: {} };
      case 'bearer':
        return { headers: { Authorization: `Bearer ${this.#secret('token')}` }, query: {} };
      case 'header':
        return { headers: { [auth.name]: this.#secret('value') }, query: {} };
      case 'query':
        return { headers: {}, query: { [auth.name]: this.#secret('value') } };
      case 'basic': {
        const pair = `${this.#secret('username')}:${this.#secret('password')}`;
        return { headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, query: {} };
      }
    }
  }

  #secret(name: string): string {
    const secret = this.#credentials[name];
    if (secret === undefined) {
      throw fault('missing_credentials', { values: { missing: name }, detail: name });
    }
    return secret;
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  401: 'bad_credentials',
  403: 'forbidden',
  404: 'not_found',
  410: 'not_found',
  429: 'throttled',
};

/** The JSON of an answer; undefined if its body is empty. `finding`: what disturbs it, although it can be read. */
interface ReadJson {
  value: unknown;
  finding: ExplainedFault | null;
}

/** The longest body that counts as empty if it has only blanks. Bytes. */
const LONGEST_BLANK = 1024;

/** Reads the JSON of an answer. Throws ExplainedFault `not_json`, `bad_encoding`, `cut_off`. */
export async function readJson(request: ApiRequest, response: OutboundResponse): Promise<ReadJson> {
  const body = withoutMark(response.body);
  if (body.length <= LONGEST_BLANK && body.toString('utf8').trim() === '')
    return { value: undefined, finding: null };
  try {
    return { value: await parseJson(body), finding: null };
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
  }
  const values = { request: nameOf(request) };
  const broken = await readBrokenBody(body);
  switch (broken.found) {
    case 'raw_controls':
      return { value: broken.value, finding: fault('dirty_json', { values }) };
    case 'packed':
      throw fault('bad_encoding', { variant: 'unmarked', values });
    case 'cut_off':
      throw fault('cut_off', { values });
    case 'other':
      throw fault('not_json', { values });
  }
}

/** The name of a request in messages. It leaves out the query, whose values do not belong in a message. */
export function nameOf(request: Pick<ApiRequest, 'method' | 'path'>): string {
  const path = request.path.startsWith('/')
    ? request.path
    : new URL(request.path, 'https://x.invalid').pathname;
  return `${request.method} ${path.split('?')[0]}`;
}
