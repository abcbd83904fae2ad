/** A connection that works is changed on the settings page: it is replaced only by one that passed its test. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AdminSession, SettingsInput } from './support/admin-session.ts';
import { installConnector, signedGet } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import {
  type RecordedAnswer,
  type RecordedRequest,
  type RecordingServer,
  startRecordingServer,
} from './support/recording-server.ts';
import { signedFetch } from './support/signed-request.ts';
import { withRecorder } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const KEY = `sbk_${'1'.repeat(43)}`;
const NEW_KEY = `sbk_${'2'.repeat(43)}`;
const PING = '/sitebridge/v1/ping';

/** The server's answer to a test that fails. It sends the key back. */
const refuse = ({ body }: RecordedRequest): RecordedAnswer => ({
  status: 403,
  body: {
    success: false,
    code: 'forbidden',
    message: `Wrong key ${JSON.parse(body).api_key}.`,
    hint: 'Copy it.',
  },
});

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});

describe.each(versionsUnderTest())('a changed connection on WordPress %s', (version) => {
  let wordpress: Wordpress;
  let admin: AdminSession;

  const ping = (key: string, siteId = 12) => signedGet(wordpress, PING, { siteId, key });
  const stored = () => wordpress.php(`return get_option( 'sitebridge_connector' );`);
  const passes = (integrationId: number) =>
    server.answerWith((request) => ({
      status: 200,
      body: request.target.endsWith('/test-connection')
        ? { success: true, message: 'The connection works.', integration_id: integrationId }
        : { applied: true },
    }));

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, { version, server: 'fpm' });
    admin = await installConnector(wordpress);
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  beforeEach(async () => {
    await admin.pressSettings('Disconnect').catch(() => undefined);
    passes(42);
    const view = await admin.pressSettings('Connect', {
      server_url: server.url,
      site_id: '12',
      api_key: KEY,
      user_id: String(wordpress.users.editor),
    });
    expect(view.state).toBe('Connected as integration 42.');
  });

  const changes: [string, () => SettingsInput][] = [
    ['key', () => ({ api_key: NEW_KEY })],
    ['server', () => ({ server_url: `${server.url}/other` })],
    ['site id', () => ({ site_id: '13', api_key: NEW_KEY })],
    ['user', () => ({ user_id: '1' })],
  ];
  test.each(
    ['Save', 'Test again', 'Connect'].flatMap((button) =>
      changes.map((change) => [button, ...change] as const),
    ),
  )('%s with another %s keeps the old connection when the test fails', async (button, _what, input) => {
    const before = await stored();
    server.answerWith(refuse);
    const view = await admin.pressSettings(button, input());
    expect(view.inputError).toBeNull();
    expect(view.answer).toMatchObject({
      success: false,
      code: 'forbidden',
      text: expect.stringContaining('The connection of before goes on.'),
    });
    for (const key of [KEY, NEW_KEY]) expect(view.html).not.toContain(key.slice(5, -5));
    expect(view.state).toBe('Connected as integration 42.');
    expect(server.requests.map(({ target }) => target.replace('/other', ''))).toEqual([
      '/api/v1/integration/integrations/test-connection',
    ]);
    expect(await stored()).toEqual(before);
    expect(await wordpress.php(`return get_option( 'sitebridge_connector_candidate' );`)).toBe(false);
    expect(await ping(KEY)).toMatchObject({ status: 200, json: { user: { id: wordpress.users.editor } } });
    expect((await ping(NEW_KEY)).status).toBe(401);
  });

  test.each(['Save', 'Test again', 'Connect'])(
    '%s replaces the connection when the test passes',
    async (button) => {
      passes(43);
      const view = await admin.pressSettings(button, { site_id: '13', api_key: NEW_KEY, user_id: '1' });
      expect(view.answer?.success).toBe(true);
      expect(view.state).toBe('Connected as integration 43.');
      expect(await ping(NEW_KEY, 13)).toMatchObject({ status: 200, json: { site_id: 13, user: { id: 1 } } });
      expect((await ping(KEY)).status).toBe(401);
    },
  );

  test('during the test both connections answer, and the new one only reads', async () => {
    const seen: unknown[] = [];
    const write = (key: string, siteId: number) =>
      signedFetch(wordpress.restUrl('/wp/v2/posts'), {
        siteId,
        key,
        method: 'POST',
        body: JSON.stringify({ title: 'During the test' }),
      });
    server.answerWith(async (request) => {
      seen.push(await ping(NEW_KEY, 13), await ping(KEY), await write(NEW_KEY, 13), await write(KEY, 12));
      seen.push(await ping(NEW_KEY, 12));
      return refuse(request);
    });
    await admin.pressSettings('Connect', { site_id: '13', api_key: NEW_KEY, user_id: '1' });
    expect(seen).toMatchObject([
      { status: 200, json: { site_id: 13, user: { id: 1 } } },
      { status: 200, json: { site_id: 12, user: { id: wordpress.users.editor } } },
      { status: 401, json: { code: 'sitebridge_bad_signature' } },
      { status: 201 },
      { status: 401, json: { code: 'sitebridge_bad_signature' } },
    ]);
  });

  test('a server that cannot be reached leaves the old connection', async () => {
    const gone = await startRecordingServer();
    await gone.stop();
    const before = await stored();
    const view = await admin.pressSettings('Save', { server_url: gone.url });
    expect(view.answer).toMatchObject({
      success: false,
      text: expect.stringContaining('could not be reached'),
    });
    expect(await stored()).toEqual(before);
  });

  test('the candidate of an interrupted test ends after a minute', async () => {
    const leave = (until: string) =>
      wordpress.php(
        `return update_option( 'sitebridge_connector_candidate', array( 'until' => ${until}, 'server_url' => 'https://x.example.com', 'site_id' => 13, 'api_key' => '${NEW_KEY}', 'user_id' => 1, 'key_by' => 1 ) );`,
      );
    await leave('time() + 30');
    expect((await ping(NEW_KEY, 13)).status).toBe(200);
    await leave('time() - 1');
    expect((await ping(NEW_KEY, 13)).status).toBe(401);
    await admin.pressSettings('Disconnect');
    expect(await wordpress.php(`return get_option( 'sitebridge_connector_candidate' );`)).toBe(false);
  });

  test('the switches are stored without a test', async () => {
    server.answerWith(refuse);
    await admin.pressSettings('Save', { two_way_sync_enabled: null });
    expect(server.requests).toEqual([]);
    expect(await stored()).toMatchObject({ two_way_sync_enabled: false, api_key: KEY });
    await admin.pressSettings('Save', { two_way_sync_enabled: '1' });
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});
