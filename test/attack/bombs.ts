/** Answers that are meant to exhaust the server that reads them. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

const MIB = 1024 * 1024;
const zeros = Buffer.alloc(256 * MIB);
const gzipped = gzipSync(zeros);
const packed = {
  gzip: gzipped,
  deflate: deflateSync(zeros),
  br: brotliCompressSync(zeros, { params: { 1: 1 } }),
  nested: gzipSync(gzipped),
};

export type Bomb = (response: ServerResponse) => void;

/** Sends until the other side ends the connection. */
function endless(part: string | Buffer): Bomb {
  return (response) => {
    const more = () => {
      while (!response.destroyed && response.write(part));
    };
    response.on('drain', more);
    more();
  };
}

/** Sends bytes past HTTP, until the other side ends the connection. */
function raw(begin: string, part: string | null = null, everyMs = 0): Bomb {
  return (response) => {
    const socket: Socket | null = response.socket;
    if (socket === null) return;
    socket.write(begin);
    if (part === null) return;
    const more = () => {
      while (!socket.destroyed && socket.write(part));
    };
    const timer = everyMs > 0 ? setInterval(() => void socket.write(part), everyMs) : null;
    socket.on('close', () => timer && clearInterval(timer));
    if (timer === null) {
      socket.on('drain', more);
      more();
    }
  };
}

function json(begin: string, part: string): Bomb {
  const many = part.repeat(10_000);
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.write(begin);
    endless(many)(response);
  };
}

function body(text: string | Buffer, headers: Record<string, string> = {}): Bomb {
  return (response) =>
    void response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(text);
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** They end by their size, or by what they are. */
export const FLOODS: Readonly<Record<string, Bomb>> = {
  'an endless body': endless(Buffer.alloc(65_536, 'a')),
  'an endless list': json('[', '{"id":1},'),
  'an endless text in JSON': json('{"name":"', 'aaaaaaaa'),
  'a bomb in gzip': body(packed.gzip, { 'Content-Encoding': 'gzip' }),
  'a bomb in deflate': body(packed.deflate, { 'Content-Encoding': 'deflate' }),
  'a bomb in brotli': body(packed.br, { 'Content-Encoding': 'br' }),
  'a bomb in a bomb': body(packed.nested, { 'Content-Encoding': 'gzip, gzip' }),
  'deep JSON': body('['.repeat(5 * MIB)),
  'deep objects': body('{"a":'.repeat(MIB)),
  'JSON of many values': body(`[${'1,'.repeat(4 * MIB)}1]`),
  'a long text in JSON': body(`{"name":"${'a'.repeat(9 * MIB)}"}`),
  'a header of 10 MiB': raw(`${OK}X-A: `, 'a'.repeat(MIB)),
  'endless headers': raw(OK, 'X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(1_000)),
  'an endless chunk extension': raw(`${OK}Transfer-Encoding: chunked\r\n\r\n5;a=`, 'a'.repeat(65_536)),
  'endless trailers': raw(
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`,
    'X-A: a\r\n'.repeat(4_000),
  ),
  'endless redirects': (response) =>
    void response.writeHead(302, { Location: `/next-${performance.now()}` }).end(),
  'a body shorter than its length': (response) =>
    void response.writeHead(200, { 'Content-Length': '100' }).write('{}', () => response.socket?.destroy()),
  'a body longer than its length': raw(`${OK}Content-Length: 2\r\n\r\n{}`, 'a'.repeat(65_536)),
  'a negative length': raw(`${OK}Content-Length: -1\r\n\r\n{}`),
  'two lengths': raw(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
};

/** They end by their time. */
export const SLOW: Readonly<Record<string, Bomb>> = {
  'no answer': () => undefined,
  'no end of the headers': raw(OK, 'X-A: a\r\n', 50),
  'a byte now and then': raw(`${OK}Content-Length: 1000000\r\n\r\n`, ' ', 50),
  'a flood of 100 Continue': raw('', 'HTTP/1.1 100 Continue\r\n\r\n', 1),
  'a flood of 103 Early Hints': raw('', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 1),
};
