import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/platforms/connection.ts';
import { EXPLANATIONS } from '../../../src/platforms/custom/explanations.ts';
import { describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import type { ApiFault } from '../../../src/simulation/custom/faults.ts';
import {
  API_SECRET,
  type SimulatedApi,
  startSimulatedApi,
} from '../../../src/simulation/custom/simulatedApi.ts';
import { closedPort, serveBytes, serveLoopback } from '../../outbound/loopbackServer.ts';
import { connectionTo, testPlatform } from './testApi.ts';

let api: SimulatedApi;
const { platform, close } = testPlatform();
const cleanups: Array<() => unknown> = [];

beforeAll(async () => {
  api = await startSimulatedApi();
});
afterEach(async () => {
  api.clearFaults();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(async () => {
  close();
  await api.stop();
});

const test = (config: JsonObject) => platform.testConnection(connectionTo(api, config));
/** The test of an API of which no content is described. */
const testBare = (config: JsonObject) => {
  const connection = connectionTo(api, config);
  const { content: _, ...bare } = connection.config;
  return platform.testConnection({ ...connection, config: bare });
};

describe('an API that works', () => {
  it.each(['none', 'bearer', 'header', 'basic', 'query'] as const)(
    'is connected with auth %s',
    async (auth) => {
      const other = await startSimulatedApi({ auth });
      cleanups.push(other.stop);
      const result = await platform.testConnection(connectionTo(other));
      expect(result).toMatchObject({
        success: true,
        code: 'ok',
        hint: '',
        stage: 'content',
        retryable: false,
      });
      expect(result.checks.map((check) => check.name)).toEqual([
        'address',
        'dns',
        'connect',
        'http',
        'status',
        'json',
        'pointer',
        'content',
      ]);
      expect(result.checks.every((check) => check.ok && check.ms >= 0)).toBe(true);
      if (auth === 'none') return;

      const wrong = Object.fromEntries(
        Object.entries(connectionTo(other).credentials).map(([name]) => [name, 'wrong-secret']),
      );
      const refused = await platform.testConnection(connectionTo(other, {}, wrong));
      expect(refused).toMatchObject({ success: false, code: 'unexpected_status', stage: 'status' });
      expect(refused.hint).toMatch(/credentials_json/);
      expect(JSON.stringify(refused)).not.toContain('wrong-secret');

      const missing = await platform.testConnection(connectionTo(other, {}, {}));
      expect(missing).toMatchObject({ success: false, code: 'missing_credentials', stage: 'address' });
    },
  );

  it('is tested with the described method and status, with and without a body', async () => {
    const { checks, ...result } = await test({ test: { method: 'HEAD', path: '/me' } });
    expect(result).toMatchObject({ code: 'ok', stage: 'content' });
    expect(checks.map(({ name }) => name)).not.toContain('pointer');
    expect(await test({ test: { path: '/nothing', expect_status: 404 } })).toMatchObject({ code: 'ok' });
    expect(await test({ test: { path: '/me', expect_json_pointer: '' } })).toMatchObject({ code: 'ok' });
  });

  it('may have a path and a trailing slash in its base URL', async () => {
    api.requests.length = 0;
    expect(await test({ base_url: `${api.url}/` })).toMatchObject({ code: 'ok' });
    expect(api.requests[0]?.target).toBe('/v1/me');
  });

  it('is tested also when the server stores a structure beside the description', async () => {
    expect(await test({ content_types: { post_types: {} } })).toMatchObject({ code: 'ok' });
  });
});

describe('an API that does not answer as described', () => {
  it.each([
    ['another status', { path: '/nothing' }, 'unexpected_status', 'status', /404/],
    [
      'a status that is not expected',
      { path: '/me', expect_status: 204 },
      'unexpected_status',
      'status',
      /204/,
    ],
    [
      'a wrong pointer',
      { path: '/me', expect_json_pointer: '/user/x' },
      'pointer_leads_nowhere',
      'pointer',
      /user\/x/,
    ],
  ])('%s', async (_, described, code, stage, message) => {
    const result = await test({ test: described });
    expect(result).toMatchObject({ success: false, code, stage, retryable: false });
    expect(result.message).toMatch(message);
    expect(result.hint).not.toBe('');
  });

  it.each([[{ path: '/me' }], [{ path: '/me', expect_json_pointer: '' }]])(
    'with a website instead of an API, for %j',
    async (described) => {
      api.setFault('html');
      expect(await test({ test: described })).toMatchObject({ code: 'not_json', stage: 'json' });
    },
  );

  it.each<[ApiFault, string, string, boolean, RegExp]>([
    ['gzip_unmarked', 'bad_encoding', 'json', false, /is compressed, but no header says so/],
    ['gzip_false', 'bad_encoding', 'http', false, /Content-Encoding/],
    ['body_cut_off', 'cut_off', 'json', true, /ends in the middle/],
  ])('with a body that something spoils (%s)', async (fault, code, stage, retryable, message) => {
    api.setFault(fault);
    const result = await test({});
    expect(result).toMatchObject({ success: false, code, stage, retryable });
    expect(result.message).toMatch(message);
  });

  it('with line breaks in the texts of its answers, which is told while the test passes', async () => {
    const dirty = await serveLoopback((_, response) => response.end('{"name":"Two\nlines"}'));
    cleanups.push(dirty.stop);
    const result = await testBare({ base_url: dirty.url, test: { path: '/', expect_json_pointer: '/name' } });
    expect(result).toMatchObject({ success: true, code: 'ok', stage: 'pointer' });
    expect(result.checks).toContainEqual(
      expect.objectContaining({ name: 'json', ok: true, code: 'dirty_json' }),
    );
  });

  it('with no value where a value is expected', async () => {
    const empty = await serveLoopback((_, response) => response.end());
    cleanups.push(empty.stop);
    const base = { base_url: empty.url };
    expect(await testBare({ ...base, test: { path: '/' } })).toMatchObject({ code: 'ok', stage: 'json' });
    expect(await testBare({ ...base, test: { path: '/', expect_json_pointer: '' } })).toMatchObject({
      code: 'not_json',
    });
  });

  it('with an error, or with a request to retry later', async () => {
    api.setFault('failing');
    expect(await test({})).toMatchObject({ code: 'unexpected_status', stage: 'status' });
    api.clearFaults();
    api.setFault('throttled_once');
    expect(await test({})).toMatchObject({ code: 'unexpected_status', retryable: true });
  });
});

describe('an API whose contents are described', () => {
  const described = describeApi({ url: '', auth: 'bearer', paging: 'page' }).content;
  const testContent = (change: object) =>
    test({ content: JSON.parse(JSON.stringify({ ...described, ...change })) });

  it.each<[string, object, ApiFault[], string, RegExp]>([
    ['a wrong path', { list: { ...described.list, path: '/posts' } }, [], 'not_found', /GET \/posts/],
    [
      'a wrong pointer to the items',
      { list: { ...described.list, items: '/data' } },
      [],
      'not_a_list',
      /\/data/,
    ],
    [
      'a wrong pointer to the id',
      { map: { ...described.map, external_id: '/key' } },
      [],
      'unreadable_items',
      /no id at \/key/,
    ],
    ['a wrong parameter of the page', {}, ['same_page'], 'endless_paging', /same page came twice/],
    [
      'a pointer to something else than the next page',
      { paging: { type: 'link', next: '/paging' } },
      [],
      'no_next_page',
      /\/paging/,
    ],
    ['a next page elsewhere', { paging: { type: 'link' } }, ['foreign_next'], 'foreign_link', /server/],
    ['a list that fails', {}, ['list_failing'], 'unreadable_items', /every item.*500/],
  ])('does not pass with %s, as a sync could not read it', async (_, change, apiFaults, code, message) => {
    api.setFault(...apiFaults);
    const result = await testContent(change);
    expect(result).toMatchObject({ success: false, code, stage: 'content' });
    expect(result.message).toMatch(message);
    expect(result.hint).not.toBe('');
    expect(result.checks.at(-1)).toMatchObject({ name: 'content', ok: false, code });
  });

  it.each([0, 1, 2, 5])('passes with %i items, after at most two pages', async (items) => {
    const other = await startSimulatedApi({ items });
    cleanups.push(other.stop);
    expect(await platform.testConnection(connectionTo(other))).toMatchObject({ success: true, code: 'ok' });
    const lists = other.requests.filter(({ target }) => target.startsWith('/v1/articles'));
    expect(lists.length).toBeGreaterThanOrEqual(1);
    expect(lists.length).toBeLessThanOrEqual(2);
    expect(other.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('passes if only some items cannot be read', async () => {
    api.setFault('no_id');
    expect(await test({})).toMatchObject({ success: true, code: 'ok' });
  });

  it.each(['gateway_timeout', 'cut', 'error'] as const)(
    'passes if a whole page is too much (%s), and tells that',
    async (by) => {
      const weak = await startSimulatedApi({ items: 30, pageSize: 10_000 });
      cleanups.push(weak.stop);
      weak.weaken({ by, mostItems: 4 });
      const paging = { type: 'page', size_param: 'per_page', size: 20 };
      const content = JSON.parse(JSON.stringify({ ...described, paging }));
      const result = await platform.testConnection(connectionTo(weak, { content }));
      expect(result).toMatchObject({ success: true, code: 'ok' });
      expect(result.checks.at(-1)).toMatchObject({
        name: 'content',
        ok: true,
        detail: expect.stringMatching(
          /^The API cannot give a whole page at once: \d+ of our requests failed/,
        ),
      });
    },
  );

  it('with line breaks in the texts of its items passes, and tells that once', async () => {
    api.edit(1, { text: 'Two\nlines' });
    api.setFault('raw_controls');
    const { checks } = await test({});
    expect(checks.filter(({ code }) => code === 'dirty_json').map(({ name }) => name)).toEqual(['content']);
  });
});

describe('a connection that cannot be made', () => {
  it('is reported with its stage', async () => {
    const refusing = await closedPort();
    const noise = await serveBytes('no http\r\n\r\n');
    const cut = await serveBytes(null);
    cleanups.push(noise.stop, cut.stop);
    const away = await serveLoopback((_, response) => {
      response.writeHead(302, { Location: 'https://elsewhere.example/v1/me?api_key=1' }).end();
    });
    cleanups.push(away.stop);
    const cases = [
      [`http://127.0.0.1:${refusing}`, 'unreachable', 'connect'],
      [`http://127.0.0.1:${noise.port}`, 'unreachable', 'http'],
      [`http://127.0.0.1:${cut.port}`, 'unreachable', 'http'],
      [`https://127.0.0.1:${new URL(api.url).port}`, 'tls', 'connect'],
      ['http://nobody.invalid', 'dns', 'dns'],
      [away.url, 'redirect', 'http'],
    ] as const;
    for (const [base_url, code, stage] of cases) {
      const result = await test({ base_url });
      expect({ base_url, ...result }).toMatchObject({ base_url, success: false, code, stage });
      expect(result.message + result.hint + JSON.stringify(result.checks)).not.toMatch(
        /127\.0\.0\.1|api_key/,
      );
    }
  });

  it.each([
    'http://127.0.0.1:1',
    'http://[::1]/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest',
    'http://192.168.0.1',
    'http://0x7f.1/',
    'http://localhost:1/',
  ])('%s is private, and the report has no address', async (base_url) => {
    const strict = testPlatform([]);
    cleanups.push(strict.close);
    const result = await strict.platform.testConnection(connectionTo(api, { base_url }));
    expect(result).toMatchObject({ success: false, code: 'private_address', stage: 'dns' });
    expect(JSON.stringify(result)).not.toMatch(/127\.0|::1|10\.0\.0|169\.254|192\.168/);
  });

  it('ends at its timeout', async () => {
    const slow = await startSimulatedApi();
    cleanups.push(slow.stop);
    slow.setFault('silent');
    const impatient = testPlatform();
    cleanups.push(impatient.close);
    const result = await impatient.platform.testConnection(connectionTo(slow));
    expect(result).toMatchObject({ code: 'timeout', stage: 'http', retryable: true });
  }, 40_000);
});

it('a stored description that is no longer valid is reported', async () => {
  expect(await test({ auth: { type: 'gone' } })).toMatchObject({
    code: 'invalid_description',
    stage: 'address',
    message: expect.stringContaining('config_json.auth.type'),
  });
});

it('the secret of a query is absent from the report', async () => {
  const shown = await startSimulatedApi({ auth: 'query' });
  cleanups.push(shown.stop);
  shown.setFault('failing');
  const result = await platform.testConnection(connectionTo(shown));
  expect(shown.requests[0]?.target).toBe(`/v1/me?api_key=${API_SECRET}`);
  expect(JSON.stringify(result)).not.toContain(API_SECRET);
});

it.each(Object.entries(EXPLANATIONS))('%s has a message and a hint', (code, { message, hint }) => {
  expect(message).toMatch(/\.$/);
  if (code !== 'ok') expect(hint).toMatch(/\.$/);
});
