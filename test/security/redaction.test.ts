import { describe, expect, test } from '@jest/globals';
import { Redaction } from '../../src/security/redaction.ts';

const SECRET = 'Ab12 +/"é\\ long secret';
const redaction = new Redaction();
redaction.add([SECRET, 'short'], 'ada');

describe('a secret is removed', () => {
  test.each([
    ['in clear', SECRET],
    ['in another case', SECRET.toUpperCase()],
    ['without blanks', SECRET.replaceAll(' ', '')],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['in hex', Buffer.from(SECRET).toString('hex')],
    ['in an Authorization header', Buffer.from(`ada:${SECRET}`).toString('base64')],
    ['cut off', SECRET.slice(0, 15)],
  ])('%s', (_name, form) => {
    expect(redaction.of(`It said ${form}, twice: ${form}.`)).toBe('It said [redacted], twice: [redacted].');
  });

  test('in every text of a value, and the rest stays', () => {
    const value = { a: [1, null, { [SECRET]: `x${SECRET}` }], short: 'short words' };
    expect(redaction.deep(value)).toEqual({
      a: [1, null, { '[redacted]': 'x[redacted]' }],
      short: 'short words',
    });
  });

  test('that was added later, and none where there is none', () => {
    const later = new Redaction();
    expect(later.of('a text')).toBe('a text');
    later.add(['minted-token-1']);
    expect(later.of('a minted-token-1')).toBe('a [redacted]');
  });
});
