import { expect, test } from '@jest/globals';
import { scrub } from '../../src/security/scrub.ts';
import {
  generateSiteKey,
  hashSiteKey,
  looksLikeSiteKey,
  maskSiteKey,
  matchesSiteKey,
} from '../../src/security/siteKey.ts';

test('a key is sbk_ and 43 base64url characters, different each time', () => {
  const keys = Array.from({ length: 200 }, generateSiteKey);
  for (const key of keys) {
    expect(key).toMatch(/^sbk_[A-Za-z0-9_-]{43}$/);
    expect(looksLikeSiteKey(key)).toBe(true);
    expect(Buffer.from(key.slice(4), 'base64url')).toHaveLength(32);
  }
  expect(new Set(keys).size).toBe(200);
});

test('a key matches only its own hash', () => {
  const key = generateSiteKey();
  expect(matchesSiteKey(key, hashSiteKey(key))).toBe(true);
  expect(matchesSiteKey(generateSiteKey(), hashSiteKey(key))).toBe(false);
  expect(matchesSiteKey(`${key} `, hashSiteKey(key))).toBe(false);
  expect(hashSiteKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a site without a key matches no key, also not the empty key with its hash', () => {
  for (const key of ['', '0'.repeat(64), 'null', generateSiteKey()])
    expect(matchesSiteKey(key, null)).toBe(false);
  // If a hash of the empty key is ever stored, the form of the key still stops it.
  expect(looksLikeSiteKey('')).toBe(false);
});

test.each([
  'sbk_',
  `sbk_${'a'.repeat(42)}`,
  `sbk_${'a'.repeat(44)}`,
  `SBK_${'a'.repeat(43)}`,
  `sbk_${'+'.repeat(43)}`,
  `sbk_${'a'.repeat(43)}\n`,
])('%j does not look like a key', (text) => {
  expect(looksLikeSiteKey(text)).toBe(false);
});

test('a masked key shows its last four characters', () => {
  expect(maskSiteKey('wxyz')).toBe('sbk_…wxyz');
});

test('a key is removed from any text', () => {
  const key = generateSiteKey();
  expect(scrub(`a ${key}, "${key}" and ${key}`)).toBe(
    'a sbk_[redacted], "sbk_[redacted]" and sbk_[redacted]',
  );
  expect(scrub(maskSiteKey('wxyz'))).toBe('sbk_…wxyz');
  expect(scrub('Bearer of news')).toBe('Bearer of news');
});
