import { describe, expect, it } from '@jest/globals';
import { linkedNext } from '../../../src/platforms/custom/nextPage.ts';

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
    expect(linkedNext(header)).toBe(next);
  });
});
