/** Headers and methods that no honest caller sends. */
import fc from 'fast-check';
import type { Header } from './fuzzBytes.ts';

/** A method that the operation does not have, or no server has. */
export const oddMethod = fc.constantFrom(
  ...[
    'HEAD',
    'OPTIONS',
    'TRACE',
    'CONNECT',
    'PROPFIND',
    'PURGE',
    'QUERY',
    'M-SEARCH',
    'LINK',
    'BREW',
    'get',
    'PUT',
    'DELETE',
  ],
);

const long = 'x'.repeat(20_000);
/** One or two odd headers. They may repeat a header of the request. */
export const oddHeaders: fc.Arbitrary<Header[]> = fc.array(
  fc.constantFrom<Header>(
    ['Content-Type', 'text/plain'],
    ['Content-Type', 'application/json; charset=utf-16'],
    ['Content-Type', 'application/json; charset=x'],
    ['Content-Type', 'application/json; charset="'],
    ['Content-Type', 'multipart/form-data; boundary=x'],
    ['Content-Type', ''],
    ['Content-Encoding', 'gzip'],
    ['Authorization', 'Bearer other'],
    ['Authorization', 'Digest x'],
    ['Authorization', `Bearer ${long}`],
    ['X-API-Key', ''],
    ['X-API-Key', 'sbk_\u00e9'],
    ['X-Site-Id', '1'],
    ['X-Site-Id', '99999999999999999999'],
    ['X-Request-Id', `${'r'.repeat(128)}`],
    ['X-Request-Id', 'a b"\u00ff'],
    ['X-Forwarded-For', 'nonsense, ::1'],
    ['X-Forwarded-Host', '['],
    ['X-Forwarded-Proto', 'javascript'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Host', 'again.example'],
    ['Accept', 'text/html;q=x'],
    ['Accept-Encoding', 'identity;q=0'],
    ['Range', 'bytes=0-'],
    ['If-None-Match', '*'],
    ['Expect', '100-continue'],
    ['Expect', 'something'],
    ['Upgrade', 'websocket'],
    ['Prefer', 'respond-async, wait=\u0001'],
    ['Cookie', 'a=\u00ff; __proto__=1'],
    ['__proto__', 'x'],
    ['X-Odd', long],
    ['webhook-id', 'a b'],
    ['webhook-id', 'i'.repeat(201)],
    ['webhook-timestamp', '-1'],
    ['webhook-signature', 'v1,'],
  ),
  { minLength: 1, maxLength: 2 },
);
