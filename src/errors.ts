/**
 * The error class tells who must act. CallerError: the caller of the API. RemoteError: the site. Any other
 * error is a bug in Sitebridge and becomes a 500 response that contains only the request id.
 */

/** One wrong field of an input, and the fix. `field` is a dotted path such as `config_json.site_url`. */
export interface FieldError {
  field: string;
  code: string;
  message: string;
}

/** The kinds of error responses. http/problem.ts maps them to status codes. */
export type CallerErrorKind =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_slow'
  | 'too_large'
  | 'unsupported_media_type'
  | 'unprocessable'
  | 'rate_limited'
  | 'not_supported'
  | 'unavailable';

/**
 * The caller's request cannot be carried out. The caller sees `detail` unchanged, so `detail` names the fix
 * and never contains a secret. `code` is stable and meant for programs.
 */
export class CallerError extends Error {
  readonly kind: CallerErrorKind;
  readonly code: string;
  readonly fields: FieldError[];
  /** Extra response headers, such as `Allow` or `Retry-After`. */
  readonly headers: Record<string, string>;

  constructor(
    kind: CallerErrorKind,
    detail: string,
    options: { code?: string; fields?: FieldError[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'CallerError';
    this.kind = kind;
    this.code = options.code ?? kind;
    this.fields = options.fields ?? [];
    this.headers = options.headers ?? {};
  }
}

/** A 400 response for one field. */
export function invalidField(field: string, message: string, code = 'invalid'): CallerError {
  return new CallerError('invalid_input', `${field}: ${message}`, { fields: [{ field, code, message }] });
}

/** A 409 response for a row that already exists. */
export function alreadyThere(detail: string): CallerError {
  return new CallerError('conflict', detail, { code: 'already_exists' });
}

/** A 404 response. It is the same for a missing row and for a row of another account. */
export function notFound(): CallerError {
  return new CallerError('not_found', 'There is nothing here that you may see.');
}

/**
 * The site could not be reached or sent a wrong response. `code` is one of the codes of a connection test.
 */
export class RemoteError extends Error {
  readonly code: string;
  /** Whether a retry may succeed without any change. */
  readonly retryable: boolean;
  /** More about this fault, such as the kind of TLS fault. Contains no address and no secret. */
  readonly detail: string | undefined;
  /** How long the site asks to wait before a retry, in milliseconds. Undefined when the site does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: {
      retryable?: boolean;
      detail?: string;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'RemoteError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The configuration prevents a start or a command. The message names the setting and the fix. */
export class SetupError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SetupError';
  }
}
