import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RemoteError } from '../../src/errors.ts';
import { OutboundClient, type OutboundRequest } from '../../src/outbound/httpClient.ts';
import { answerFault, remoteFault } from '../../src/outbound/remoteFault.ts';
import { closedPort, type LoopbackServer, serveBytes, serveLoopback } from './loopbackServer.ts';

let client: OutboundClient;
const servers: Array<{ stop(): Promise<void> }> = [];

beforeEach(() => {
  client = new OutboundClient({ allow: ['127.0.0.0/8'] });
});
afterEach(async () => {
  client.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(...args: Parameters<typeof serveLoopback>): Promise<LoopbackServer> {
  const server = await serveLoopback(...args);
  servers.push(server);
  return server;
}

async function failure(request: OutboundRequest): Promise<RemoteError> {
  try {
    await client.request(request);
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  throw new Error(`${request.url} was answered.`);
}

describe('a client that may not send', () => {
  it('sends nothing, gives the reason each time, and sends again once it may', async () => {
    const server = await serve((_, response) => response.end('ok'));
    let why: string | null = 'paused';
    client = new OutboundClient({
      allow: ['127.0.0.0/8'],
      refusal: async () => (why === null ? null : new RemoteError('server_paused', why)),
    });
    expect(await failure({ url: server.url })).toMatchObject({ code: 'server_paused', message: 'paused' });
    expect(await failure({ url: server.url, method: 'POST', body: 'x' })).toMatchObject({
      code: 'server_paused',
    });
    expect(server.connections()).toBe(0);
    why = null;
    expect((await client.request({ url: server.url })).status).toBe(200);
  });

  it('sends nothing when the permission cannot be read', async () => {
    const server = await serve((_, response) => response.end('ok'));
    client = new OutboundClient({
      allow: ['127.0.0.0/8'],
      refusal: () => Promise.reject(new Error('no database')),
    });
    await expect(client.request({ url: server.url })).rejects.toThrow('no database');
    expect(server.connections()).toBe(0);
  });
});

describe('a response', () => {
  it.each([200, 204, 304, 400, 404, 500, 503])('with the status %i is returned unchanged', async (status) => {
    const server = await serve((_, response) => response.writeHead(status, { 'X-Two': ['a', 'b'] }).end());
    const answer = await client.request({ url: `${server.url}/path?q=1` });
    expect(answer).toMatchObject({ status, redirects: 0, url: `${server.url}/path?q=1` });
    expect(answer.headers['x-two']).toBe('a, b');
  });

  it('has its body as bytes, after a request with method, headers and body', async () => {
    const server = await serve((request, response) => {
      request.pipe(response);
    });
    const body = Buffer.from([0, 255, 1, 254]);
    const answer = await client.request({ method: 'POST', url: server.url, headers: { 'X-A': '1' }, body });
    expect(answer.body.equals(body)).toBe(true);
    expect(server.seen[0]).toMatchObject({ method: 'POST', headers: { 'x-a': '1' } });
  });

  it('comes to the unchanged path and query', async () => {
    const server = await serve((_, response) => response.end());
    await client.request({ url: `${server.url}/a%2Fb/?rest_route=/x/y&z=%20` });
    expect(server.seen[0]?.url).toBe('/a%2Fb/?rest_route=/x/y&z=%20');
  });

  it('with a compressed body is decompressed', async () => {
    const server = await serve((request, response) => {
      const gzip = request.url === '/gzip';
      response.setHeader('Content-Encoding', gzip ? 'gzip' : 'br');
      response.end(gzip ? gzipSync('packed') : brotliCompressSync('packed'));
    });
    for (const path of ['/gzip', '/br']) {
      expect((await client.request({ url: server.url + path })).body.toString()).toBe('packed');
    }
  });

  it('leaves the connection open, and only the first request has a connect time', async () => {
    const server = await serve((_, response) => response.end('x'));
    const first = await client.request({ url: server.url });
    const second = await client.request({ url: server.url });
    expect(server.connections()).toBe(1);
    expect(first.connect.tcp_ms).toEqual(expect.any(Number));
    expect(second.connect.tcp_ms).toBeNull();
  });

  it('to a GET is retried when the open connection was closed meanwhile', async () => {
    let answered = 0;
    const server = await serve((request, response) => {
      answered += 1;
      if (answered === 2) request.socket.destroy();
      else response.end('x');
    });
    await client.request({ url: server.url });
    expect((await client.request({ url: server.url })).status).toBe(200);
    expect(server.connections()).toBe(2);
  });
});

describe('malformed addresses', () => {
  it.each([
    '',
    'nonsense',
    '/path',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ftp://example.com/',
    'data:,x',
  ])('are refused: "%s"', async (url) => {
    expect((await failure({ url })).code).toBe('invalid_url');
  });

  it.each(['http://user:secret@example.com/', 'http://user@example.com/', 'http://:secret@example.com/'])(
    'with credentials in %s are refused, without repeating them',
    async (url) => {
      const error = await failure({ url });
      expect(error).toMatchObject({ code: 'invalid_url', detail: 'credentials' });
      expect(error.message).not.toContain('secret');
    },
  );
});

describe('a redirect', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [302, 'GET', 'GET'],
  ])('as %i of a %s is followed within the host as a %s', async (status, method, then) => {
    const server = await serve((request, response) => {
      if (request.url === '/') response.writeHead(status, { Location: '/there?x=1' }).end();
      else request.pipe(response);
    });
    const body = method === 'POST' ? 'text' : undefined;
    const answer = await client.request({ method, url: server.url, ...(body === undefined ? {} : { body }) });
    expect(answer).toMatchObject({ status: 200, redirects: 1, url: `${server.url}/there?x=1` });
    expect(server.seen[1]?.method).toBe(then);
    expect(answer.body.toString()).toBe(then === 'POST' ? 'text' : '');
  });

  it('to another host is not followed, and sends no credentials there', async () => {
    const other = await serve((_, response) => response.end('caught'));
    const server = await serve((_, response) =>
      response.writeHead(302, { Location: `http://localhost:${other.port}/login?token=abc` }).end(),
    );
    const error = await failure({ url: server.url, headers: { Authorization: 'Basic c2VjcmV0' } });
    expect(error).toMatchObject({ code: 'redirect', detail: `http://localhost:${other.port}/login` });
    expect(other.seen).toHaveLength(0);
  });

  it.each([
    ['another scheme', 'https://127.0.0.1/'],
    ['another port', 'http://127.0.0.1:1/'],
    ['a private address', 'http://10.0.0.1/admin'],
    ['an IPv6 address', 'http://[fd00::1]/'],
    ['javascript', 'javascript:alert(1)'],
  ])('to %s is not followed, and the error has no address', async (_, location) => {
    const server = await serve((_request, response) => response.writeHead(301, { Location: location }).end());
    const error = await failure({ url: server.url });
    expect(error.code).toBe('redirect');
    expect(error.detail).toBeUndefined();
  });

  it('is followed up to five times', async () => {
    const server = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(302, { Location: `/${left - 1}` }).end();
    });
    expect((await client.request({ url: `${server.url}/5` })).redirects).toBe(5);
    expect((await failure({ url: `${server.url}/6` })).code).toBe('redirect');
  });

  it('is not followed when the caller forbids it', async () => {
    const server = await serve((_, response) => response.writeHead(302, { Location: '/there' }).end());
    expect((await failure({ url: server.url, redirects: 'none' })).code).toBe('redirect');
    expect(server.seen).toHaveLength(1);
  });
});

