/** Sends bytes to a server, and reads the response. Clients correct or refuse what an attacker sends. */
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** The headers, with names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

/** How long a server may be silent before the exchange counts as hanging. Milliseconds. */
const longestSilence = 20_000;

/**
 * Sends the bytes, then ends the sending side with `isEnd`. Returns the final response; null when the server closes
 * the connection without a whole response. The request must ask for `Connection: close`.
 */
export async function rawRequest(
  url: string,
  bytes: Buffer,
  { isEnd = false } = {},
): Promise<RawAnswer | null> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const finish = (answer: RawAnswer | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(longestSilence, () => {
      socket.destroy();
      reject(new Error(`The server is silent after ${bytes.subarray(0, 500).toString('latin1')}`));
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const answer = parseAnswer(Buffer.concat(chunks), false);
      if (answer !== null) finish(answer);
    });
    socket.on('end', () => finish(parseAnswer(Buffer.concat(chunks), true)));
    // The server may close a connection whose request it does not read to the end.
    socket.on('error', () => finish(parseAnswer(Buffer.concat(chunks), true)));
    socket.on('connect', () => {
      if (isEnd) socket.end(bytes);
      else socket.write(bytes);
    });
  });
}

/** Reads a whole response; null while bytes are missing. `isEnded`: no more bytes will come. */
function parseAnswer(bytes: Buffer, isEnded: boolean): RawAnswer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const rest = bytes.subarray(end + 4);
  if (status < 200) return parseAnswer(rest, isEnded);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (rest.length >= length) return { status, headers, body: rest.subarray(0, length) };
  return isEnded ? { status, headers, body: rest } : null;
}

/** The bytes of a request. Header values are sent byte by byte, as Latin-1. */
export function requestBytes(
  method: string,
  target: string,
  headers: readonly (readonly [string, string])[],
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const head = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
