import { types } from 'node:util';
import { RemoteError } from '../errors.ts';

/**
 * Turns errors of Node and OpenSSL into a RemoteError. Their messages contain addresses. So the original
 * error is not passed on, not even as a cause, because loggers print causes.
 */

/** The TLS fault of a site: `detail` of the code `tls`. */
type TlsFault = 'expired' | 'self_signed' | 'wrong_name' | 'incomplete_chain' | 'untrusted' | 'protocol';

/** Error codes of Node's TLS: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS_FAULTS: Record<string, TlsFault> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self_signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong_name',
  HOSTNAME_MISMATCH: 'wrong_name',
  // The site sent only its own certificate, and the issuer is not a known root. Nearly always the site's
  // configuration lacks the intermediate certificate.
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'incomplete_chain',
  UNABLE_TO_GET_ISSUER_CERT: 'incomplete_chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
  CERT_UNTRUSTED: 'untrusted',
  CERT_REJECTED: 'untrusted',
  CERT_REVOKED: 'untrusted',
  CERT_CHAIN_TOO_LONG: 'untrusted',
  CERT_SIGNATURE_FAILURE: 'untrusted',
  INVALID_CA: 'untrusted',
  INVALID_PURPOSE: 'untrusted',
  PATH_LENGTH_EXCEEDED: 'untrusted',
  EPROTO: 'protocol',
};

const TLS_MESSAGES: Record<TlsFault, string> = {
  expired: "The site's TLS certificate has expired or is not valid yet.",
  self_signed: "The site's TLS certificate is self-signed.",
  wrong_name: "The site's TLS certificate is made out to another name.",
  incomplete_chain: 'The site sends its TLS certificate without the intermediate certificates.',
  untrusted: "The site's TLS certificate comes from an authority that is not trusted.",
  protocol: 'The site does not speak TLS that can be understood.',
};

/** Why a connection failed or broke: `detail` of the code `unreachable`. */
type UnreachableFault = 'refused' | 'timeout' | 'no_route' | 'reset' | 'not_http';

const UNREACHABLE_FAULTS: Record<string, UnreachableFault> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'no_route',
  ENETUNREACH: 'no_route',
  EHOSTDOWN: 'no_route',
  ENETDOWN: 'no_route',
  EADDRNOTAVAIL: 'no_route',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'reset',
};

const UNREACHABLE_MESSAGES: Record<UnreachableFault, string> = {
  refused: 'The site refused the connection.',
  timeout: 'No connection to the site could be made in time.',
  no_route: 'There is no route to the site.',
  reset: 'The connection to the site broke before the answer was complete.',
  not_http: 'The site answered with something that is not valid HTTP.',
};

const DNS_CODES = /^(ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED|ETIMEOUT|EBADNAME|EAI_[A-Z]+)$/;

/**
 * request-filtering-agent refuses addresses with an error without a code. test/outbound checks this wording.
 */
const ADDRESS_REFUSED = /is not allowed\. Because/;

/** The RemoteError for a failed request. Its message contains neither address nor host name. */
export function remoteFault(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  const chain = causes(error);
  if (chain.some((each) => ADDRESS_REFUSED.test(each.message))) return privateAddress();

  const codes = chain.map(codeOf).filter((code) => code !== '');
  for (const code of codes) {
    const tls = TLS_FAULTS[code] ?? (code.startsWith('ERR_SSL_') ? 'protocol' : undefined);
    if (tls !== undefined) return tlsFault(tls);
    if (DNS_CODES.test(code)) return dnsFault(code);
    if (code === 'HPE_HEADER_OVERFLOW') return tooLarge("The site's response headers are too large.");
    if (/^(Z_|ERR__?BROTLI|ERR__ERROR_|(ERR_)?ZSTD_)/.test(code)) return badEncoding();
    if (code.startsWith('HPE_')) return unreachable('not_http');
    const unreached = UNREACHABLE_FAULTS[code];
    if (unreached !== undefined) return unreachable(unreached);
  }
  return new RemoteError('unreachable', 'The request to the site failed.', {
    retryable: true,
    ...(codes[0] === undefined ? {} : { detail: codes[0] }),
  });
}

function privateAddress(): RemoteError {
  return new RemoteError('private_address', 'The site is not on a public network address.');
}

export function unreachable(fault: UnreachableFault): RemoteError {
  return new RemoteError('unreachable', UNREACHABLE_MESSAGES[fault], { retryable: true, detail: fault });
}

/**
 * The RemoteError for an answer that failed after its headers had come: what sent them is a web server, whose answer
 * then broke off or lost its framing (a chunk without a size).
 */
export function answerFault(error: unknown): RemoteError {
  const fault = remoteFault(error);
  const isBroken = fault.detail === 'reset' || fault.detail === 'not_http';
  return fault.code === 'unreachable' && isBroken ? cutOff() : fault;
}

function cutOff(): RemoteError {
  return new RemoteError('cut_off', 'The answer of the site ended before it was complete.', {
    retryable: true,
  });
}

function badEncoding(): RemoteError {
  return new RemoteError('bad_encoding', "The site's answer is not compressed as its header says.");
}

export function tooLarge(message: string): RemoteError {
  return new RemoteError('too_large', message);
}

function tlsFault(fault: TlsFault): RemoteError {
  return new RemoteError('tls', TLS_MESSAGES[fault], { detail: fault });
}

function dnsFault(code: string): RemoteError {
  const detail = code === 'ENOTFOUND' || code === 'ENODATA' ? 'not_found' : 'no_answer';
  return new RemoteError('dns', "The site's name could not be resolved.", {
    retryable: detail === 'no_answer',
    detail,
  });
}

/** The error, its causes and the parts of an AggregateError (one per address tried), outermost first. */
function causes(error: unknown, depth = 0): Error[] {
  if (!types.isNativeError(error) || depth > 5) return [];
  const parts = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [error, ...[error.cause, ...parts].flatMap((each) => causes(each, depth + 1))];
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
