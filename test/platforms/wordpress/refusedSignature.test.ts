import { describe, expect, it } from '@jest/globals';
import { refusedSignature } from '../../../src/platforms/wordpress/site/refusedSignature.ts';

const SENT = {
  method: 'POST',
  route: '/wp/v2/posts',
  params: '_fields=id&context=edit&include%5B%5D=1&include%5B%5D=2',
  bodySha256: 'a'.repeat(64),
  key: '80a4a4e6',
};
const SEEN = {
  method: SENT.method,
  route: SENT.route,
  params: SENT.params,
  body_sha256: SENT.bodySha256,
};

const told = (value: unknown) => refusedSignature({ value, sent: SENT }, { path: '/wp-json/' });
const seen = (changes: object) => told({ key: SENT.key, seen: { ...SEEN, ...changes } });

describe('a refused signature', () => {
  it.each([
    [{ method: 'GET' }, 'turned POST into GET'],
    [{ route: '/wp/v2/pages' }, 'turned /wp/v2/posts into /wp/v2/pages'],
    [{ route: '' }, 'turned /wp/v2/posts into nothing'],
    [{ params: '_fields=id&include%5B%5D=1&include%5B%5D=2' }, 'took away the parameter context'],
    [{ params: SENT.params.replace('edit', 'view') }, 'changed the parameter context'],
    [{ params: SENT.params.replace('&include%5B%5D=2', '') }, 'took away the parameter include[]'],
    [{ params: `${SENT.params}&include%5B%5D=3` }, 'added the parameter include[]'],
    [{ params: '' }, 'took away the parameter _fields, took away the parameter context'],
    [{ body_sha256: 'b'.repeat(64) }, 'changed the body'],
    [{ body_sha256: '' }, 'changed the body'],
    [{ method: 'GET', body_sha256: 'b'.repeat(64) }, 'turned POST into GET, changed the body'],
    [{}, 'changed one of our X-Sitebridge headers'],
  ])('with our key and %j names the change', (changes, words) => {
    const fault = seen(changes);
    expect(fault).toMatchObject({ code: 'request_rewritten', retryable: false });
    expect(fault.message).toContain(words);
    expect(fault.hint).toContain('/wp-json/');
    // Values may be confidential.
    expect(fault.message).not.toMatch(/edit|view/);
  });

  it('is read beside the code and within data', () => {
    expect(told({ data: { key: SENT.key, seen: { ...SEEN, method: 'GET' } } }).code).toBe(
      'request_rewritten',
    );
  });

  it.each([
    ['another key', { key: '00000000', seen: { ...SEEN, method: 'GET' } }],
    ['no key, as before 0.6.0', {}],
    ['an empty key', { key: '', seen: SEEN }],
    ['a key that is no text', { key: [SENT.key], seen: SEEN }],
    ['nothing seen', { key: SENT.key, seen: null }],
    ['text instead of an answer', 'no'],
  ])('with %s is told as another key', (_, value) => {
    expect(told(value)).toMatchObject({ code: 'bad_credentials', detail: 'signature' });
  });

  it.each<[string, object]>([
    ['line breaks', { method: 'GET\r\nSet-Cookie: a=1\u2028', route: '\u0000\u001b[31m' }],
    [
      'very long texts',
      { method: 'x'.repeat(100_000), route: 'y'.repeat(100_000), params: 'z'.repeat(100_000) },
    ],
    ['many parameters', { params: Array.from({ length: 10_000 }, (_, at) => `p${at}=1`).join('&') }],
    ['no texts', { method: 1, route: {}, params: [], body_sha256: null }],
    ['names of objects', { params: '__proto__=1&constructor=2&toString=3' }],
    ['placeholders', { route: '{path}{difference}' }],
  ])('stays one short line of plain text for %s', (_, changes) => {
    const { code, message, detail } = seen(changes);
    expect(code).toBe('request_rewritten');
    expect(message).toMatch(/^[\x20-\x7e\u2026]{1,900}$/);
    expect(detail).toMatch(/^[\x20-\x7e\u2026]{1,800}$/);
  });
});
