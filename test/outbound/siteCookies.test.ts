import { afterAll, describe, expect, it } from '@jest/globals';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import { SiteCookies } from '../../src/outbound/siteCookies.ts';
import { serveLoopback } from './loopbackServer.ts';

const HOME = new URL('https://www.example.com/a');

describe('the cookies of a site', () => {
  it('are those that it set for itself, with their path and their end', () => {
    const cookies = new SiteCookies(HOME.origin);
    expect(
      cookies.take(HOME, ['a=1; Path=/; HttpOnly; Secure', 'b=2; Domain=example.com', 'c=3; Path=/b']),
    ).toBe(true);
    expect(cookies.headerFor(HOME)).toBe('a=1; b=2');
    expect(cookies.take(HOME, ['a=1; Path=/; Secure'])).toBe(false);
    expect(cookies.take(HOME, ['b=; Domain=example.com; Max-Age=0'])).toBe(true);
    expect(cookies.headerFor(HOME)).toBe('a=1');
  });

  it.each([
    ['of another domain', 'a=1; Domain=example.org'],
    ['of a domain below', 'a=1; Domain=x.www.example.com'],
    ['of 100 KB', `a=${'x'.repeat(100_000)}`],
    ['of another path', 'a=1; Path=/other'],
    ['that is none', ';;;'],
    ['with a control character', 'a=\u0001'],
  ])('leave out a cookie %s', (_, text) => {
    const cookies = new SiteCookies(HOME.origin);
    expect(cookies.take(HOME, [text])).toBe(false);
    expect(cookies.headerFor(HOME)).toBeNull();
  });

  it('are at most 50, of at most 8 KiB in all', () => {
    const cookies = new SiteCookies(HOME.origin);
    for (let index = 0; index < 1_000; index += 1) cookies.take(HOME, [`n${index}=1`]);
    expect(cookies.headerFor(HOME)?.split('; ')).toHaveLength(50);
    expect(cookies.take(HOME, ['n0=2'])).toBe(true);
    const large = new SiteCookies(HOME.origin);
    for (const name of ['a', 'b', 'c']) large.take(HOME, [`${name}=${'x'.repeat(4_000)}`]);
    expect(large.headerFor(HOME)).toBeNull();
  });

  it('go to no other origin, and come from none', () => {
    const cookies = new SiteCookies(HOME.origin);
    cookies.take(HOME, ['a=1; Domain=example.com']);
    for (const other of [
      'http://www.example.com/a',
      'https://example.com/a',
      'https://www.example.com:8443/a',
    ]) {
      expect(cookies.headerFor(new URL(other))).toBeNull();
      expect(cookies.take(new URL(other), ['b=1; Domain=example.com'])).toBe(false);
    }
    expect(cookies.headerFor(HOME)).toBe('a=1');
  });
});

describe('a guard that sets a cookie and redirects to the same address', () => {
  const client = new OutboundClient({ allow: ['127.0.0.0/8'] });
  afterAll(() => client.close());

  async function walled(status: number, setCookie: string | string[]) {
    return serveLoopback((request, response) => {
      if (request.headers.cookie?.includes('guard=1')) return response.end('in');
      response.writeHead(status, { Location: request.url ?? '/', 'Set-Cookie': setCookie }).end();
      return response;
    });
  }

  it.each(['same_origin', 'none'] as const)('lets a read pass, with redirects %s', async (redirects) => {
    const server = await walled(302, [
      'other=2; Domain=example.com',
      `big=${'x'.repeat(100_000)}`,
      'guard=1',
    ]);
    const cookies = new SiteCookies(server.url);
    const ask = () => client.request({ url: `${server.url}/x?y=1`, redirects, cookies });
    expect(await ask()).toMatchObject({ status: 200, body: Buffer.from('in') });
    expect(await ask()).toMatchObject({ status: 200 });
    expect(server.seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'guard=1', 'guard=1']);
    await server.stop();
  });

  it('is not met with a write that might be carried out twice, but the next one passes', async () => {
    const server = await walled(302, 'guard=1');
    const cookies = new SiteCookies(server.url);
    const write = () =>
      client.request({ method: 'POST', url: server.url, body: 'x', redirects: 'none', cookies });
    await expect(write()).rejects.toMatchObject({ code: 'bot_challenge', retryable: true });
    expect(await write()).toMatchObject({ status: 200 });
    await server.stop();
  });

  it('gets a write again if its status says so', async () => {
    const server = await walled(307, 'guard=1');
    const cookies = new SiteCookies(server.url);
    const url = server.url;
    expect(
      await client.request({ method: 'POST', url, body: 'x', redirects: 'none', cookies }),
    ).toMatchObject({
      status: 200,
    });
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'POST']);
    await server.stop();
  });

  it('ends the request if its cookie changes nothing', async () => {
    let count = 0;
    const server = await serveLoopback((request, response) => {
      count += 1;
      response.writeHead(302, { Location: request.url ?? '/', 'Set-Cookie': `n=${count}` }).end();
    });
    const cookies = new SiteCookies(server.url);
    await expect(client.request({ url: server.url, cookies })).rejects.toMatchObject({
      code: 'redirect',
      toItself: true,
    });
    expect(count).toBe(6);
    await server.stop();
  });
});
