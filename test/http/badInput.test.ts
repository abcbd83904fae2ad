/** Input that every route refuses. The fields of single routes are tested beside the routes. */
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { integrationsPath, type TestTenant } from '../support/builders.ts';
import { expectProblem, fieldsOf } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withTenant } from '../support/stage.ts';

let server: TestServer;
let tenant: TestTenant;
withTenant((stage) => {
  ({ server, tenant } = stage);
});

/** Sends a body unchanged. */
function send(body: string | Buffer, headers: Record<string, string> = {}, path = '/api/v1/sites') {
  return supertest(server.url)
    .post(path)
    .set('Authorization', `Bearer ${tenant.owner.token}`)
    .set('Content-Type', 'application/json')
    .set(headers)
    .serialize((given: unknown) => given as string)
    .send(body);
}

const site = (name: string) => JSON.stringify({ name, url: 'https://a.example' });

describe('a body', () => {
  test('of 2 MiB is too large, with and without Content-Length', async () => {
    const large = site('a'.repeat(2 * 1024 * 1024));
    expectProblem(await send(large), 413, { code: 'too_large' });
    const before = await server.db.site.count();
    const answer = await fetch(`${server.url}/api/v1/sites`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tenant.owner.token}`, 'Content-Type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    });
    expect(answer.status).toBe(413);
    expect(await server.db.site.count()).toBe(before);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
  ])('of type %s is not read', async (type) => {
    expectProblem(await send(site('a'), { 'Content-Type': type }), 415, { code: 'unsupported_media_type' });
  });

  test('in another encoding than UTF-8, or with an unknown compression, is not read', async () => {
    expectProblem(await send(site('a'), { 'Content-Type': 'application/json; charset=koi8-r' }), 415);
    expectProblem(await send(site('a'), { 'Content-Encoding': 'compress' }), 415);
  });

  test.each(['gzip', 'deflate', 'br'])(
    'that is not compressed by %s as it says is refused',
    async (coding) => {
      const compressed = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[coding];
      const half = compressed?.(site('a'))?.subarray(0, 12) ?? '';
      for (const body of [site('a'), half]) {
        const answer = await send(body, { 'Content-Encoding': coding });
        expectProblem(answer, 400, { code: 'malformed_encoding' });
      }
    },
  );

  test.each(['utf-16', 'UTF-16LE', 'utf-32', '"utf-16"', 'utf-7', 'iso-8859-1', 'nonsense'])(
    'in the charset %s is not read, whatever its bytes',
    async (charset) => {
      const type = { 'Content-Type': `application/json; charset=${charset}` };
      const utf16 = Buffer.from(site('a'), 'utf16le');
      // Whole, an odd number of bytes, half a surrogate pair, and UTF-8 that is called something else.
      for (const body of [utf16, utf16.subarray(1), Buffer.from([0x00, 0xd8]), site('a')]) {
        for (const path of [
          '/api/v1/sites',
          '/api/v1/content',
          `/api/v1/sites/${tenant.site.siteId}/api-key`,
        ]) {
          expectProblem(await send(body, type, path), 415, { code: 'unsupported_media_type' });
        }
      }
    },
  );

  test('whose bytes are not UTF-8 is refused, and nothing is stored', async () => {
    const before = await server.db.site.count();
    const bytes = Buffer.from(site('Caf\u00e9'), 'latin1');
    expectProblem(await send(bytes), 400, { code: 'not_utf8' });
    expect(await server.db.site.count()).toBe(before);
  });

  test('of a JSON type with a parameter or a suffix is read', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'application/merge-patch+json',
    ]) {
      expect((await send(site('a'), { 'Content-Type': type })).status).toBe(201);
    }
  });

  test('that is missing is an error of its own', async () => {
    expectProblem(await server.as(tenant.owner).post('/api/v1/sites'), 400, { code: 'body_missing' });
    expectProblem(await send(''), 400, { code: 'body_missing' });
  });

  test.each([
    '{',
    '{"name":',
    "{'name':'a'}",
    '{"name":"a",}',
    'NaN',
    '\ufeff\ufeff{}',
    '{"a":1}{"b":2}',
    '\0',
  ])('that is not JSON (%j) is an error of its own', async (body) => {
    const answer = await send(body);
    expectProblem(answer, 400, { code: 'malformed_json' });
    expect(answer.body.detail).not.toContain(body);
  });

  test.each(['null', '[]', '"text"', '1', 'true', '[{"name":"a"}]'])(
    'that is %s instead of an object is refused',
    async (body) => {
      expectProblem(await send(body), 400, { code: 'invalid_input' });
    },
  );

  test('that breaks off causes no fault in the server', async () => {
    const { port } = new URL(server.url);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /api/v1/sites HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tenant.owner.token}\r\n` +
            'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name"',
          () => socket.destroy(),
        );
      });
      socket.once('close', () => resolve());
      socket.once('error', reject);
    });
    await server.anyone.get('/healthz').expect(200);
    expect(server.log.filter((line) => line.includes('fault of ours'))).toEqual([]);
  });

  test('with thousands of wrong fields below one long name names the first hundred, shortened', async () => {
    const name = 'n'.repeat(10_000);
    const wrong = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, '\0']));
    const answer = await send(JSON.stringify({ [name]: wrong }));
    expect(fieldsOf(answer)).toEqual(Array.from({ length: 100 }, () => 'n'.repeat(500)));
    const unknown = Array.from({ length: 2_000 }, (_, index) => [`${'u'.repeat(300)}${index}`, 1]);
    expect(fieldsOf(await send(JSON.stringify(Object.fromEntries(unknown))))).toEqual(
      expect.arrayContaining(['u'.repeat(200)]),
    );
  });

  test('that nests 100,000 deep is refused in any field, and the error names the field', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const objects = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    for (const nest of [deep, objects]) {
      expect(fieldsOf(await send(`{"name":${nest},"url":"https://a.example"}`))).toEqual(['name']);
      const body = `{"site_id":${tenant.site.siteId},"platform":"wordpress","config_json":{"x":${nest}}}`;
      const answer = await send(body, {}, integrationsPath);
      expectProblem(answer, 400, { fields: ['config_json'] });
      expectProblem(await send(nest), 400);
    }
    await server.anyone.get('/healthz').expect(200);
  });

  test.each([
    ['NUL', 'a\u0000b'],
    ['the first half of a surrogate pair', 'a\ud83d'],
    ['the second half', '\udc00a'],
    ['both in the wrong order', '\udc00\ud83d'],
  ])('with %s in a value or a name is refused, and the error names the field', async (_what, text) => {
    expectProblem(await send(JSON.stringify({ name: text, url: 'https://a.example' })), 400, {
      fields: ['name'],
    });
    const body = { site_id: 1, platform: 'wordpress', credentials_json: { [text]: 'x' } };
    expectProblem(await send(JSON.stringify(body), {}, integrationsPath), 400, {
      fields: ['credentials_json'],
    });
  });

  test('with whole surrogate pairs is stored unchanged', async () => {
    const answer = await send(site('Café 😀 \u202e'));
    expect(answer.status).toBe(201);
    const row = await server.db.site.findUnique({ where: { id: answer.body.id } });
    expect(row?.name).toBe('Café 😀 \u202e');
  });

  test('cannot reach the prototype of any object', async () => {
    for (const body of [
      '{"name":"a","url":"https://a.example","__proto__":{"is_active":false}}',
      '{"name":"a","url":"https://a.example","constructor":{"prototype":{"polluted":1}}}',
    ]) {
      const answer = await send(body);
      expect([201, 400]).toContain(answer.status);
    }
    expect('polluted' in {}).toBe(false);
    expect('is_active' in {}).toBe(false);
  });
});

