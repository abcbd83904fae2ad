import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A server that answers for a site from memory. */
export interface MemoryReplay {
  url: string;
  stop(): Promise<void>;
}

interface Remembered {
  status: number;
  headers: [string, string][];
  body: Buffer;
}

/**
 * Starts a proxy in front of a site that remembers the site's response to each GET. The second time, the
 * proxy answers at once, without the site. So a bench measures the client and not the site. The site's URLs
 * in responses are replaced by those of the proxy.
 */
export async function startMemoryReplay(site: string): Promise<MemoryReplay> {
  const remembered = new Map<string, Remembered>();
  let url = '';
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url: target = '/' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const known = method === 'GET' ? remembered.get(target) : undefined;
    const found = known ?? (await ask(site, url, request, Buffer.concat(chunks)));
    if (method === 'GET' && found.status === 200) remembered.set(target, found);
    response.writeHead(found.status, found.headers.flat());
    response.end(found.body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      process.stderr.write(`${error}\n`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function ask(site: string, own: string, request: IncomingMessage, body: Buffer): Promise<Remembered> {
  const { method = 'GET', url: target = '/', rawHeaders } = request;
  const sent = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!/^(host|connection|content-length|accept-encoding)$/i.test(name)) sent.append(name, value);
  }
  const answer = await fetch(site + target, {
    method,
    headers: sent,
    redirect: 'manual',
    ...(body.length > 0 ? { body } : {}),
  });
  const withOwn = (text: string) =>
    text.replaceAll(site, own).replaceAll(site.replaceAll('/', '\\/'), own.replaceAll('/', '\\/'));
  const text = Buffer.from(withOwn(await answer.text()));
  const headers = [...answer.headers]
    .filter(([name]) => !/^(date|connection|keep-alive|transfer-encoding|content-length)$/.test(name))
    .map(([name, value]): [string, string] => [name, withOwn(value)]);
  return {
    status: answer.status,
    headers: [...headers, ['content-length', String(text.length)]],
    body: text,
  };
}
