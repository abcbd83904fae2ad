import { expect, test } from '@jest/globals';
import { contentHash, isHashOf, type SharedState, termMark } from '../../src/services/content/sharedState.ts';

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
  const first = '69dd51d3e2248e1eb345c031734d4f9f1822e128f80183b25d6aba641f6588e2';
  expect(contentHash(state, 1)).toBe(first);
  expect(isHashOf(first, state)).toBe(true);
  expect(isHashOf(first, { ...state, title: 'B' })).toBe(false);
});

test('a hash lists the marks of its terms', () => {
  const marks = state.terms.map((term) => termMark(term).whole).sort();
  expect(contentHash(state)).toMatch(/^2:[0-9a-f]{64}:[0-9a-f]{34}\.[0-9a-f]{34}$/);
  expect(contentHash(state).split(':')[2]?.split('.')).toEqual(marks);
  expect(contentHash({ ...state, terms: [] })).toMatch(/^2:[0-9a-f]{64}:$/);
  const [one, other] = [
    termMark({ taxonomy: 'tag', slug: 'a', name: 'A' }),
    termMark({ taxonomy: 'tag', slug: 'a', name: 'B' }),
  ];
  expect(one.term).toBe(other.term);
  expect(one.whole).not.toBe(other.whole);
});

test('neither the order of terms nor of metadata keys changes the hash', () => {
  const other = { ...state, terms: state.terms.toReversed(), metadata: { a: { c: [2], d: 1 }, b: 1 } };
  expect(contentHash(other)).toBe(contentHash(state));
  expect(contentHash({ ...state, body: '<p>B</p>' })).not.toBe(contentHash(state));
});

test('a hash of another version is compared in that version', () => {
  const later = contentHash(state, 3);
  expect(later).toMatch(/^3:[0-9a-f]{64}:/);
  expect(isHashOf(later, state)).toBe(true);
  expect(isHashOf(later, { ...state, title: 'B' })).toBe(false);
  expect(isHashOf(contentHash(state), state)).toBe(true);
  expect(isHashOf(null, state)).toBe(false);
});
