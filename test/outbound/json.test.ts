import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foreignUrl } from '../../src/outbound/foreignUrl.ts';
import { decodeBody, parseJson, readJsonAt } from '../../src/outbound/json.ts';
import { MalformedJson } from '../../src/outbound/jsonReader.ts';
import { longestHold } from '../support/eventLoop.ts';

/** Larger than what the engine parses at once. */
const large = (json: string) => Buffer.from(json + ' '.repeat(300_000));

describe('JSON that is read token by token', () => {
  it('is the same as by JSON.parse, whatever the value and the blanks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom(undefined, 1, '\t\r\n'), async (json, blanks) => {
        const value: unknown = JSON.parse(json);
        const text = JSON.stringify(value, null, blanks);
        expect(await readJsonAt(text, 0)).toEqual({ value: JSON.parse(text), end: text.length });
      }),
      { numRuns: 300 },
    );
  });

  it('is refused exactly where JSON.parse refuses it', async () => {
    const changed = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', ',', ']', '}', '\\', '0', '-', ':'),
    );
    await fc.assert(
      fc.asyncProperty(changed, async ([json, at, character]) => {
        const place = at % (json.length + 1);
        const text = json.slice(0, place) + character + json.slice(place + 1);
        const read = await parseJson(large(text)).catch((error: unknown) => error);
        try {
          expect(read).toEqual(JSON.parse(text));
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          expect(read).toBeInstanceOf(MalformedJson);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['{"__proto__":{"a":1},"a":1,"a":2}', '"\\ud800\\u00e9"', '-0', '1e400', '[[],{}]'])(
    '%s is the same in a small and in a large body',
    async (json) => {
      const small = await parseJson(Buffer.from(json));
      expect(await parseJson(large(json))).toStrictEqual(small);
      expect(JSON.stringify(await parseJson(large(json)))).toBe(JSON.stringify(JSON.parse(json)));
    },
  );

  it.each([
    '',
    '{',
    '[1,]',
    '{"a"}',
    '{"a":1,}',
    '{a:1}',
    '01',
    '1.',
    '[1}',
    '"\n"',
    '"\\x"',
    'nul',
    '[1] 2',
  ])('%j is malformed in a small and in a large body', async (json) => {
    await expect(parseJson(Buffer.from(json))).rejects.toThrow(MalformedJson);
    await expect(parseJson(large(json))).rejects.toThrow(MalformedJson);
  });

  it('nests 512 levels deep, and no deeper', async () => {
    const nest = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    for (const body of [Buffer.from, large]) {
      await expect(parseJson(body(nest(512)))).resolves.toBeInstanceOf(Array);
      await expect(parseJson(body(nest(513)))).rejects.toThrow(MalformedJson);
      await expect(parseJson(body(nest(120_000)))).rejects.toThrow(MalformedJson);
    }
  });

  it('has at most 2,000,000 values, and an object at most 250,000 entries', async () => {
    const values = (count: number) => Buffer.from(`[${'1,'.repeat(count - 2)}1]`);
    expect(await parseJson(values(2_000_000))).toHaveLength(1_999_999);
    await expect(parseJson(values(2_000_001))).rejects.toThrow(MalformedJson);
    const entries = (count: number) =>
      Buffer.from(`{${Array.from({ length: count }, (_, index) => `"${index}a":1`).join(',')}}`);
    expect(Object.keys((await parseJson(entries(250_000))) as object)).toHaveLength(250_000);
    await expect(parseJson(entries(250_001))).rejects.toThrow(MalformedJson);
  });

  it('has strings and names with any number of escaped quotes', async () => {
    for (const count of [999, 1_000, 1_001, 5_000]) {
      const text = '"\\'.repeat(count);
      expect(await parseJson(large(JSON.stringify({ [text]: text, b: [text] })))).toEqual({
        [text]: text,
        b: [text],
      });
    }
  });

  it('of 32 MiB leaves turns for other work', async () => {
    const post = {
      id: 1,
      title: 'Post',
      body: '<p>Text – “quoted” & 日本語</p>'.repeat(100),
      tags: ['a', 'b'],
    };
    const body = Buffer.from(JSON.stringify(Array.from({ length: 8_000 }, () => post)));
    expect(body.length).toBeGreaterThan(30 * 1024 * 1024);
    const { value, ms } = await longestHold(() => parseJson(body), 100);
    expect(value).toHaveLength(8_000);
    expect(ms).toBeLessThan(100);
  });
});

describe('a large body', () => {
  it('is decoded as a small one, even with invalid bytes and characters on the border of two parts', async () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf]);
    const text = Buffer.from('€'.repeat(700_000));
    const body = Buffer.concat([mark, text, Buffer.from([0xff, 0xe2, 0x82])]);
    expect((await decodeBody(body)) === body.toString('utf8')).toBe(true);
  });
});

describe('a URL from outside', () => {
  it('is null if it is invalid or too long', () => {
    expect(foreignUrl('/a', 'https://b.example')?.href).toBe('https://b.example/a');
    expect(foreignUrl('/a')).toBeNull();
    expect(foreignUrl(`https://a.example/${'a'.repeat(8_174)}`)).not.toBeNull();
    expect(foreignUrl(`https://a.example/${'a'.repeat(8_175)}`)).toBeNull();
  });
});
