import { expect, test } from '@jest/globals';
import { contentHash, isHashOf, type SharedState } from '../../src/services/content/sharedState.ts';

const state: SharedState = {
  title: 'A',
  slug: 'a',
  body: '<p>A</p>',
  excerpt: '',
  status: 'published',
  terms: [
    { taxonomy: 'tag', slug: 'b', name: 'B' },
    { taxonomy: 'tag', slug: 'a', name: 'A' },
  ],
  metadata: { b: 1, a: { d: 1, c: [2] } },
};

test('a hash without a version is of the first version', () => {
  expect(contentHash(state)).toBe('69dd51d3e2248e1eb345c031734d4f9f1822e128f80183b25d6aba641f6588e2');
});

test('neither the order of terms nor of metadata keys changes the hash', () => {
  const other = { ...state, terms: state.terms.toReversed(), metadata: { a: { c: [2], d: 1 }, b: 1 } };
  expect(contentHash(other)).toBe(contentHash(state));
  expect(contentHash({ ...state, body: '<p>B</p>' })).not.toBe(contentHash(state));
});

test('a hash of another version is compared in that version', () => {
  const later = contentHash(state, 2);
  expect(later).toMatch(/^2:[0-9a-f]{64}$/);
  expect(isHashOf(later, state)).toBe(true);
  expect(isHashOf(later, { ...state, title: 'B' })).toBe(false);
  expect(isHashOf(contentHash(state), state)).toBe(true);
  expect(isHashOf(null, state)).toBe(false);
});