describe('limits', () => {
  it('stop reading at the maximum size', async () => {
    const server = await serve((_, response) => response.end(Buffer.alloc(2_000)));
    expect((await failure({ url: server.url, maxBytes: 1_999 })).code).toBe('too_large');
    expect((await client.request({ url: server.url, maxBytes: 2_000 })).body).toHaveLength(2_000);
  });

  it('count bytes after decompression', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const server = await serve((_, response) => response.setHeader('Content-Encoding', 'gzip').end(bomb));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await failure({ url: server.url })).code).toBe('too_large');
  });

  it('stop an endless response', async () => {
    const server = await serve((_, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
      };
      response.on('drain', more);
      more();
    });
    expect((await failure({ url: server.url })).code).toBe('too_large');
  });

  it('end a request without a response', async () => {
    const server = await serve(() => undefined);
    const error = await failure({ url: server.url, timeoutMs: 150 });
    expect(error).toMatchObject({ code: 'timeout', detail: 'response', retryable: true });
  });

  it('end a response that arrives too slowly', async () => {
    const server = await serve((_, response) => {
      response.write('a');
    });
    expect((await failure({ url: server.url, timeoutMs: 150 })).code).toBe('timeout');
  });

  it('count redirects into the same time', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { Location: '/silent' }).end();
    });
    expect((await failure({ url: server.url, timeoutMs: 150 })).code).toBe('timeout');
  });

  it('end a request with a silent name server', async () => {
    client = new OutboundClient({ allow: [], lookup: () => undefined });
    const error = await failure({ url: 'http://example.com/', timeoutMs: 150 });
    expect(error).toMatchObject({ code: 'timeout', detail: 'dns' });
  });
});

