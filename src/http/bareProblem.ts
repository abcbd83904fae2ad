import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

interface BareFault {
  status: number;
  code: string;
  detail: string;
}

const malformed: BareFault = {
  status: 400,
  code: 'malformed_request',
  detail: 'This is not a valid HTTP request.',
};

/** By the code of Node's error. Every other error is a request that cannot be parsed. */
const faults: Record<string, BareFault> = {
  HOST_MISSING: { ...malformed, detail: 'The request has no Host header.' },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers_too_large',
    detail: 'The path and the headers are larger than 16 KiB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'too_large',
    detail: 'The extensions of the chunks are larger than 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request_timeout',
    detail: 'The request did not arrive in time.',
  },
};

/** Sends a problem for a request that the app must not serve. Closes the connection. */
export function refuseWithoutHost(response: ServerResponse): void {
  const { status, headers, body } = bareProblem('HOST_MISSING');
  response.writeHead(status, headers).end(body);
}

/** Sends a problem for a request that cannot be parsed, which has no response object. Closes the connection. */
export function sendBareProblem(socket: Duplex, errorCode: string | undefined): void {
  const { status, headers, body } = bareProblem(errorCode ?? '');
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function bareProblem(errorCode: string) {
  const { status, code, detail } = faults[errorCode] ?? malformed;
  const requestId = randomUUID();
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, code, detail, request_id: requestId });
  const headers = {
    Connection: 'close',
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': requestId,
  };
  return { status, headers, body };
}
