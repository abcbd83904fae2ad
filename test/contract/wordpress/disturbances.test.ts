import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { DisturbanceName } from '../../../src/simulation/wordpress/disturbances.ts';
import { seededRandom } from '../../../src/simulation/wordpress/seededRandom.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';

/** The faults of the simulation: each has its effect, as often as it was requested. */

const siteKey = `sbk_${'k'.repeat(43)}`;
const authorization = `Basic ${Buffer.from('editor:abcdefghijklmnopqrstuvwx').toString('base64')}`;
const titled = z.array(z.object({ id: z.int().optional(), title: z.object({ raw: z.string() }) }));

let site: SimulatedWordpress;
beforeAll(async () => {
  site = await startSimulatedWordpress({ siteId: 7, siteKey });
});
afterEach(() => site.calm());
afterAll(() => site.stop());

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${site.url}/wp-json/wp/v2/${path}`, {
    ...init,
    headers: { authorization, 'Content-Type': 'application/json' },
  });
}
const create = (title: string) =>
  ask('posts', { method: 'POST', body: JSON.stringify({ title, status: 'publish' }) });
const titles = () => site.state.posts.map((post) => post.title);
const list = (query = '') => ask(`posts?context=edit&orderby=id&order=asc&per_page=2${query}`);

describe('a disturbed write', () => {
  it.each<[DisturbanceName, number, boolean]>([
    ['error_before', 500, false],
    ['error_after', 500, true],
    ['too_many_requests', 429, false],
    ['html', 200, false],
  ])('%s answers %i; stored: %s', async (fault, status, stored) => {
    const title = `Written through ${fault}`;
    site.disturb({ fault, times: 1, retryAfterS: 7 });
    const answer = await create(title);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(fault === 'too_many_requests' ? '7' : null);
    expect(titles().includes(title)).toBe(stored);
    expect((await create(`${title}, again`)).status).toBe(201);
  });

  it.each<[DisturbanceName, boolean]>([
    ['dropped_before', false],
    ['dropped_after', true],
  ])('%s breaks the connection; stored: %s', async (fault, stored) => {
    const title = `Written through ${fault}`;
    site.disturb({ fault, times: 1 });
    await expect(create(title)).rejects.toThrow('fetch failed');
    expect(titles().includes(title)).toBe(stored);
  });

  it('with truncated JSON is stored', async () => {
    site.disturb({ fault: 'truncated', times: 1 });
    const answer = await create('Written through truncated');
    expect(answer.status).toBe(201);
    await expect(answer.json()).rejects.toThrow();
    expect(titles()).toContain('Written through truncated');
  });
});

describe('a disturbed response', () => {
  it('takes its time when it is slow', async () => {
    site.disturb({ fault: 'latency', ms: 200, times: 1 });
    const begun = performance.now();
    await list();
    expect(performance.now() - begun).toBeGreaterThan(190);
  });

  it('goes on until the reader leaves when it is endless', async () => {
    site.disturb({ fault: 'endless', times: 1 });
    const reading = new AbortController();
    const answer = await ask('posts', { signal: reading.signal });
    let length = 0;
    if (answer.body === null) throw new Error('There is no body.');
    for await (const chunk of answer.body) {
      length += z.instanceof(Uint8Array).parse(chunk).length;
      if (length > 5_000_000) break;
    }
    expect(length).toBeGreaterThan(5_000_000);
  });

  it('has malformed items', async () => {
    site.disturb({ fault: 'item_without_id', times: 1 });
    const [nameless, next] = titled.parse(await (await list()).json());
    expect(nameless).not.toHaveProperty('id');
    expect(next).toHaveProperty('id');

    site.disturb({ fault: 'item_year_0000', times: 1 });
    expect(await (await list()).json()).toMatchObject([{ modified_gmt: '0000-00-00T00:00:00' }, {}]);

    site.disturb({ fault: 'item_bad_text', times: 1 });
    const bytes = Buffer.from(await (await list()).arrayBuffer());
    expect(bytes.includes(0xff)).toBe(true);
    const [bad] = titled.parse(JSON.parse(bytes.toString('utf8')));
    expect(bad?.title.raw).toMatch(/a NUL \0, half a pair \ud800, no UTF-8 \ufffd/);

    site.disturb({ fault: 'term_loop', times: 1 });
    const terms = z.array(z.object({ id: z.int(), parent: z.int() }));
    const [loop] = terms.parse(await (await ask('categories')).json());
    expect(loop?.parent).toBe(loop?.id);
  });

  it('has pages that shift between two requests', async () => {
    const ids = async (query: string) => titled.parse(await (await list(query)).json()).map(({ id }) => id);
    const [, , third, fourth] = [...(await ids('')), ...(await ids('&page=2'))];
    site.disturb({ fault: 'page_shrinks', times: 1 });
    // The item that was third is now second, on a page that the reader already has.
    expect((await ids('&page=2'))[0]).toBe(fourth);
    expect((await ids(''))[1]).toBe(third);

    const before = site.state.posts.length;
    site.disturb({ fault: 'page_grows', times: 1 });
    await list('&page=2');
    expect(site.state.posts).toHaveLength(before + 1);
  });
});

describe('disturbances', () => {
  const statuses = async (count: number) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i += 1) seen.push((await list()).status);
    return seen;
  };

  it('spare some requests, and affect only as many as set, of the kind that was set', async () => {
    site.disturb({
      fault: 'error_before',
      skip: 1,
      times: 2,
      when: ({ target }) => target.includes('orderby=id'),
    });
    expect((await ask('categories')).status).toBe(200);
    expect(await statuses(5)).toEqual([200, 500, 500, 200, 200]);
  });

  it('come at a rate, in the same order with the same seed', async () => {
    const run = async (seed: number) => {
      site.calm();
      site.disturb({ fault: 'error_before', rate: { probability: 0.5, random: seededRandom(seed) } });
      return await statuses(40);
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    expect(first.filter((status) => status === 500).length).toBeGreaterThan(8);
    expect(first.filter((status) => status === 200).length).toBeGreaterThan(8);
  });
});

describe('webhooks of the simulation', () => {
  const received: Array<{ id: string | undefined; topic: string; body: Record<string, unknown> }> = [];
  let answerStatus = 202;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const headers = z.record(z.string(), z.string()).parse(request.headers);
      new Webhook(siteKey, { format: 'raw' }).verify(body, headers);
      const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(body));
      received.push({
        id: headers['webhook-id'],
        topic: (request.url ?? '').split('/').at(-1) ?? '',
        body: parsed,
      });
      response.writeHead(answerStatus, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  let serverUrl = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    serverUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  afterAll(() => void server.close());

  const deliver = async () => {
    received.length = 0;
    await site.deliverWebhooks({ serverUrl });
    return received.map(({ topic, body }) => [topic, body.status ?? body.title]);
  };

  it('report each change, once for each post and topic', async () => {
    await deliver();
    const post = site.editor.create('post', { title: 'One', status: 'publish' });
    site.editor.edit(post.id, { title: 'Two' });
    site.editor.setTerms(post.id, 'category', [2]);
    site.editor.trash(post.id);
    site.editor.untrash(post.id);
    site.editor.delete(post.id);
    site.editor.create('attachment', { title: 'not told' });
    expect(await deliver()).toEqual([
      ['status', 'publish'],
      ['metadata', 'One'],
      ['metadata', 'Two'],
      ['metadata', 'Two'],
      ['status', 'trash'],
      ['status', 'publish'],
      ['metadata', 'Two'],
      ['status', 'deleted'],
    ]);
    expect(await deliver()).toEqual([]);
  });

  it('are retried with the same id until they are accepted', async () => {
    site.editor.create('page', { title: 'Waits', status: 'publish' });
    answerStatus = 503;
    await deliver();
    const [refused] = received;
    answerStatus = 202;
    expect(await deliver()).toHaveLength(2);
    expect(received[0]?.id).toBe(refused?.id);
  });

  it('come twice when the test asks for that', async () => {
    site.editor.create('page', { title: 'Twice', status: 'publish' });
    site.disturb({ fault: 'duplicate_webhook', times: 1 });
    await deliver();
    const [first, second, third] = received.map(({ id }) => id);
    expect(received).toHaveLength(3);
    expect([first === second, second === third]).toEqual([true, false]);
  });
});

describe('the clock of the simulation', () => {
  it('dates posts with its own hours and time zone', async () => {
    let now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const other = await startSimulatedWordpress({ siteId: 7, now: () => now });
    const post = other.editor.create('post', { title: 'x', status: 'publish' });
    expect(post.modified_gmt).toBe('2026-01-02T03:04:05');
    now += 1000;
    other.clock.offsetMs = -5 * 3_600_000;
    other.clock.gmtOffset = 2;
    expect(other.editor.edit(post.id, {}).modified_gmt).toBe('2026-01-01T22:04:06');
    const answer = await fetch(`${other.url}/wp-json/wp/v2/posts/${post.id}`, { headers: { authorization } });
    expect(await answer.json()).toMatchObject({
      modified: '2026-01-02T00:04:06',
      modified_gmt: '2026-01-01T22:04:06',
    });
    await other.stop();
  });
});