describe('unreachable sites', () => {
  it('report a name that does not exist', async () => {
    const error = await failure({ url: 'http://no-such-site.invalid/' });
    expect(error.code).toBe('dns');
  });

  it.each([
    ['ENOTFOUND', 'not_found', false],
    ['EAI_AGAIN', 'no_answer', true],
  ])('report %s of a resolver', async (code, detail, retryable) => {
    client = new OutboundClient({
      allow: [],
      lookup: (_hostname, _options, callback) => callback(Object.assign(new Error('x'), { code }), [], 0),
    });
    expect(await failure({ url: 'http://example.com/' })).toMatchObject({ code: 'dns', detail, retryable });
  });

  it('report a refused connection', async () => {
    const error = await failure({ url: `http://127.0.0.1:${await closedPort()}/` });
    expect(error).toMatchObject({ code: 'unreachable', detail: 'refused', retryable: true });
    expect(`${error.message}${error.cause}${error.detail}`).not.toMatch(/127\.0/);
  });

  it('report a broken connection', async () => {
    const cut = await serveBytes(null);
    servers.push(cut);
    const error = await failure({ url: `http://127.0.0.1:${cut.port}/` });
    expect(error).toMatchObject({ code: 'unreachable', detail: 'reset' });
  });

  it('report a broken response', async () => {
    const cut = await serveBytes('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
    servers.push(cut);
    const error = await failure({ url: `http://127.0.0.1:${cut.port}/` });
    expect(error).toMatchObject({ code: 'cut_off', retryable: true });
  });

  it.each([
    ['a chunk without a size', 'Transfer-Encoding: chunked\r\n\r\nno size\r\n'],
    ['a chunk of another size', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{"a":1}\r\n0\r\n\r\n'],
    ['no last chunk', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n'],
  ])('report a response that breaks after its headers, by %s', async (_, rest) => {
    const broken = await serveBytes(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${rest}`);
    servers.push(broken);
    const error = await failure({ url: `http://127.0.0.1:${broken.port}/` });
    expect(error).toMatchObject({ code: 'cut_off', retryable: true });
    expect(error.detail).toBeUndefined();
  });

  it('tell a broken framing behind the headers from a server without HTTP', () => {
    const broken = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_CHUNK_SIZE' });
    expect(answerFault(broken)).toMatchObject({ code: 'cut_off', retryable: true });
    expect(remoteFault(broken)).toMatchObject({ code: 'unreachable', detail: 'not_http' });
  });

  it.each(['gzip', 'br'])('report a response that is falsely called %s', async (encoding) => {
    const server = await serve((_, response) =>
      response.setHeader('Content-Encoding', encoding).end('{"not":"packed"}'),
    );
    expect(await failure({ url: server.url })).toMatchObject({ code: 'bad_encoding', retryable: false });
  });

  it('report a server without HTTP', async () => {
    const ssh = await serveBytes('SSH-2.0-OpenSSH_9.2\r\n');
    servers.push(ssh);
    const error = await failure({ url: `http://127.0.0.1:${ssh.port}/` });
    expect(error).toMatchObject({ code: 'unreachable', detail: 'not_http' });
  });
});
