import { describe, expect, it } from '@jest/globals';
import { nextLink } from '../../../src/platforms/custom/nextLink.ts';
import { retryAfterMs } from '../../../src/platforms/custom/retryAfter.ts';

describe('the header Link', () => {
  it.each<[string | undefined, string | null]>([
    [undefined, null],
    ['', null],
    ['<https://a.example/?page=2>; rel="next"', 'https://a.example/?page=2'],
    ['</a?ids=1,2>; rel=next', '/a?ids=1,2'],
    ['<a>; rel="prev", <b>; rel="next"', 'b'],
    ['<a>; title="x, <c>; rel=\\"next\\""; rel="last", <b>; REL="Last Next"', 'b'],
    ['<a>; rel="nextish", <b>; rel="https://a.example/next"', null],
    ['<a>; rel="next', null],
    ['a; rel="next"', null],
    [`${'<a>;"'.repeat(3_000)}`, null],
  ])('%j', (header, next) => {
    expect(nextLink(header)).toBe(next);
  });
});

describe('the header Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);

  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['0', 0],
    ['7', 7_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', 86_400_000],
  ])('%j', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});
