import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RemoteError } from '../../../src/errors.ts';
import type { Connection } from '../../../src/platforms/connection.ts';
import { EXPLANATIONS } from '../../../src/platforms/wordpress/explanations.ts';
import type { FaultName } from '../../../src/simulation/wordpress/faults.ts';
import {
  type SimulatedWordpress,
  type SimulatedWordpressOptions,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { closedPort, serveBytes } from '../../outbound/loopbackServer.ts';
import { makeCertificate, makeChain } from '../../support/tlsCertificates.ts';
import { startSiteProxy } from '../../wordpress/support/site-proxy.ts';
import { connectionTo, notes, PASSWORD, SITE_ID, SITE_KEY, testPlatform } from './testSite.ts';

let site: SimulatedWordpress;
const { platform, close } = testPlatform();
const cleanups: Array<() => unknown> = [];
/** Every code that a test here has seen as a result or as a note. */
const seenCodes = new Set<string>();

beforeAll(async () => {
  site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
});
afterEach(async () => {
  site.clearFaults();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(async () => {
  close();
  await site.stop();
});

async function diagnose(connection: Connection, by = platform) {
  const result = await by.testConnection(connection);
  for (const code of [result.code, ...notes(result)]) seenCodes.add(code);
  return result;
}

async function anotherSite(options: Partial<SimulatedWordpressOptions>): Promise<SimulatedWordpress> {
  const started = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY, ...options });
  cleanups.push(started.stop);
  return started;
}

describe('a site whose newest post breaks a plugin', () => {
  it.each(['connector', 'password'])('connects by %s, and the test tells of failed requests', async (way) => {
    const own = await anotherSite({});
    own.editor.create('post', { title: 'Newest', status: 'publish', content: '[dies-here]' });
    own.weaken({ by: 'critical_error', mostItems: null, diesOn: '[dies-here]' });
    if (way === 'password') own.setFault('connector_missing');
    const result = await diagnose(connectionTo(own.url, way === 'password' ? { credentials: PASSWORD } : {}));
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(result.checks).toContainEqual(
      expect.objectContaining({ name: 'content', ok: true, detail: expect.stringContaining('failed') }),
    );
  });
});

describe('a site whose theme forces another order of its lists', () => {
  it('connects by password with as many requests as it has few posts for', async () => {
    const own = await anotherSite({});
    own.setFault('connector_missing', 'order_forced');
    const requests = async () => {
      own.state.requests.length = 0;
      const result = await diagnose(connectionTo(own.url, { credentials: PASSWORD }));
      expect(result).toMatchObject({ success: true, code: 'ok' });
      return own.state.requests.length;
    };
    const few = await requests();
    for (let n = 0; n < 600; n += 1) own.editor.create('post', { title: `Extra ${n}`, status: 'publish' });
    expect(await requests()).toBe(few);
  });
});

describe('a site that works', () => {
  it('connects through the connector, with the name and the time of each step', async () => {
    const result = await diagnose(connectionTo(site.url));
    expect(result).toMatchObject({
      success: true,
      code: 'ok',
      hint: '',
      stage: 'identity',
      retryable: false,
    });
    expect(result.checks.map((check) => check.name)).toEqual([
      'address',
      'dns',
      'connect',
      'http',
      'discovery',
      'connector',
      'wrong_key',
      'signed_ping',
      'capabilities',
      'content',
      'writes',
      'identity',
    ]);
    expect(result.checks.every((check) => check.ok && check.ms >= 0)).toBe(true);
    expect(result.remote).toEqual({
      name: 'Brücke & Söhne',
      version: '6.8.2',
      plugin_version: '0.6.0',
      canonical_url: site.url,
    });
  });

  it('never receives the key: no request contains it', async () => {
    site.state.requests.length = 0;
    await diagnose(connectionTo(site.url));
    expect(site.state.requests.length).toBeGreaterThan(5);
    expect(JSON.stringify(site.state.requests)).not.toContain(SITE_KEY);
  });

  it('connects with an application password when the connector is missing', async () => {
    site.setFault('connector_missing');
    const result = await diagnose(connectionTo(site.url, { credentials: PASSWORD }));
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(notes(result)).toEqual(['connector_missing']);
    expect(result.checks.map((check) => check.name).slice(5)).toEqual([
      'connector',
      'application_passwords',
      'wrong_password',
      'sign_in',
      'capabilities',
      'content',
      'writes',
      'identity',
    ]);
    expect(result.remote).toMatchObject({ name: 'Brücke & Söhne', version: '6.8.2' });
  });

  it('connects through the connector although there is a password', async () => {
    site.state.requests.length = 0;
    expect((await diagnose(connectionTo(site.url, { credentials: PASSWORD }))).code).toBe('ok');
    expect(site.state.requests.some((request) => 'authorization' in request.headers)).toBe(false);
  });

  it.each([
    ['plain permalinks', { plainPermalinks: true }, ['plain_permalinks']],
    ['a subdirectory', { subdirectory: 'blog' }, []],
    [
      'a subdirectory with plain permalinks',
      { plainPermalinks: true, subdirectory: 'a/b' },
      ['plain_permalinks'],
    ],
  ])('is found with %s', async (_, options, told) => {
    const other = await anotherSite(options);
    for (const address of [other.url, `${other.url}/`, `${other.url}/wp-admin/index.php?x=1#y`]) {
      const result = await diagnose(connectionTo(address));
      expect(result.code).toBe('ok');
      expect(notes(result)).toEqual(told);
    }
  });

  it.each(['dirty_json_bom', 'dirty_json_notice', 'dirty_json_named', 'dirty_json_script'] as const)(
    'is read despite %s, which is reported',
    async (fault) => {
      site.setFault(fault);
      const result = await diagnose(connectionTo(site.url));
      expect(result.code).toBe('ok');
      expect(notes(result)).toEqual(['dirty_json']);
    },
  );

  it('is read despite a notice, whose file is named', async () => {
    site.setFault('dirty_json_named');
    const result = await diagnose(connectionTo(site.url));
    const told = result.checks.find((check) => check.code === 'dirty_json');
    expect(told?.detail).toContain('wp-content/plugins/old-slider/slider.php');
  });

  it.each([{}, PASSWORD])('connects although every answer is called a success', async (credentials) => {
    site.setFault('always_success', ...(credentials === PASSWORD ? ['connector_missing' as const] : []));
    expect(await diagnose(connectionTo(site.url, { credentials }))).toMatchObject({ code: 'ok' });
  });
});

/** Fault of the site, way to sign in, code, stage, and words that the hint must contain. */
const CASES: ReadonlyArray<
  readonly [fault: FaultName, by: 'connector' | 'password', code: string, stage: string, hint: RegExp]
> = [
  ['not_wordpress', 'connector', 'not_wordpress', 'discovery', /subdirectory/],
  ['wordpress_com', 'connector', 'wordpress_com', 'discovery', /plan that allows plugins/],
  ['rest_hidden', 'connector', 'rest_disabled', 'discovery', /\/wp-json\/sitebridge\/v1\//],
  ['rest_cannot_access', 'connector', 'rest_disabled', 'discovery', /Settings > Disable REST API/],
  [
    'itsec_rest_api_access_restricted',
    'connector',
    'rest_disabled',
    'discovery',
    /WordPress Tweaks.*Default Access/,
  ],
  ['rest_login_required', 'connector', 'rest_disabled', 'discovery', /except the namespace sitebridge\/v1/],
  ['rest_not_logged_in', 'connector', 'rest_disabled', 'discovery', /allow the namespace sitebridge\/v1/],
  ['rest_disabled', 'connector', 'rest_disabled', 'discovery', /allow the namespace sitebridge\/v1/],
  ['connector_route_closed', 'connector', 'rest_disabled', 'connector', /Disable REST API/],
  [
    'connection_disabled',
    'connector',
    'rest_disabled',
    'capabilities',
    /Switch it on.*Settings > Sitebridge/,
  ],
  ['firewall_wordfence', 'connector', 'firewall', 'discovery', /Wordfence.*\/wp-json\/sitebridge\/v1\//],
  [
    'firewall_cloudflare',
    'connector',
    'firewall',
    'discovery',
    /Cloudflare > Security.*\/wp-json\/sitebridge/,
  ],
  ['firewall_sucuri', 'connector', 'firewall', 'discovery', /Sucuri.*\/wp-json\/sitebridge/],
  ['firewall_modsecurity', 'connector', 'firewall', 'connector', /ModSecurity.*/],
  ['firewall_siteground', 'connector', 'firewall', 'discovery', /SiteGround/],
  ['firewall_imunify360', 'connector', 'firewall', 'discovery', /Imunify360/],
  ['firewall_unknown', 'connector', 'firewall', 'discovery', /begins with \/wp-json\/sitebridge/],
  ['firewall_rate_limit', 'connector', 'firewall', 'discovery', /begins with \/wp-json\/sitebridge/],
  ['outer_basic_auth', 'connector', 'outer_basic_auth', 'discovery', /credentials_json\.outer\.basic/],
  ['outer_service_token', 'connector', 'outer_login', 'http', /service token/],
  ['bot_challenge', 'connector', 'bot_challenge', 'discovery', /user agent/],
  ['query_stripped', 'password', 'query_stripped', 'capabilities', /whole query/],
  ['query_context_stripped', 'password', 'query_stripped', 'capabilities', /whole query/],
  ['maintenance', 'connector', 'maintenance', 'discovery', /We try again/],
  ['fatal', 'connector', 'fatal', 'discovery', /error log/],
  ['fatal_page', 'connector', 'fatal', 'discovery', /error log/],
  ['site_database', 'connector', 'site_database', 'discovery', /database of the site is down/],
  ['site_database_json', 'connector', 'site_database', 'discovery', /database of the site is down/],
  ['maintenance_as_success', 'connector', 'maintenance', 'discovery', /We try again/],
  ['fatal_as_success', 'connector', 'fatal', 'discovery', /error log/],
  ['always_ok', 'connector', 'not_wordpress', 'discovery', /subdirectory/],
  ['gzip_unmarked', 'connector', 'bad_encoding', 'discovery', /compresses twice/],
  ['gzip_twice', 'connector', 'bad_encoding', 'discovery', /compresses twice/],
  ['gzip_false', 'connector', 'bad_encoding', 'discovery', /sets the header wrongly/],
  ['cut_off', 'connector', 'cut_off', 'discovery', /PHP's time or memory/],
  ['gateway_down', 'connector', 'unreachable', 'discovery', /behind the proxy/],
  ['clock_slow', 'connector', 'clock_skew', 'discovery', /NTP/],
  ['connector_clock_slow', 'connector', 'clock_skew', 'signed_ping', /NTP/],
  [
    'cached_api',
    'connector',
    'cached_api',
    'connector',
    /Exclude \/wp-json\/sitebridge\/v1\/ from the cache/,
  ],
  ['cached_ping', 'connector', 'cached_api', 'connector', /Exclude/],
  ['too_large', 'connector', 'too_large', 'discovery', /leads to the site/],
  ['redirect', 'connector', 'redirect', 'http', /Use https:\/\/www\.example\.com\/ as the site address/],
  ['reset', 'connector', 'unreachable', 'http', /firewall may cut us off/],
  ['api_reset', 'connector', 'unreachable', 'discovery', /firewall may cut us off/],
  ['connector_answers_page', 'connector', 'unexpected_answer', 'connector', /Deactivate other plugins/],
  ['connector_missing', 'connector', 'connector_missing', 'connector', /Install and activate/],
  ['connector_outdated', 'connector', 'connector_outdated', 'connector', /Update the plugin/],
  ['connector_not_configured', 'connector', 'bad_credentials', 'signed_ping', /press Connect/],
  ['auth_not_enforced', 'connector', 'auth_not_enforced', 'connector', /nothing answer/],
  ['signature_not_compared', 'connector', 'auth_not_enforced', 'wrong_key', /nothing answer/],
  ['signature_headers_stripped', 'connector', 'auth_header_stripped', 'wrong_key', /all headers/],
  ['low_role', 'connector', 'insufficient_role', 'capabilities', /Editor or Administrator/],
  ['mapped_user_gone', 'connector', 'insufficient_role', 'signed_ping', /Choose an Editor/],
  ['other_home', 'connector', 'identity_mismatch', 'identity', /clone/],
  ['other_site_id', 'connector', 'identity_mismatch', 'signed_ping', /clone.*right site id/],
  ['auth_header_stripped', 'password', 'auth_header_stripped', 'sign_in', /CGIPassAuth/],
  ['application_passwords_off', 'password', 'application_passwords_off', 'application_passwords', /HTTPS/],
  ['any_password_passes', 'password', 'auth_not_enforced', 'wrong_password', /signs every request in/],
  ['basic_auth_plugin', 'password', 'basic_auth_plugin', 'sign_in', /JSON Basic Authentication/],
  ['low_role', 'password', 'insufficient_role', 'capabilities', /Editor or Administrator/],
  ['other_home', 'password', 'identity_mismatch', 'identity', /clone/],
];

describe('each fault has its own code', () => {
  it.each(CASES)('%s by %s: %s at %s', async (fault, by, code, stage, hint) => {
    site.setFault(fault);
    if (by === 'password') site.setFault('connector_missing');
    const credentials = by === 'password' ? PASSWORD : {};
    const result = await diagnose(connectionTo(site.url, { credentials }));
    expect(result).toMatchObject({ success: false, code, stage });
    expect(result.hint).toMatch(hint);
    expect(result.message).not.toBe('');
    expect(`${result.message} ${result.hint}`).not.toMatch(/[{}]|127\.0\.0\.1:\d+\/wp-json|undefined/);
    expect(result.checks.at(-1)).toMatchObject({ name: stage, ok: false, code });
    expect(result.checks.slice(0, -1).every((check) => check.ok)).toBe(true);
  });

  it('names both sign-ins that need the same header', async () => {
    site.setFault('connector_missing');
    const outer = { basic: { username: 'staging', password: 'open sesame' } };
    const result = await diagnose(connectionTo(site.url, { credentials: PASSWORD, outer }));
    expect(result).toMatchObject({ success: false, code: 'outer_needs_connector' });
    expect(result.hint).toMatch(/connector plugin/);
  });

  it.each([{}, PASSWORD])('passes, and tells that the host refuses writes', async (credentials) => {
    site.setFault('writes_not_allowed');
    if (credentials === PASSWORD) site.setFault('connector_missing');
    const result = await diagnose(connectionTo(site.url, { credentials }));
    expect(result).toMatchObject({ success: true, code: 'writes_blocked', stage: 'identity' });
    expect(result.message).toMatch(/nginx answers POST \/wp-json\/.* with status 405/);
    expect(result.checks.filter(({ ok }) => !ok)).toMatchObject([{ name: 'writes', code: 'writes_blocked' }]);
  });
  it.each(['connector', 'password'])(
    'a host that cuts off only large answers passes by %s, and the check of a page says so',
    async (by) => {
      site.setFault('large_answers_cut');
      if (by === 'password') site.setFault('connector_missing');
      const credentials = by === 'password' ? PASSWORD : {};
      const result = await diagnose(connectionTo(site.url, { credentials }));
      expect(result).toMatchObject({ success: true, code: 'ok' });
      expect(result.checks.find(({ name }) => name === 'content')).toMatchObject({
        ok: true,
        detail: expect.stringContaining('cannot give a whole page at once'),
      });
    },
  );

  it('names the path to allow in the site’s spelling', async () => {
    const other = await anotherSite({ plainPermalinks: true, subdirectory: 'blog' });
    other.setFault('firewall_modsecurity');
    expect((await diagnose(connectionTo(other.url))).hint).toContain(
      '/blog/index.php?rest_route=/sitebridge/v1/',
    );
  });

  it.each([
    ['the connector', 'firewall_unknown', {}, '/wp-json/sitebridge/v1/'],
    ['a password', 'firewall_unknown', PASSWORD, '/wp-json/'],
    [
      'the connector that is found beside a password',
      'firewall_modsecurity',
      PASSWORD,
      '/wp-json/sitebridge/v1/',
    ],
  ] as const)('names the path and the user agent of %s', async (_, fault, credentials, path) => {
    site.setFault(fault);
    const result = await diagnose(connectionTo(site.url, { credentials }));
    expect(result.code).toBe('firewall');
    expect(result.hint).toContain(
      `whose path begins with ${path} and whose user agent begins with Sitebridge/`,
    );
    site.state.requests.length = 0;
    site.clearFaults();
    await diagnose(connectionTo(site.url));
    for (const { headers } of site.state.requests) expect(headers['user-agent']).toMatch(/^Sitebridge\//);
  });

  it('names the missing capability', async () => {
    site.setFault('low_role');
    expect((await diagnose(connectionTo(site.url))).message).toContain('edit_others_posts');
  });

  it('is retryable only if a later try may succeed', async () => {
    site.setFault('maintenance');
    expect((await diagnose(connectionTo(site.url))).retryable).toBe(true);
    site.clearFaults();
    site.setFault('low_role');
    expect((await diagnose(connectionTo(site.url))).retryable).toBe(false);
  });
});

describe('credentials', () => {
  it('report a wrong site key', async () => {
    const result = await diagnose(connectionTo(site.url, { siteKey: `sbk_${'x'.repeat(43)}` }));
    expect(result).toMatchObject({ code: 'bad_credentials', stage: 'signed_ping' });
    expect(result.hint).toMatch(/Rotate the site key/);
  });

  it.each([
    ['another key', { siteKey: `sbk_${'x'.repeat(43)}` }],
    ['no key', {}],
  ])('connect by the password when the connector holds %s, and say so', async (what, changes) => {
    if (what === 'no key') site.setFault('connector_not_configured');
    const result = await diagnose(connectionTo(site.url, { ...changes, credentials: PASSWORD }));
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(notes(result)).toEqual(['connector_other_key']);
    expect(result.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['signed_ping', 'sign_in', 'content']),
    );
    const wrong = { ...PASSWORD, application_password: 'wrong' };
    expect(await diagnose(connectionTo(site.url, { ...changes, credentials: wrong }))).toMatchObject({
      success: false,
      code: 'bad_credentials',
      stage: 'sign_in',
    });
  });

  it('report a request that was changed on the way, and not another key', async () => {
    const proxy = await startSiteProxy(site.url);
    cleanups.push(proxy.stop);
    proxy.rewrite(({ target }) => ({ target: target.replace('type=post', 'type=page') }));
    const result = await diagnose(connectionTo(proxy.url, { credentials: PASSWORD }));
    expect(result).toMatchObject({ code: 'request_rewritten', stage: 'content' });
    expect(result.message).toContain('changed the parameter type');
    expect(result.hint).not.toContain('Rotate');
  });

  it('report a site without a key', async () => {
    const result = await diagnose(connectionTo(site.url, { siteKey: null }));
    expect(result).toMatchObject({ code: 'bad_credentials', stage: 'signed_ping' });
    expect(result.hint).toMatch(/Make a site key/);
  });

  it.each([
    ['a wrong password', { ...PASSWORD, application_password: 'wrong' }],
    ['an unknown user', { ...PASSWORD, username: 'nobody' }],
  ])('report %s, whatever WordPress’s wording', async (_, credentials) => {
    for (const behaviour of ['connector_missing', 'wrong_password_reported', 'xmlrpc_disabled'] as const) {
      site.setFault(behaviour);
      const result = await diagnose(connectionTo(site.url, { credentials }));
      expect(result.code).toBe('bad_credentials');
      expect(result.hint).toMatch(/new application password/);
    }
  });

  it('report both causes when XML-RPC cannot tell which one it is', async () => {
    site.setFault('connector_missing', 'auth_header_stripped', 'xmlrpc_disabled');
    const result = await diagnose(connectionTo(site.url, { credentials: PASSWORD }));
    expect(result.code).toBe('bad_credentials');
    expect(result.hint).toMatch(/CGIPassAuth/);
  });
});

describe('the way to the site', () => {
  it.each(['', 'nonsense', 'javascript:alert(1)', 'ftp://example.com', 'https://u:p@example.com', 'http://'])(
    'reports "%s" as a malformed address',
    async (siteUrl) => {
      const result = await diagnose(connectionTo(siteUrl));
      expect(result).toMatchObject({ code: 'invalid_url', stage: 'address' });
      expect(result.hint).toMatch(/https:\/\/example\.com/);
    },
  );

  it('reports a private address without naming it', async () => {
    const strict = testPlatform({ allow: [] });
    cleanups.push(strict.close);
    const result = await diagnose(connectionTo('http://10.20.30.40'), strict.platform);
    expect(result).toMatchObject({ code: 'private_address', stage: 'dns' });
    expect(result.hint).toMatch(/OUTBOUND_ALLOW/);
    expect(JSON.stringify(result)).not.toContain('10.20.30.40');
  });

  it('reports an unknown host name', async () => {
    const result = await diagnose(connectionTo('https://no-such-site.invalid'));
    expect(result).toMatchObject({ code: 'dns', stage: 'dns' });
    expect(result.hint).toMatch(/spelling|name servers/);
  });

  it('reports a refused connection', async () => {
    const result = await diagnose(connectionTo(`http://127.0.0.1:${await closedPort()}`));
    expect(result).toMatchObject({ code: 'unreachable', stage: 'connect', retryable: true });
    expect(result.hint).toMatch(/Start the web server/);
  });

  it('reports a port without a web server', async () => {
    const ssh = await serveBytes('SSH-2.0-OpenSSH_9.2\r\n');
    cleanups.push(ssh.stop);
    const result = await diagnose(connectionTo(`http://127.0.0.1:${ssh.port}`));
    expect(result).toMatchObject({ code: 'unreachable', stage: 'http' });
    expect(result.hint).toMatch(/port/);
  });

  it('reports a site that does not answer, before the timeout', async () => {
    site.setFault('silent');
    const result = await diagnose(connectionTo(site.url));
    expect(result).toMatchObject({ code: 'timeout', stage: 'http', retryable: true });
    expect(result.latency_ms).toBeLessThan(30_000);
  });

  it.each([
    ['expired', /Renew/],
    ['self_signed', /Let's Encrypt/],
    ['wrong_name', /address that the certificate names/],
    ['incomplete_chain', /fullchain\.pem/],
    ['untrusted', /known authority/],
  ] as const)('names the TLS fault: %s', async (detail, hint) => {
    const chain = await makeChain();
    const tls = {
      expired: await makeCertificate({ issuer: chain.root, expired: true }),
      self_signed: await makeCertificate(),
      wrong_name: await makeCertificate({ issuer: chain.root, name: 'other.example.com' }),
      incomplete_chain: chain.leaf,
      untrusted: chain.full,
    }[detail];
    const other = await anotherSite({ tls, hostname: 'localhost' });
    const trusting = testPlatform(detail === 'untrusted' ? {} : { extraCa: chain.root.cert });
    cleanups.push(trusting.close);
    const result = await diagnose(connectionTo(other.url), trusting.platform);
    expect(result).toMatchObject({ code: 'tls', stage: 'connect' });
    expect(result.checks.at(-1)?.detail).toBe(detail);
    expect(result.hint).toMatch(hint);
  });

  it('connects through correctly configured TLS', async () => {
    const chain = await makeChain();
    const other = await anotherSite({ tls: chain.full, hostname: 'localhost' });
    const trusting = testPlatform({ extraCa: chain.root.cert });
    cleanups.push(trusting.close);
    expect((await diagnose(connectionTo(other.url), trusting.platform)).code).toBe('ok');
  });

  it('reports a wrong clock of the server too', async () => {
    const late = testPlatform({ clock: () => Date.now() + 121_500 });
    cleanups.push(late.close);
    expect((await diagnose(connectionTo(site.url), late.platform)).code).toBe('clock_skew');
  });
});

describe('the table of explanations', () => {
  it('has a text for each code, and no code without a test', async () => {
    const paused = testPlatform({ refusal: new RemoteError('server_paused', 'Paused.') });
    cleanups.push(paused.close);
    await diagnose(connectionTo(site.url), paused.platform);
    const codes = new Set(Object.keys(EXPLANATIONS).map((key) => key.split('.')[0] ?? ''));
    expect([...codes].filter((code) => !seenCodes.has(code))).toEqual([]);
    expect([...seenCodes].filter((code) => !codes.has(code))).toEqual([]);
    for (const [code, { message, hint }] of Object.entries(EXPLANATIONS)) {
      expect(message).toMatch(/\.$/);
      if (code !== 'ok') expect(hint).toMatch(/\.$/);
    }
  });
});
