/**
 * Errors by who must act. The caller: CallerError and its kind of answer. The other side: RemoteError.
 * Everything else that is thrown is a bug of ours and becomes a 500 that says nothing but its request id.
 */

/** One field of an input that is wrong, and how to mend it. `field` is a dotted path such as `config_json.site_url`. */
export interface FieldError {
  field: string;
  code: string;
  message: string;
}

/** The answers a caller can be given, by what they must do; http/problem.ts maps them to status codes. */
export type CallerErrorKind =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_large'
  | 'unsupported_media_type'
  | 'unprocessable'
  | 'rate_limited'
  | 'not_supported'
  | 'unavailable';

/**
 * The caller asked for something that cannot be done as asked. `detail` is shown to them as it is, so it
 * names the fix and never holds a secret; `code` is stable and meant for programs.
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

/** 400 for one field. */
export function invalidField(field: string, message: string, code = 'invalid'): CallerError {
  return new CallerError('invalid_input', `${field}: ${message}`, { fields: [{ field, code, message }] });
}

/** The 409 of a row that is there already. */
export function alreadyThere(detail: string): CallerError {
  return new CallerError('conflict', detail, { code: 'already_exists' });
}

/** 404: the same answer for what is not there and for what belongs to another account. */
export function notFound(): CallerError {
  return new CallerError('not_found', 'There is nothing here that you may see.');
}

/** Why the other side could not be reached or did not answer as it must; the codes of a connection test. */
export class RemoteError extends Error {
  readonly code: string;
  /** May a later try succeed without anyone changing anything? */
  readonly retryable: boolean;
  /** More about this one case, without address or secret, e.g. which TLS fault it is. */
  readonly detail: string | undefined;
  /** How long the other side asks to wait before a later try; undefined where it does not say. */
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

/** The process cannot start or a command cannot run as configured. The message names the setting and the fix. */
export class SetupError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SetupError';
  }
}