describe('a path', () => {
  test.each([
    '/api/v1/nothing',
    '/',
    '/api',
    '/api/v1/sites/1/2',
    `${integrationsPath}/1/nothing`,
    '/docs/../package.json',
    '/.env',
  ])('%s that does not exist is a 404 for everyone', async (path) => {
    expectProblem(await server.anyone.get(path), 404, { code: 'not_found' });
    expectProblem(await server.as(tenant.owner).post(path, {}), 404, { code: 'not_found' });
  });

  test.each(['/%zz', '/api/v1/sites/%E0%A4%A'])(
    '%s that cannot be decoded is a 400 or a 404',
    async (path) => {
      const answer = await server.as(tenant.owner).get(path);
      expect([400, 404]).toContain(answer.status);
      expectProblem(answer, answer.status);
    },
  );

  test('answers OPTIONS with its methods', async () => {
    const answer = await supertest(server.url).options(`${integrationsPath}/1`);
    expect(answer.status).toBe(204);
    expect(answer.headers.allow?.split(', ').sort()).toEqual([
      'DELETE',
      'GET',
      'HEAD',
      'OPTIONS',
      'PATCH',
      'PUT',
    ]);
  });

  test('answers HEAD as GET, without the body', async () => {
    const answer = await supertest(server.url)
      .head('/api/v1/sites')
      .set('Authorization', `Bearer ${tenant.owner.token}`);
    expect(answer.status).toBe(200);
    expect(answer.text).toBeUndefined();
  });

  test('answers in full to a client that asks for a change since any state', async () => {
    const answer = await server.as(tenant.owner).get('/api/v1/sites').set('If-None-Match', '*');
    expect(answer.status).toBe(200);
    expect(answer.body.count).toBeGreaterThan(0);
  });
});

describe('the Host header', () => {
  /** Sends a request unchanged. Returns the status line and the body. */
  async function raw(path: string, host: string): Promise<string> {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${tenant.owner.token}\r\nConnection: close\r\n\r\n`,
    );
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }

  test.each(['', '[', 'a b', 'http://x', 'a:99999', '%00', '@', '?#'])(
    '"%s" breaks no list',
    async (host) => {
      for (let i = 0; i < 2; i += 1) await send(site('a')).expect(201);
      const answer = await raw('/api/v1/sites?page_size=1&page=2', host);
      expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /);
      if (answer.includes(' 200 ')) expect(answer).toMatch(/"next":"http:\/\/[^"]*page=3"/);
    },
  );
});

test('no input of this file made the server answer 500', () => {
  expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});
