import { describe, expect, it } from '@jest/globals';
import { keyFingerprint, signRequest, verifyRequest } from '../../src/security/requestSignature.ts';
import { SERVER_ID } from '../support/identity.ts';

const KEY = `sbk_${'k'.repeat(43)}`;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const REQUEST = {
  method: 'POST',
  target: '/blog/?rest_route=/sitebridge/v1/ping&x=%20',
  route: '/sitebridge/v1/ping',
  body: '{"a":1}',
};

type Version = 'v1' | 'v2';

function signed(
  request = REQUEST,
  siteKey = KEY,
  now = NOW,
  version: Version = 'v2',
): Record<string, string> {
  const context = { version, serverId: SERVER_ID, siteId: 7, siteKey, now, nonce: 'n-1' };
  const headers = signRequest(request, context);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

describe('request signature', () => {
  it('v1 equals the contract, byte by byte', () => {
    // Computed with other tools:
    // printf 'GET\n/wp-json/sitebridge/v1/ping\n1767323045\nabc\n%s' "$(printf '' | sha256sum | cut -c1-64)" |
    //   openssl dgst -sha256 -hmac sbk_test
    const headers = signRequest(
      { method: 'GET', target: '/wp-json/sitebridge/v1/ping', route: '/sitebridge/v1/ping' },
      { version: 'v1', serverId: SERVER_ID, siteId: 3, siteKey: 'sbk_test', now: NOW, nonce: 'abc' },
    );
    expect(headers).toEqual({
      'X-Sitebridge-Server': SERVER_ID,
      'X-Sitebridge-Site': '3',
      'X-Sitebridge-Timestamp': '1767323045',
      'X-Sitebridge-Nonce': 'abc',
      'X-Sitebridge-Signature': 'v1=fb05d61fb7e99141af9825bb59fff4bddd6a9f0f8f968130ef4976fc189bdd83',
    });
  });

  it('v2 equals the contract, byte by byte', () => {
    // Computed with other tools:
    // printf 'GET\n/wp/v2/posts\ncontext=edit&include%%5B%%5D=7&search=a%%20b\n1767323045\nabc\n%s' \
    //   "$(printf '' | sha256sum | cut -c1-64)" | openssl dgst -sha256 -hmac sbk_test
    const headers = signRequest(
      {
        method: 'GET',
        target: '/blog/?rest_route=/wp/v2/posts&search=a+b&include[]=7&context=edit',
        route: '/wp/v2/posts',
      },
      { version: 'v2', serverId: SERVER_ID, siteId: 3, siteKey: 'sbk_test', now: NOW, nonce: 'abc' },
    );
    expect(headers).toEqual({
      'X-Sitebridge-Server': SERVER_ID,
      'X-Sitebridge-Site': '3',
      'X-Sitebridge-Timestamp': '1767323045',
      'X-Sitebridge-Nonce': 'abc',
      'X-Sitebridge-Params': 'context,include%5B%5D,search',
      'X-Sitebridge-Signature': 'v2=e4d2cb3d7a11b6ea418316c1a26ade216e4ff4856a11890b6a3c5440c905d719',
    });
  });

  it('tells keys apart by a fingerprint', () => {
    // printf 'sitebridge key' | openssl dgst -sha256 -hmac sbk_test
    expect(keyFingerprint('sbk_test')).toBe('3440859b');
  });

  it('verifies what it signed', () => {
    expect(verifyRequest(REQUEST, signed(), KEY, NOW)).toEqual({
      ok: true,
      siteId: '7',
      nonce: 'n-1',
      params: 'x=%20',
    });
    expect(verifyRequest(REQUEST, signed(REQUEST, KEY, NOW, 'v1'), KEY, NOW)).toMatchObject({
      ok: true,
      params: null,
    });
  });

  it('never contains the key', () => {
    expect(JSON.stringify(signed())).not.toContain(KEY);
  });

  const { body: _body, ...withoutBody } = REQUEST;
  it.each([
    ['method', { ...REQUEST, method: 'GET' }],
    ['route', { ...REQUEST, route: '/other' }],
    ['parameter', { ...REQUEST, target: `${REQUEST.target}y` }],
    ['missing parameter', { ...REQUEST, target: '/blog/?rest_route=/sitebridge/v1/ping' }],
    ['doubled parameter', { ...REQUEST, target: `${REQUEST.target}&x=%20` }],
    ['body', { ...REQUEST, body: '{"a":2}' }],
    ['missing body', withoutBody],
  ])('v2 fails for another %s', (_, request) => {
    expect(verifyRequest(request, signed(), KEY, NOW)).toEqual({ ok: false, reason: 'bad_signature' });
  });

  it.each([
    ['path', { ...REQUEST, target: REQUEST.target.replace('/blog', '') }],
    ['query', { ...REQUEST, target: `${REQUEST.target}&y=1` }],
    ['encoding of the query', { ...REQUEST, target: REQUEST.target.replace('%20', '+') }],
  ])('v2 holds for another %s, v1 fails', (_, request) => {
    expect(verifyRequest(request, signed(), KEY, NOW)).toMatchObject({ ok: true, params: 'x=%20' });
    expect(verifyRequest(request, signed(REQUEST, KEY, NOW, 'v1'), KEY, NOW)).toMatchObject({ ok: false });
  });

  it('is refused where its version is not known', () => {
    expect(verifyRequest(REQUEST, signed(), KEY, NOW, ['v1'])).toEqual({
      ok: false,
      reason: 'bad_signature',
    });
  });

  it.each([
    ['another key', `sbk_${'x'.repeat(43)}`],
    ['no key', ''],
  ])('fails for %s', (_, key) => {
    expect(verifyRequest(REQUEST, signed(), key, NOW)).toEqual({ ok: false, reason: 'bad_signature' });
  });

  it('made with an empty key is refused when the site has no key', () => {
    expect(verifyRequest(REQUEST, signed(REQUEST, ''), '', NOW)).toMatchObject({ ok: false });
  });

  it.each(['x-sitebridge-timestamp', 'x-sitebridge-nonce'])('signs %s', (name) => {
    expect(verifyRequest(REQUEST, { ...signed(), [name]: '1767323046' }, KEY, NOW)).toMatchObject({
      ok: false,
    });
  });

  it.each(['x-sitebridge-timestamp', 'x-sitebridge-nonce', 'x-sitebridge-site'])('needs %s', (name) => {
    const { [name]: _gone, ...rest } = signed();
    expect(verifyRequest(REQUEST, rest, KEY, NOW)).toMatchObject({ ok: false, reason: 'bad_signature' });
  });

  it('that is missing has its own reason', () => {
    expect(verifyRequest(REQUEST, {}, KEY, NOW)).toEqual({ ok: false, reason: 'missing' });
  });

  it.each([
    '',
    'v1=',
    'v1=00',
    'v2=',
    'v3=',
    `v1=${'0'.repeat(64)}`,
    `v2=${'0'.repeat(64)}`,
    `v2=${'Z'.repeat(64)}`,
  ])('refuses the signature "%s" without failing itself', (signature) => {
    expect(verifyRequest(REQUEST, { ...signed(), 'x-sitebridge-signature': signature }, KEY, NOW).ok).toBe(
      false,
    );
  });

  it.each([
    [-300, true],
    [-301, false],
    [300, true],
    [302, false],
  ])('is checked for its age: a request of %i seconds ago', (seconds, ok) => {
    const verdict = verifyRequest(REQUEST, signed(REQUEST, KEY, NOW - seconds * 1000), KEY, NOW);
    expect(verdict).toEqual(
      ok
        ? { ok: true, siteId: '7', nonce: 'n-1', params: 'x=%20' }
        : { ok: false, reason: 'timestamp_out_of_range' },
    );
  });
});
