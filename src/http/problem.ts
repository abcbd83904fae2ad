import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { isDatabaseUnavailable } from '../database/unavailable.ts';
import { CallerError, type CallerErrorKind, type FieldError } from '../errors.ts';
import { VaultError } from '../security/credentialVault.ts';

const statusOf: Record<CallerErrorKind, number> = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_slow: 408,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  rate_limited: 429,
  not_supported: 501,
  unavailable: 503,
};

/** The body of an error response, by RFC 9457. */
interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: FieldError[];
  request_id: string;
}

/** Sends an error as a problem, the only form of error responses. */
export function sendProblem(response: Response, error: CallerError): void {
  const status = statusOf[error.kind];
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: error.code,
    detail: error.message,
    ...(error.fields.length > 0 ? { errors: error.fields } : {}),
    request_id: response.req.id,
  };
  response.status(status).set(error.headers).type('application/problem+json').send(JSON.stringify(problem));
}

/** Answers 404 for a path without a route. */
export const noSuchPath: RequestHandler = (_request, response) => {
  sendProblem(response, new CallerError('not_found', 'There is no such path. /docs lists all of them.'));
};

/**
 * The last middleware. Sends every thrown error as a problem. An internal error tells only its request id.
 */
export function handleErrors(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, request: Request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = asCallerError(thrown);
    if (error) {
      if (error.kind === 'unavailable')
        logger.warn(
          { err: thrown, request_id: request.id },
          'a service that the server needs is unavailable',
        );
      return sendProblem(response, error);
    }
    logger.error({ err: thrown, request_id: request.id }, 'request failed by a fault of ours');
    const problem: Problem = {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal_error',
      detail: 'This is a fault of ours. Tell us the request id.',
      request_id: request.id,
    };
    response.status(500).type('application/problem+json').send(JSON.stringify(problem));
  };
}

function asCallerError(thrown: unknown): CallerError | null {
  if (thrown instanceof CallerError) return thrown;
  if (isDatabaseUnavailable(thrown)) {
    return new CallerError(
      'unavailable',
      'The database cannot serve this right now. Nothing was changed; try again.',
      {
        headers: { 'Retry-After': '5' },
        cause: thrown,
      },
    );
  }
  return unreadableSecret(thrown) ?? malformedPath(thrown) ?? bodyParserError(thrown);
}

/** Only the operator, or a user who enters the secret again, can help. */
function unreadableSecret(thrown: unknown): CallerError | null {
  if (!(thrown instanceof VaultError)) return null;
  return new CallerError(
    'unprocessable',
    'A stored secret cannot be decrypted. Put the key that encrypted it back into CREDENTIAL_KEYS, or enter the ' +
      'credentials again.',
    { code: 'credentials_unreadable', cause: thrown },
  );
}

/** body-parser's errors carry a `type`; see its README, section Errors. */
function bodyParserError(thrown: unknown): CallerError | null {
  if (!(thrown instanceof Error)) return null;
  switch ('type' in thrown ? thrown.type : null) {
    case 'entity.parse.failed':
      return new CallerError('invalid_input', 'The body is not valid JSON.', { code: 'malformed_json' });
    case 'entity.too.large':
      return new CallerError('too_large', `The body is larger than ${mebibytes(thrown)} MiB.`);
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new CallerError(
        'unsupported_media_type',
        'Send the body as UTF-8 JSON, without unusual compression.',
      );
    case 'request.aborted':
    case 'request.size.invalid':
    case 'stream.encoding.set':
      return new CallerError('invalid_input', 'The body did not arrive whole.', { code: 'incomplete_body' });
    default:
      return unreadableBody(thrown);
  }
}

/** A compressed body that cannot be decompressed has no `type`. body-parser marks its error to be shown to the caller. */
function unreadableBody(thrown: Error): CallerError | null {
  if (!('expose' in thrown && thrown.expose === true)) return null;
  return new CallerError('invalid_input', 'The body is not compressed as its Content-Encoding says.', {
    code: 'malformed_encoding',
  });
}

/** The limit that a body has exceeded. */
function mebibytes(thrown: Error): number {
  return 'limit' in thrown ? Number(thrown.limit) / (1024 * 1024) : 1;
}

/** Express throws a URIError with status 400 for a path such as /%zz. */
function malformedPath(thrown: unknown): CallerError | null {
  return thrown instanceof URIError
    ? new CallerError('invalid_input', 'The path is not validly encoded.')
    : null;
}
