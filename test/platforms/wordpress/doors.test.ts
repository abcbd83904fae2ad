/** Sites whose answers or requests are changed on the way, and sites behind a door of their host. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../../src/platforms/connection.ts';
import { FRONT_BASIC, FRONT_TOKEN } from '../../../src/simulation/wordpress/front.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { contentWrite, POST, readOut, testPace } from '../../support/contentCaller.ts';
import { connectionTo, notes, PASSWORD, SITE_ID, SITE_KEY, testPlatform } from './testSite.ts';

let site: SimulatedWordpress;
const { platform, close } = testPlatform();

beforeAll(async () => {
  site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
});
afterEach(() => {
  site.clearFaults();
  site.state.requests.length = 0;
});
afterAll(async () => {
  close();
  await site.stop();
});

const WAYS = [
  ['connector', {}],
  ['password', PASSWORD],
] as const;
type Way = (typeof WAYS)[number][0];

/** The connector is missing where an application password signs in. */
function by(way: Way): void {
  if (way === 'password') site.setFault('connector_missing');
}

const tested = (changes: Partial<Connection>) => platform.testConnection(connectionTo(site.url, changes));

async function open(changes: Partial<Connection>) {
  const session = await platform.content?.open(connectionTo(site.url, changes), testPace());
  if (session === undefined) throw new Error('WordPress has content.');
  return session;
}

const POSTS = { type: { slug: 'post', structure: null }, newest: null, cursor: null };

describe('a filter of the output that puts line breaks and tabs into JSON', () => {
  it.each(WAYS)('is read past, and told once, by %s', async (way, credentials) => {
    const body = '<p>one</p>\n\n\t<p>two "quoted" \\n</p>';
    const post = site.editor.create('post', { title: 'Lines', content: body, status: 'publish' });
    by(way);
    site.setFault('dirty_json_raw_controls');
    const result = await tested({ credentials });
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(notes(result).filter((code) => code !== 'connector_missing')).toEqual(['dirty_json']);
    expect(result.checks.find(({ code }) => code === 'dirty_json')).toMatchObject({ name: 'content' });
    const { items } = await readOut((await open({ credentials })).readAll(POSTS));
    const read = items.find(({ externalId }) => externalId === String(post.id));
    expect(read).toMatchObject({ title: 'Lines', body });
    expect(read).not.toHaveProperty('unread');
  });
});

describe('a password before the site', () => {
  const outer = { basic: FRONT_BASIC };

  it('is told with the field that takes it', async () => {
    site.setFault('outer_password');
    expect(await tested({})).toMatchObject({
      success: false,
      code: 'outer_basic_auth',
      hint: expect.stringContaining('credentials_json.outer.basic'),
    });
  });

  it.each([[[]], [['wrong_password_reported']], [['only_users_disable_rest_api']]] as const)(
    'opens with the connector, for tests, syncs and the structure, with %j',
    async (faults) => {
      const { ids } = await readOut((await open({})).readAll(POSTS));
      site.setFault('outer_password', ...faults);
      const result = await tested({ outer });
      expect(result).toMatchObject({ success: true, code: 'ok' });
      expect((await readOut((await open({ outer })).readAll(POSTS))).ids).toEqual(ids);
      const structure = await platform.readStructure?.(connectionTo(site.url, { outer }));
      expect(structure).toMatchObject({ plugin_connection_enabled: true });
    },
  );

  it('with the connector opens although an application password is stored', async () => {
    site.setFault('outer_password');
    expect(await tested({ outer, credentials: PASSWORD })).toMatchObject({ code: 'ok' });
    const { ids } = await readOut((await open({ outer, credentials: PASSWORD })).readAll(POSTS));
    expect(ids.length).toBeGreaterThan(0);
  });

  it('collides with an application password', async () => {
    site.setFault('outer_password', 'connector_missing');
    const given = { outer, credentials: PASSWORD };
    expect(await tested(given)).toMatchObject({
      success: false,
      code: 'outer_needs_connector',
      hint: expect.stringContaining('connector plugin'),
    });
    await expect(open(given)).rejects.toMatchObject({ code: 'outer_needs_connector' });
  });

  it('is told if it is wrong', async () => {
    site.setFault('outer_password');
    const wrong = { basic: { ...FRONT_BASIC, password: 'not the password' } };
    const result = await tested({ outer: wrong });
    expect(result).toMatchObject({
      code: 'outer_basic_auth',
      message: expect.stringContaining('not accepted'),
    });
    await expect(open({ outer: wrong })).rejects.toMatchObject({ code: 'outer_basic_auth' });
  });
});

