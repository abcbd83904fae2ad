/** A hostile site that sends back what it was told, wherever an answer has a place for it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** The ways of sending a text back. */
export const ECHOES = {
  error: (response: ServerResponse, said: string) =>
    json(response, 400, {
      code: said,
      message: said,
      data: { status: 400, params: { a: said } },
      error: said,
    }),
  refusal: (response: ServerResponse, said: string) =>
    json(response, 403, { code: 'rest_forbidden', message: said, error_description: said, errors: said }),
  unauthorized: (response: ServerResponse, said: string) =>
    json(response, 401, { code: said.slice(0, 90), message: `Wrong: ${said}`, errors: [{ message: said }] }),
  failure: (response: ServerResponse, said: string) =>
    json(response, 500, {
      code: said,
      message: said,
      errors: [{ message: said, extensions: { code: said } }],
    }),
  success: (response: ServerResponse, said: string) =>
    json(response, 200, {
      name: said,
      home: `http://site.example/${encodeURIComponent(said)}`,
      namespaces: ['wp/v2', said],
      errors: [{ message: said, extensions: { code: said, requiredAccess: said } }],
      code: said,
      message: said,
      data: { status: 400 },
    }),
  page: (response: ServerResponse, said: string) =>
    void response
      .writeHead(200, { 'Content-Type': 'text/html', Server: ascii(said), 'X-Cache': ascii(said) })
      .end(`<html><title>${said}</title><meta name="generator" content="WordPress ${said}">${said}</html>`),
  redirect: (response: ServerResponse, said: string) =>
    void response
      .writeHead(302, {
        Location: `https://elsewhere.example/${encodeURIComponent(said)}?${encodeURIComponent(said)}`,
      })
      .end(),
  redirectHost: (response: ServerResponse, said: string) =>
    void response
      .writeHead(301, { Location: `https://${said.replace(/\W/g, '').slice(0, 60)}.example/` })
      .end(),
  header: (response: ServerResponse, said: string) =>
    void response
      .writeHead(503, {
        'WWW-Authenticate': `Basic realm="${ascii(said)}"`,
        'Retry-After': ascii(said),
        Link: `<${ascii(said)}>; rel="next"`,
      })
      .end(said),
} as const;

export type EchoName = keyof typeof ECHOES;

/** Everything secret-looking that a request carries, each by itself: headers, parameters, the body, decoded too. */
export async function saidBy(request: IncomingMessage): Promise<string[]> {
  const { headers } = request;
  const body = await text(request);
  const authorization = headers.authorization ?? '';
  const [, basic = ''] = /^Basic (\S+)$/.exec(authorization) ?? [];
  const [, password = ''] = Buffer.from(basic, 'base64').toString().split(/:(.*)/s);
  const own = Object.entries(headers)
    .filter(([name]) => /^x-|token|key/.test(name))
    .map(([, value]) => String(value));
  const query = [...new URL(request.url ?? '/', 'http://a').searchParams.values()];
  const form = headers['content-type']?.includes('urlencoded') ? [...new URLSearchParams(body).values()] : [];
  const bearer = authorization.replace(/^Bearer /, '');
  return [password, bearer, authorization, ...own, ...query, ...form].filter((each) => each.length >= 16);
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** A header is one line of ASCII. */
function ascii(said: string): string {
  return said.replace(/[^ -~]/g, ' ');
}
