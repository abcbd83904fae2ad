import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from '../../src/platforms/retryAfter.ts';

describe('the header Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);

  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['0', 0],
    [' 7 ', 7_000],
    ['2.0', 2_000],
    ['0.0015', 2],
    ['1.', undefined],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', 86_400_000],
  ])('%j', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});