describe('Cloudflare Access before the site', () => {
  it.each(WAYS)('opens to the headers of a service token, by %s', async (way, credentials) => {
    by(way);
    site.setFault('outer_service_token');
    const result = await tested({ credentials, outer: { headers: FRONT_TOKEN } });
    expect(result).toMatchObject({ success: true, code: 'ok' });
    const { ids } = await readOut(
      (await open({ credentials, outer: { headers: FRONT_TOKEN } })).readAll(POSTS),
    );
    expect(ids.length).toBeGreaterThan(0);
  });

  it.each(WAYS)(
    'is named without them, and no other address is recommended, by %s',
    async (way, credentials) => {
      by(way);
      site.setFault('outer_service_token');
      const result = await tested({ credentials });
      expect(result).toMatchObject({ success: false, code: 'outer_login', stage: 'http' });
      expect(result.message).toContain('Cloudflare Access');
      expect(result.hint).toMatch(/service token.*credentials_json\.outer\.headers/);
      expect(result.hint).not.toContain('as the site address');
      await expect(open({ credentials })).rejects.toMatchObject({ code: 'outer_login' });
    },
  );

  it('gets the headers only with requests to the site itself', async () => {
    const elsewhere = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
    const outer = { basic: FRONT_BASIC, headers: FRONT_TOKEN };
    const session = await open({ outer });
    const post = site.editor.create('post', { title: 'With an image', status: 'publish' });
    const [onSite = null] = (await session.read(POST, [String(post.id)])).items;
    const metadata = { featured_image_url: `${elsewhere.url}/picture.png` };
    await session.write(POST, [
      contentWrite(1, { externalId: String(post.id), title: 'Changed', metadata, onSite }),
    ]);
    expect(elsewhere.state.requests.map(({ target }) => target)).toContain('/picture.png');
    for (const { headers } of elsewhere.state.requests) {
      expect(headers).not.toHaveProperty('authorization');
      for (const name of Object.keys(FRONT_TOKEN)) expect(headers).not.toHaveProperty(name.toLowerCase());
    }
    for (const { headers } of site.state.requests) expect(headers).toHaveProperty('cf-access-client-secret');
    await elsewhere.stop();
  });
});

describe('a cookie wall', () => {
  it.each(WAYS)('is passed with the cookie, by %s', async (way, credentials) => {
    const { ids } = await readOut((await open({ credentials })).readAll(POSTS));
    by(way);
    site.state.requests.length = 0;
    site.setFault('cookie_wall');
    expect(await tested({ credentials })).toMatchObject({ success: true, code: 'ok' });
    expect((await readOut((await open({ credentials })).readAll(POSTS))).ids).toEqual(ids);
    // Each connection passes the wall once, and keeps its cookies for itself.
    const walled = site.state.requests.filter(({ headers }) => headers.cookie === undefined);
    expect(walled.length).toBeLessThanOrEqual(3);
  });

  it.each(['cookie_wall_endless', 'cookie_wall_odd', 'bot_challenge'] as const)(
    'that lets nothing pass is told as such: %s',
    async (fault) => {
      site.setFault(fault);
      const result = await tested({});
      expect(result).toMatchObject({ success: false, code: 'bot_challenge' });
      expect(result.hint).toMatch(/user agent/);
      expect(result.hint).not.toContain('as the site address');
    },
  );
});

describe('a host that refuses writes', () => {
  const FAULTS = ['writes_forbidden', 'writes_not_allowed', 'writes_answered_otherwise'] as const;
  const CASES = FAULTS.flatMap((fault) =>
    WAYS.map(([way, credentials]) => [fault, way, credentials] as const),
  );

  it.each(CASES)('%s passes the test for reading, by %s', async (fault, way, credentials) => {
    by(way);
    site.setFault(fault);
    const result = await tested({ credentials });
    expect(result).toMatchObject({ success: true, code: 'writes_blocked' });
    expect(result.checks.find(({ name }) => name === 'writes')).toMatchObject({
      ok: false,
      code: 'writes_blocked',
    });
    const route = way === 'connector' ? 'sitebridge/v1/ping' : 'wp/v2/posts/0';
    expect(site.state.requests.filter(({ method }) => method === 'POST').map(({ target }) => target)).toEqual(
      [`/wp-json/${route}`],
    );
  });

  it.each(CASES)('%s ends a write with its own code, by %s', async (fault, way, credentials) => {
    by(way);
    const session = await open({ credentials });
    site.setFault(fault);
    const before = site.state.posts.length;
    const writing = session.write(POST, [contentWrite(1), contentWrite(2)]);
    await expect(writing).rejects.toMatchObject({ code: 'writes_blocked', retryable: false });
    expect(site.state.posts).toHaveLength(before);
    // The write itself, and one that writes nothing.
    expect(site.state.requests.filter(({ method }) => method !== 'GET')).toHaveLength(2);
  });

  it.each(['0.3.0', '0.5.0', '0.6.0'])(
    'is told from an old connector: %s lets writes pass',
    async (version) => {
      const other = await startSimulatedWordpress({
        siteId: SITE_ID,
        siteKey: SITE_KEY,
        connector: { version },
      });
      const result = await platform.testConnection(connectionTo(other.url));
      expect(result).toMatchObject({ success: true, code: 'ok' });
      expect(result.checks.find(({ name }) => name === 'writes')).toMatchObject({ ok: true });
      await other.stop();
    },
  );
});

describe('a proxy that drops parameters of the query', () => {
  it.each([
    ['query_stripped', 'context, per_page, _fields'],
    ['query_context_stripped', 'context'],
  ] as const)('%s is told by the test and once by a reading', async (fault, lost) => {
    by('password');
    const session = await open({ credentials: PASSWORD });
    site.setFault(fault);
    const result = await tested({ credentials: PASSWORD });
    expect(result).toMatchObject({ success: false, code: 'query_stripped' });
    expect(result.message).toContain('context');
    await expect(readOut(session.readAll(POSTS))).rejects.toMatchObject({
      code: 'query_stripped',
      message: expect.stringContaining(lost.split(', ')[0] ?? ''),
    });
  });

  it('is not seen in one post whose texts a plugin spoils', async () => {
    by('password');
    site.disturb({ fault: 'item_odd_fields' });
    const { items, faults } = await readOut((await open({ credentials: PASSWORD })).readAll(POSTS));
    site.calm();
    expect(items.length).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });
});
