import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AdminSession } from './support/admin-session.ts';
import { CONNECTOR, installConnector, signedGet } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import {
  type RecordedAnswer,
  type RecordedRequest,
  type RecordingServer,
  startRecordingServer,
} from './support/recording-server.ts';
import { withRecorder } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const KEY = `sbk_${'Zz9_-'.repeat(9).slice(0, 43)}`;
const SIGNED = { siteId: 12, key: KEY };
const API = '/api/v1/integration/integrations';
const DAILY = 'sitebridge_connector_daily_push';
const SOON = 'sitebridge_connector_push';
const SITES = versionsUnderTest().flatMap((version) => [
  { version, server: 'php-S' as const },
  { version, server: 'fpm' as const },
]);

/** The server's response to a passed test. */
const PASSED = {
  success: true,
  code: 'ok',
  message: 'The connection works.',
  hint: 'Nothing to do.',
  integration_id: 42,
};

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});

describe.each(SITES)('settings page on $version, $server', (options) => {
  let wordpress: Wordpress;
  let admin: AdminSession;

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    admin = await installConnector(wordpress);
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  beforeEach(() => {
    server.answerWith(happily);
  });

  const connect = async () =>
    admin.pressSettings('Connect', { server_url: `${server.url}/`, site_id: '12', api_key: KEY });
  const scheduled = async (hook: string) =>
    Number(await wordpress.php(`return (int) wp_next_scheduled( '${hook}' );`));
  const runCron = async (hook: string) =>
    wordpress.php(`wp_clear_scheduled_hook( '${hook}' ); do_action( '${hook}' ); return true;`);

  test('Connect runs the test, then sends the structure, and answers calls meanwhile', async () => {
    let calledBack: unknown;
    server.answerWith(async (request) => {
      if (request.target === `${API}/test-connection`) {
        calledBack = (await signedGet(wordpress, '/sitebridge/v1/ping', SIGNED)).json;
      }
      return happily(request);
    });
    const view = await connect();

    expect(view.answer).toEqual({
      success: true,
      code: 'ok',
      text: expect.stringContaining('The connection works. Nothing to do.'),
    });
    expect(view.state).toBe('Connected as integration 42.');
    expect(calledBack).toMatchObject({ ok: true, site_id: 12, user: { roles: ['editor'] } });

    const [tested, pushed, ...more] = server.requests;
    expect(more).toEqual([]);
    expect(tested).toMatchObject({ method: 'POST', target: `${API}/test-connection` });
    expect(tested?.headers['content-type']).toBe('application/json');
    expect(tested?.headers['x-api-key']).toBeUndefined();
    expect(JSON.parse(tested?.body ?? '')).toEqual({ site_id: 12, api_key: KEY, site_url: wordpress.url });

    expect(pushed).toMatchObject({ method: 'POST', target: `${API}/42/update-structure` });
    expect(pushed?.headers['content-type']).toBe('application/json');
    expect(pushed?.headers['x-api-key']).toBe(KEY);
    const structure = await signedGet(wordpress, '/sitebridge/v1/structure', SIGNED);
    expect(JSON.parse(pushed?.body ?? '')).toEqual({
      ...Object(structure.json),
      timestamp: expect.any(String),
    });
    expect(await scheduled(DAILY)).toBeGreaterThan(Date.now() / 1000);
  });

  test('no page contains the whole key, only its ends', async () => {
    const view = await admin.settings();
    expect(view.fields.get('api_key')).toBe('');
    expect(view.html).toContain(`sbk_…${KEY.slice(-4)}`);
    expect(view.fields.get('server_url')).toBe(server.url);
    const options = await admin.get('/wp-admin/options.php');
    expect(options.html).toContain('sitebridge_connector');
    expect(view.html + options.html).not.toContain(KEY.slice(5, -5));
  });

  test('an empty key field keeps the key, and Test again does not send the structure', async () => {
    const view = await admin.pressSettings('Test again');
    expect(view.answer?.success).toBe(true);
    expect(server.requests.map((request) => request.target)).toEqual([`${API}/test-connection`]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({ api_key: KEY });
  });

  test.each<[string, RecordedAnswer, string, string]>([
    [
      'a failed test',
      {
        status: 400,
        body: {
          success: false,
          code: 'rest_disabled',
          message: 'The REST API is closed.',
          hint: 'Allow it.',
        },
      },
      'rest_disabled',
      'The REST API is closed. Allow it.',
    ],
    [
      'a problem',
      {
        status: 403,
        headers: { 'Content-Type': 'application/problem+json' },
        body: { title: 'Forbidden', status: 403, code: 'forbidden', detail: 'Unknown site or wrong key.' },
      },
      'forbidden',
      'Unknown site or wrong key.',
    ],
    [
      'a problem with fields',
      {
        status: 400,
        body: {
          title: 'Invalid',
          code: 'invalid_input',
          detail: 'The body is invalid.',
          errors: [{ field: 'site_url', code: 'invalid', message: 'must be public' }],
        },
      },
      'invalid_input',
      'The body is invalid. site_url: must be public',
    ],
    [
      'no JSON',
      { status: 502, body: '<h1>Bad gateway</h1>' },
      '',
      'The answer (HTTP 502) is not one of a Sitebridge',
    ],
    [
      'a pass without integration',
      { status: 200, body: { success: true } },
      '',
      'HTTP 200 without saying why',
    ],
    [
      'a server that sends the key back',
      { status: 400, body: { code: 'echo', message: `You sent ${KEY} <script>alert(1)</script>` } },
      'echo',
      `You sent sbk_…${KEY.slice(-4)}`,
    ],
  ])('%s is shown in words', async (_name, answer, code, text) => {
    server.answerWith(() => answer);
    const view = await admin.pressSettings('Test again');
    expect(view.answer).toMatchObject({ success: false, code, text: expect.stringContaining(text) });
    expect(view.html).not.toContain(KEY.slice(5, -5));
    expect(view.html).not.toContain('alert(1)');
  });

  test('a redirect is not followed, so the key goes to no other server', async () => {
    const other = await startRecordingServer();
    try {
      server.answerWith(() => ({ status: 307, headers: { Location: `${other.url}${API}/test-connection` } }));
      const view = await admin.pressSettings('Test again');
      expect(view.answer).toMatchObject({
        success: false,
        text: expect.stringContaining('redirects to 127.0.0.1'),
      });
      expect(other.requests).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  test('an unreachable server is reported', async () => {
    const gone = await startRecordingServer();
    await gone.stop();
    const view = await admin.pressSettings('Test again', { server_url: gone.url });
    expect(view.answer).toMatchObject({
      success: false,
      text: expect.stringContaining('could not be reached'),
    });
    // The connection to the other server goes on.
    expect(view.state).toBe('Connected as integration 42.');
    expect(view.fields.get('server_url')).toBe(server.url);
  });

  test('WordPress sends nothing to a private address without the filter', async () => {
    wordpress.setMuPlugin('allow-private-server', false);
    try {
      // Another name for this machine, as WordPress always allows requests to a site's own host.
      const view = await admin.pressSettings('Test again', {
        server_url: server.url.replace('127.0.0.1', '127.0.0.2'),
      });
      expect(view.answer).toMatchObject({ success: false, text: expect.stringContaining('it is private') });
      expect(server.requests).toEqual([]);
    } finally {
      wordpress.setMuPlugin('allow-private-server', true);
    }
  });

  test.each([
    ['javascript:alert(1)', '12', KEY, 'server address'],
    ['https://user:secret@sitebridge.example.com', '12', KEY, 'server address'],
    ['ftp://sitebridge.example.com', '12', KEY, 'server address'],
    ['https://sitebridge.example.com', '-1', KEY, 'site id'],
    ['https://sitebridge.example.com', '0', KEY, 'site id'],
    ['https://sitebridge.example.com', '12', 'sbk_with a space', 'site key'],
  ])('the values %s, %s, %s are refused and not stored', async (url, siteId, key, words) => {
    const before = await wordpress.query(
      "SELECT option_value FROM wp_options WHERE option_name = 'sitebridge_connector'",
    );
    const view = await admin.pressSettings('Connect', { server_url: url, site_id: siteId, api_key: key });
    expect(view.inputError).toContain(words);
    expect(server.requests).toEqual([]);
    expect(
      await wordpress.query("SELECT option_value FROM wp_options WHERE option_name = 'sitebridge_connector'"),
    ).toEqual(before);
  });

  test('only administrators can use the settings, and only with a nonce', async () => {
    const editor = await wordpress.adminSession('editor', 'pass-editor');
    expect((await editor.get('/wp-admin/options-general.php?page=sitebridge-connector')).status).toBe(403);
    const page = await admin.get('/wp-admin/options-general.php?page=sitebridge-connector');
    const form = admin.form(page, (candidate) => candidate.attributes.id === 'sitebridge-settings');
    expect((await editor.submit(page, form, { button: 'Disconnect' })).status).toBe(403);
    form.fields.set('_wpnonce', '0000000000');
    expect((await admin.submit(page, form, { button: 'Disconnect' })).status).toBe(403);
    expect((await admin.settings()).buttons).toContain('Disconnect');
  });

  test('a mapped user must have the right to edit', async () => {
    const before = await admin.settings();
    const view = await admin.pressSettings('Save', { user_id: String(wordpress.users.subscriber) });
    expect(view.inputError).toContain('choose one who may edit posts');
    expect(view.fields.get('user_id')).toBe(before.fields.get('user_id'));
  });

  test('a new post type causes one structure report soon', async () => {
    await connect();
    await admin.settings();
    expect(await scheduled(SOON)).toBe(0);
    wordpress.setMuPlugin('extra-type', true);
    try {
      await admin.settings();
      const when = await scheduled(SOON);
      expect(when).toBeGreaterThan(Date.now() / 1000);
      expect(when).toBeLessThan(Date.now() / 1000 + 61);
      await admin.settings();
      expect(await scheduled(SOON)).toBe(when);
      server.answerWith(happily);
      await runCron(SOON);
      expect(server.requests.map((request) => request.target)).toEqual([`${API}/42/update-structure`]);
      expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
        post_types: { recipe: { label: 'Recipes', count: 0 } },
      });
      await admin.settings();
      expect(await scheduled(SOON)).toBe(0);
    } finally {
      wordpress.setMuPlugin('extra-type', false);
    }
  });

  test('switching another plugin plans a structure report, switching this one cancels all', async () => {
    await connect();
    writeFileSync(join(wordpress.root, 'wp-content/plugins/other.php'), '<?php\n/* Plugin Name: Other */\n');
    await admin.activatePlugin('other.php');
    expect(await scheduled(SOON)).toBeGreaterThan(0);
    await admin.deactivatePlugin(CONNECTOR);
    expect([await scheduled(SOON), await scheduled(DAILY)]).toEqual([0, 0]);
    await admin.activatePlugin(CONNECTOR);
    expect(await scheduled(DAILY)).toBeGreaterThan(0);
    expect((await admin.settings()).state).toBe('Connected as integration 42.');
  });

  test('a failed report is shown and retried; a refused report waits a day', async () => {
    await connect();
    server.answerWith(() => ({ status: 503, body: { title: 'Unavailable', detail: 'The server is busy.' } }));
    await runCron(SOON);
    expect((await admin.settings()).answer).toMatchObject({
      success: false,
      text: expect.stringContaining('could not be sent: The server is busy.'),
    });
    const retry = await scheduled(SOON);
    expect(retry).toBeGreaterThan(Date.now() / 1000 + 200);

    server.answerWith(() => ({ status: 403, body: { detail: 'Wrong key.' } }));
    await runCron(SOON);
    expect(await scheduled(SOON)).toBe(0);

    server.answerWith(happily);
    await runCron(DAILY);
    expect((await admin.settings()).answer).toMatchObject({
      success: true,
      text: expect.stringContaining('The content types were sent.'),
    });
  });

  test('Disconnect deletes the key and plans no more reports', async () => {
    await connect();
    const view = await admin.pressSettings('Disconnect');
    expect(view.answer).toMatchObject({ success: true, text: expect.stringContaining('Disconnected') });
    expect(view.buttons).toEqual(['Connect', 'Save']);
    expect(view.fields.get('site_id')).toBe('');
    expect([await scheduled(SOON), await scheduled(DAILY)]).toEqual([0, 0]);
    const stored = await wordpress.query('SELECT option_value FROM wp_options');
    expect(JSON.stringify(stored)).not.toContain(KEY);
    expect(await signedGet(wordpress, '/sitebridge/v1/ping', SIGNED)).toMatchObject({
      status: 401,
      json: { code: 'sitebridge_not_configured' },
    });
  });

  test('deleting the plugin leaves no option, table or planned event', async () => {
    await connect();
    await signedGet(wordpress, '/sitebridge/v1/ping', SIGNED);
    const tables = "SHOW TABLES LIKE '%sitebridge%'";
    const traces = `SELECT option_name FROM wp_options WHERE option_name LIKE '%sitebridge%'
      OR (option_name = 'cron' AND option_value LIKE '%sitebridge%')`;
    expect(await wordpress.query(tables)).toHaveLength(2);
    expect((await wordpress.query(traces)).length).toBeGreaterThan(3);
    await admin.deactivatePlugin(CONNECTOR);
    await admin.deletePlugin(CONNECTOR);
    expect(await wordpress.query(tables)).toEqual([]);
    expect(await wordpress.query(traces)).toEqual([]);
    expect(await wordpress.query(`SELECT * FROM wp_usermeta WHERE meta_key LIKE '%sitebridge%'`)).toEqual([]);
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});

function happily(request: RecordedRequest): RecordedAnswer {
  if (request.target === `${API}/test-connection`) {
    return { status: 200, body: PASSED };
  }
  return { status: 200, body: { applied: true } };
}
