import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import axios, { type AxiosResponse } from 'axios';
import { RemoteError } from '../errors.ts';
import { AddressPolicy, PolicedHttpAgent, PolicedHttpsAgent } from './addressPolicy.ts';
import { plainHeaders, setCookiesOf } from './answerHeaders.ts';
import { type ConnectionTrace, type ConnectTimes, phaseOf, takeConnectTimes } from './connectionTrace.ts';
import {
  asksAgain,
  checkedUrl,
  cookieAsked,
  type Hop,
  MAX_REDIRECTS,
  nextHop,
  redirectFault,
  redirectTarget,
} from './redirects.ts';
import { answerFault, remoteFault, tooLarge, unreachable } from './remoteFault.ts';
import type { SiteCookies } from './siteCookies.ts';

interface OutboundOptions {
  /** CIDRs exempt from the private-address block. */
  allow: readonly string[];
  /** PEM certificates that are trusted in addition to the well-known roots. */
  extraCa?: string;
  /** Resolves host names. The system's resolver by default. */
  lookup?: LookupFunction;
  /** Called before each request. Returns the error that forbids all requests now, or null. */
  refusal?: () => Promise<RemoteError | null>;
}

export interface OutboundRequest {
  /** GET by default. */
  method?: string;
  url: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The limit for the whole exchange, including redirects and body. Milliseconds, 10,000 by default. */
  timeoutMs?: number;
  /** The largest size of the decompressed body. Bytes, 10 MiB by default. */
  maxBytes?: number;
  /**
   * `same_origin` (default) follows at most 5 redirects to the same scheme, host and port. `none` follows no
   * redirect at all, for requests that are signed for one path. With both settings, a redirect that is not
   * followed throws the RemoteError `redirect`.
   */
  redirects?: 'same_origin' | 'none';
  /**
   * The cookies of the site. Those that its answers set are kept and sent. If the site sets a cookie and redirects
   * to the same address, the request is sent again, with each setting of `redirects`.
   */
  cookies?: SiteCookies;
}

export interface OutboundResponse {
  status: number;
  /** Names in lower case. The values of a repeated header are joined by `, `. */
  headers: Record<string, string>;
  body: Buffer;
  /** The URL that answered, after redirects. */
  url: string;
  /** The number of redirects that were followed. */
  redirects: number;
  /** The duration of the whole exchange, in milliseconds. */
  ms: number;
  /** How long it took to connect for the last hop. */
  connect: ConnectTimes;
}

/** The limit of a request that sets none. Milliseconds. */
export const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
/** The largest head of an answer. Node's own limit is 16 KiB, which one needless cookie can exceed. Bytes. */
const LARGEST_HEAD = 256 * 1024;
/** The `User-Agent` of every request to a site. */
export const USER_AGENT = 'Sitebridge/0.1.0';

/**
 * All requests of this process to sites go through this client. It connects to public addresses only, which
 * it checks when the socket connects. It uses no proxy, and limits time and size. It follows redirects only
 * within one origin, so that no other server gets the credentials.
 */
export class OutboundClient {
  private readonly traces = new WeakMap<Duplex, ConnectionTrace>();
  private readonly httpAgent: PolicedHttpAgent;
  private readonly httpsAgent: PolicedHttpsAgent;
  private readonly refusal: () => Promise<RemoteError | null>;

  /** Throws SetupError when an entry of `allow` is not an address range. */
  constructor(options: OutboundOptions) {
    const policy = new AddressPolicy(options.allow);
    this.refusal = options.refusal ?? (async () => null);
    const ca = options.extraCa === undefined ? {} : { ca: [...rootCertificates, options.extraCa] };
    this.httpAgent = new PolicedHttpAgent(policy, this.traces, options.lookup);
    this.httpsAgent = new PolicedHttpsAgent(policy, this.traces, options.lookup, ca);
  }

