import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { createHttpServer } from '../../src/http/httpServer.ts';

test.each([1, 75, 3_600])('headers may take longer than a connection may be idle: %d s', (seconds) => {
  const server = createHttpServer(() => {}, seconds);
  expect(server.keepAliveTimeout).toBe(seconds * 1000);
  expect(server.headersTimeout).toBeGreaterThan(server.keepAliveTimeout);
  expect(server.requestTimeout).toBeGreaterThanOrEqual(server.headersTimeout);
});

/** Sends text to a server that answers `ok`, and returns everything that the server sends. */
async function exchange(text: string, answer = 'ok'): Promise<string> {
  const server = createHttpServer((_request, response) => {
    response.write(answer);
    if (answer === 'ok') response.end();
  }, 1).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
  socket.write(text);
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  server.close();
  return received;
}

test.each([
  ['a request that is no HTTP', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed_request'],
  ['a wrong length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', 400, 'malformed_request'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  [
    'headers of 20 KB',
    `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
])('%s gets a problem', async (_what, text, status, code) => {
  const [head = '', body = ''] = (await exchange(text)).split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain('Content-Type: application/problem+json');
  const [, id] = /^X-Request-Id: (.+)$/im.exec(head) ?? [];
  expect(JSON.parse(body)).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    code,
    detail: expect.any(String),
    request_id: id?.trim(),
  });
});

test('a request with an unknown expectation is served, and one of HTTP/1.0 without a Host', async () => {
  const expecting = 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nConnection: close\r\n\r\n';
  for (const text of [expecting, 'GET / HTTP/1.0\r\n\r\n'])
    expect(await exchange(text)).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('a response that has begun gets no second head', async () => {
  const text = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n';
  const received = await exchange(text, 'a response without an end');
  expect(received.match(/HTTP\/1\.1/g) ?? []).toHaveLength(received === '' ? 0 : 1);
});
