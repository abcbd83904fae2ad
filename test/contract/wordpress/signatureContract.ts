import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { SERVER_ID } from '../../support/identity.ts';
import { type ContractClient, idsOf, type JsonAnswer, unique } from './contractSite.ts';

const PING = '/sitebridge/v1/ping';

/** What a test changes about a signed request. */
interface Changes {
  /** The query in the order and the encoding of the signature; the query that is sent by default. */
  params?: string;
  names?: string;
  query?: string;
  body?: string;
  sentBody?: string;
  sentMethod?: string;
  route?: string;
  sentRoute?: string;
  key?: string;
  version?: 'v1' | 'v2';
  headers?: Record<string, string>;
}

const refusal = z.object({
  code: z.literal('sitebridge_bad_signature'),
  key: z.string(),
  seen: z.strictObject({
    method: z.string(),
    route: z.string(),
    params: z.string(),
    body_sha256: z.string(),
  }),
});

/** How the connector reads a signature. It is made here by the contract's own words, not by our code. */
export function describeSignatures(client: () => ContractClient): void {
  function sha256(text: string): string {
    return createHash('sha256').update(text).digest('hex');
  }

  async function send(method: string, changes: Changes = {}): Promise<JsonAnswer> {
    const { site } = client();
    const { route = PING, query = '', body = '', version = 'v2', key = site.siteKey } = changes;
    const url = new URL(client().url(changes.sentRoute ?? route, query));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const nonce = randomBytes(8).toString('hex');
    const meaning = version === 'v1' ? [url.pathname + url.search] : [route, changes.params ?? query];
    const signed = [method, ...meaning, timestamp, nonce, sha256(body)].join('\n');
    const names =
      changes.names ??
      [...new URLSearchParams(changes.params ?? query).keys()].map(encodeURIComponent).join();
    const sentBody = changes.sentBody ?? body;
    const answer = await fetch(url, {
      method: changes.sentMethod ?? method,
      headers: {
        'X-Sitebridge-Server': SERVER_ID,
        'X-Sitebridge-Site': String(site.siteId),
        'X-Sitebridge-Timestamp': timestamp,
        'X-Sitebridge-Nonce': nonce,
        ...(version === 'v2' && names !== '' ? { 'X-Sitebridge-Params': names } : {}),
        'X-Sitebridge-Signature': `${version}=${createHmac('sha256', key).update(signed).digest('hex')}`,
        ...(sentBody === '' ? {} : { 'Content-Type': 'application/json' }),
        ...changes.headers,
      },
      ...(sentBody === '' ? {} : { body: sentBody }),
    });
    return { status: answer.status, headers: answer.headers, json: await answer.json() };
  }

  /** Sends a request that must be refused. Returns what the connector says about it. */
  async function refused(method: string, changes: Changes) {
    const { status, json } = await send(method, changes);
    expect(status).toBe(401);
    return refusal.parse(json);
  }

  const posts = { route: '/wp/v2/posts', params: '_fields=id&context=edit&per_page=2' };

  describe('a signature v2', () => {
    it('covers the named parameters, however they are sorted and encoded', async () => {
      const { json } = await send('GET', { ...posts, query: posts.params });
      const sorted = await send('GET', { ...posts, query: 'per_page=2&context=edit&_fields=id' });
      const encoded = await send('GET', { ...posts, query: '%70er_page=%32&context=edit&&_fields=id' });
      expect(idsOf({ ...sorted })).toEqual(idsOf({ ...sorted, json }));
      expect(encoded.json).toEqual(json);
      expect(idsOf(sorted)).toHaveLength(2);
    });

    it('reads a space as + and as %20, letters beyond ASCII, and names with brackets', async () => {
      const word = unique('ä');
      const { id } = await client().createPost({ title: `grüne ${word} wiese`, status: 'publish' });
      const params = `_fields=id&context=edit&include%5B%5D=${id}&search=gr%C3%BCne%20${encodeURIComponent(word)}`;
      for (const query of [params, params.replace('%20', '+').replaceAll('%5B%5D', '[]')]) {
        for (const names of [
          undefined,
          '_fields,context,include[],search',
          ' search , include%5B%5D,context,_fields',
        ]) {
          const answer = await send('GET', {
            route: '/wp/v2/posts',
            params,
            query,
            ...(names === undefined ? {} : { names }),
          });
          expect(idsOf(answer)).toEqual([id]);
        }
      }
    });

    it('has doubled parameters in one order, whichever order they arrive in', async () => {
      const made = [await client().createPost({ title: 'one' }), await client().createPost({ title: 'two' })];
      const [first = 0, second = 0] = made.map(({ id }) => id);
      const params = `_fields=id&context=edit&include=${first}&include=${second}&status=any`;
      for (const query of [params, `include=${second}&include=${first}&status=any&context=edit&_fields=id`]) {
        expect(idsOf(await send('GET', { route: '/wp/v2/posts', params, query }))).toEqual([second]);
      }
      const seen = await refused('GET', {
        route: '/wp/v2/posts',
        params,
        query: `${params}&include=${second}`,
      });
      expect(seen.seen.params).toContain(`include=${second}&include=${second}`);
    });

    it.each([
      'utm=1',
      '_fields=id',
      '_embed=1',
      '_envelope=1',
      '_jsonp=call',
      '_method=DELETE',
      'context=view',
      'per_page=1',
      'status=trash',
      'a[b]=1',
      'customize_changeset_uuid=1',
      '%20include=1',
      'rest_route[]=/wp/v2/users',
    ])('takes away the parameter %s, which it does not name', async (added) => {
      const answer = await send('GET', { query: added, names: '', params: '' });
      expect(answer).toMatchObject({ status: 200, json: { ok: true } });
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      const route = '/wp/v2/posts';
      const bare = await send('GET', { route });
      const listed = await send('GET', { route, query: added, names: '', params: '' });
      expect(Object.keys(z.array(z.record(z.string(), z.unknown())).parse(listed.json)[0] ?? {})).toEqual(
        Object.keys(z.array(z.record(z.string(), z.unknown())).parse(bare.json)[0] ?? {}),
      );
      expect(idsOf(listed)).toEqual(idsOf(bare));
    });

    it.each([
      ['a parameter', '_method=DELETE', {}],
      ['a named parameter', '_method=DELETE', { names: '_method', params: '_method=DELETE' }],
      ['a header', '', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }],
    ])('lets %s override no method', async (_, query, changes) => {
      const { id } = await client().createPost({ title: 'stays', status: 'draft' });
      const route = `/wp/v2/posts/${id}`;
      const body = JSON.stringify({ title: 'changed' });
      const answer = await send('POST', { route, body, names: '', params: '', ...changes, query });
      expect(answer).toMatchObject({ status: 200, json: { id } });
      expect((await client().readPost(id)).title.raw).toBe('changed');
    });

    it.each<[string, string, Changes]>([
      ['another parameter', 'GET', { ...posts, query: `${posts.params}0` }],
      ['a parameter less', 'GET', { ...posts, query: '_fields=id&context=edit' }],
      ['a name less', 'GET', { ...posts, query: posts.params, names: '_fields,context' }],
      ['another method', 'GET', { sentMethod: 'POST' }],
      ['another route', 'GET', { sentRoute: '/sitebridge/v1/structure' }],
      ['another body', 'POST', { route: '/wp/v2/posts', body: '{"title":"a"}', sentBody: '{"title":"b"}' }],
      ['no body', 'POST', { route: '/wp/v2/posts', body: '{"title":"a"}', sentBody: ' ' }],
      ['another key', 'GET', { key: 'sbk_other' }],
      ['an empty key', 'GET', { key: '' }],
      ['a target as v1 has it', 'GET', { params: '', version: 'v1', headers: { 'X-Sitebridge-Nonce': 'x' } }],
    ])('is refused for %s', async (_, method, changes) => {
      await refused(method, changes);
    });

    it('never names the route itself', async () => {
      const answer = await send('GET', { names: 'rest_route', params: '' });
      expect(answer).toMatchObject({ status: 200, json: { ok: true } });
    });

    it('is accepted once', async () => {
      const headers = { 'X-Sitebridge-Nonce': 'once' };
      await refused('GET', { headers });
      const { site } = client();
      const timestamp = String(Math.floor(Date.now() / 1000));
      const nonce = randomBytes(8).toString('hex');
      const signed = ['GET', PING, '', timestamp, nonce, sha256('')].join('\n');
      const signature = createHmac('sha256', site.siteKey).update(signed).digest('hex');
      const same = {
        'X-Sitebridge-Site': String(site.siteId),
        'X-Sitebridge-Timestamp': timestamp,
        'X-Sitebridge-Nonce': nonce,
        'X-Sitebridge-Signature': `v2=${signature}`,
      };
      const codes = [];
      for (const query of ['', 'utm=2']) {
        codes.push((await fetch(client().url(PING, query), { headers: same })).status);
      }
      expect(codes).toEqual([200, 401]);
    });
  });

  describe('a refusal', () => {
    it('shows a fingerprint of the key and the request that arrived', async () => {
      const body = '{"title":"a"}';
      const { key, seen } = await refused('POST', {
        route: '/wp/v2/posts',
        query: 'b=1&a=%C3%A4+b&utm=1',
        params: 'a=%C3%A4%20b&b=1',
        body,
        sentBody: `${body} `,
      });
      const { siteKey } = client().site;
      expect(key).toBe(createHmac('sha256', siteKey).update('sitebridge key').digest('hex').slice(0, 8));
      expect(seen).toEqual({
        method: 'POST',
        route: '/wp/v2/posts',
        params: 'a=%C3%A4%20b&b=1',
        body_sha256: sha256(`${body} `),
      });
      expect(JSON.stringify(seen)).not.toContain(siteKey);
    });

    it('has a bound', async () => {
      const query = `a=${'x'.repeat(3_000)}`;
      const { seen } = await refused('GET', { query, params: 'a=', names: 'a' });
      expect(seen.params).toBe(query.slice(0, 2_000));
    });

    it('shows nothing to an unsigned request, but the signatures that are known', async () => {
      const { json } = await client().get(PING, '', 'nobody');
      expect(json).toMatchObject({
        code: 'sitebridge_signature_missing',
        data: { signatures: ['v1', 'v2'] },
      });
      expect(json).not.toHaveProperty('key');
      expect(json).not.toHaveProperty('data.key');
    });
  });

  describe('a signature v1 of an older server', () => {
    it('is accepted, by GET, POST and PUT', async () => {
      expect(await send('GET', { version: 'v1' })).toMatchObject({ status: 200, json: { ok: true } });
      const made = await send('POST', { version: 'v1', route: '/wp/v2/posts', body: '{"title":"old"}' });
      const { id } = z.object({ id: z.int() }).parse(made.json);
      const route = `/wp/v2/posts/${id}`;
      expect(await send('PUT', { version: 'v1', route, body: '{"title":"older"}' })).toMatchObject({
        status: 200,
        json: { title: { raw: 'older' } },
      });
    });

    it('covers the query as it was sent', async () => {
      const answer = await send('GET', {
        version: 'v1',
        route: '/wp/v2/posts',
        query: 'per_page=2&_fields=id',
      });
      expect(idsOf(answer)).toHaveLength(2);
    });
  });
}