  /**
   * Sends one request and returns the response, whatever its status. Throws RemoteError: invalid_url,
   * private_address, dns, unreachable (detail refused, timeout, no_route, reset, not_http), tls (detail
   * expired, self_signed, wrong_name, incomplete_chain, untrusted, protocol), redirect (detail: the target
   * without query), bot_challenge (a guard wants a write again, with its cookie), bad_encoding, cut_off,
   * too_large, timeout (detail dns, connect, response). Their messages and details contain no network address.
   * Before sending, it throws the error that `refusal` returns.
   */
  async request(request: OutboundRequest): Promise<OutboundResponse> {
    const refusal = await this.refusal();
    if (refusal !== null) throw refusal;
    const started = performance.now();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    try {
      let hop = { url: checkedUrl(request.url), method: request.method ?? 'GET', body: request.body };
      for (let redirects = 0; ; redirects += 1) {
        const { setCookies, ...answer } = await this.exchange(request, hop, deadline.signal);
        const hasNewCookies = request.cookies?.take(hop.url, setCookies) ?? false;
        const target = redirectTarget(answer.status, answer.headers, hop.url);
        if (target === null) {
          return { ...answer, url: hop.url.href, redirects, ms: Math.round(performance.now() - started) };
        }
        if (hasNewCookies && target.href === hop.url.href && redirects < MAX_REDIRECTS) {
          if (!asksAgain(answer.status, hop.method)) throw cookieAsked();
          continue;
        }
        if (request.redirects === 'none' || target.origin !== hop.url.origin || redirects >= MAX_REDIRECTS) {
          throw redirectFault({ target, from: hop.url, headers: answer.headers }, redirects);
        }
        hop = nextHop(target, answer.status, hop);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes all sockets. Requests in flight fail. */
  close(): void {
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
  }

  private async exchange(request: OutboundRequest, hop: Hop, signal: AbortSignal) {
    try {
      return await this.send(request, hop, signal);
    } catch (error) {
      const { socket, reused } = connectionOf(error);
      if (signal.aborted)
        throw timeoutFault(socket && this.traces.get(socket), hop.url.protocol === 'https:');
      const fault = remoteFault(error);
      // The site may have closed a kept-alive socket at the moment of its reuse. That is no fault of the
      // site, so the request is sent once more.
      if (reused && fault.detail === 'reset' && /^(GET|HEAD)$/.test(hop.method)) {
        return await this.send(request, hop, signal).catch((again: unknown) => {
          throw signal.aborted ? timeoutFault(undefined, false) : remoteFault(again);
        });
      }
      throw fault;
    }
  }

  private async send(request: OutboundRequest, hop: Hop, signal: AbortSignal) {
    const cookie = request.cookies?.headerFor(hop.url) ?? null;
    const response: AxiosResponse<unknown> = await axios.request({
      url: hop.url.href,
      method: hop.method,
      headers: {
        Accept: '*/*',
        'User-Agent': USER_AGENT,
        ...request.headers,
        ...(cookie === null ? {} : { Cookie: cookie }),
      },
      ...(hop.body === undefined ? {} : { data: hop.body }),
      responseType: 'stream',
      httpAgent: this.httpAgent,
      httpsAgent: this.httpsAgent,
      proxy: false,
      maxRedirects: 0,
      transport: { request: withLargeHead },
      maxBodyLength: Number.POSITIVE_INFINITY,
      transformRequest: [(data: unknown) => data],
      validateStatus: () => true,
      signal,
    });
    const { socket } = connectionOf(response);
    const connect = takeConnectTimes(socket && this.traces.get(socket));
    const body = await readCapped(response.data, request.maxBytes ?? DEFAULT_MAX_BYTES).catch((error) => {
      throw answerFault(error);
    });
    const headers = plainHeaders(response.headers);
    return { status: response.status, headers, body, connect, setCookies: setCookiesOf(response.headers) };
  }
}

function withLargeHead(
  options: RequestOptions,
  answered: (response: IncomingMessage) => void,
): ClientRequest {
  const send = options.protocol === 'https:' ? httpsRequest : httpRequest;
  return send({ ...options, maxHeaderSize: LARGEST_HEAD }, answered);
}

async function readCapped(stream: unknown, maxBytes: number): Promise<Buffer> {
  if (!(stream instanceof Readable)) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let size = 0;
  // Throwing inside the loop destroys the stream, and the socket with it.
  for await (const chunk of stream) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw tooLarge(`The site's answer is larger than ${maxBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

/**
 * A connection that was not made in time counts as unreachable, as after the kernel's own, longer timeout.
 */
function timeoutFault(trace: ConnectionTrace | undefined, secure: boolean): RemoteError {
  const phase = phaseOf(trace, secure);
  if (phase === 'connect' && trace?.connectedAfter === undefined) return unreachable('timeout');
  return new RemoteError('timeout', 'The site did not answer in time.', { retryable: true, detail: phase });
}

/** The socket of an axios response or error. Both keep Node's request as `request`. */
function connectionOf(holder: unknown): { socket: Duplex | undefined; reused: boolean } {
  const request = property(holder, 'request');
  const socket = property(request, 'socket');
  return {
    socket: isDuplex(socket) ? socket : undefined,
    reused: property(request, 'reusedSocket') === true,
  };
}

function property(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}

function isDuplex(value: unknown): value is Duplex {
  return value instanceof Readable && 'write' in value;
}
