import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExactNumber, readNumber } from '../../src/outbound/exactNumber.ts';
import { foreignUrl } from '../../src/outbound/foreignUrl.ts';
import { decodeBody, parseJson, readJsonAt } from '../../src/outbound/json.ts';
import { MalformedJson } from '../../src/outbound/jsonReader.ts';
import { longestHold } from '../support/eventLoop.ts';

/** The value by the engine's own parser, which gives the text of each number. */
function exactly(text: string): unknown {
  // The types of the language do not have the third parameter yet.
  const reviver = (_name: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? readNumber(context.source) : value;
  return JSON.parse(text, reviver);
}

/** Numbers of any length, with zeros at either end, and with exponents. */
const numbers = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,40}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,40}$/), fc.stringMatching(/^\.\d{0,20}0{1,5}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?\d{1,2}$/)),
  )
  .map((parts) => parts.join(''));

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
          expect(read).toEqual(exactly(text));
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          expect(read).toBeInstanceOf(MalformedJson);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['{"__proto__":{"a":1},"a":1,"a":2}', '"\\ud800\\u00e9"', '-0', '1e5000', '[[],{}]'])(
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

  it('holds each number to the digit, in a small and in a large body', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, async (number) => {
        const json = `{"a": [${number},${number}], "b":${number}}`;
        const small = await parseJson(Buffer.from(json));
        expect(small).toEqual(exactly(json));
        expect(await parseJson(large(json))).toEqual(small);
        const [, written = ''] = /"b":(.*)}/.exec(JSON.stringify(small)) ?? [];
        expect(sameNumber(written, number)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['9007199254740993', '9007199254740993'],
    ['1764000000000251231', '1764000000000251231'],
    ['19.90', '19.90'],
    ['-0.10', '-0.10'],
    ['5.0', '5.0'],
    ['0.1000000000000000055511151231257827', '0.1000000000000000055511151231257827'],
    ['1E400', `1${'0'.repeat(400)}`],
    ['1.50e1', '15.0'],
  ])('writes %s back as %s', async (number, digits) => {
    const read = await parseJson(Buffer.from(`{"a":${number}}`));
    expect(read).toEqual({ a: new ExactNumber(digits) });
    expect(JSON.stringify(read)).toBe(`{"a":${digits}}`);
  });

  it.each(['0', '19.9', '9007199254740992', '1e21', '1e-7', '100', '-1.5', '1.5e3', '5e-324'])(
    'reads %s as a plain number',
    async (number) => {
      expect(await parseJson(Buffer.from(number))).toBe(Number(number));
      expect(await parseJson(large(number))).toBe(Number(number));
    },
  );

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

  it('has U+FFFD for bytes that are not UTF-8, as a decoded text has', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => some.filter((byte) => byte >= 0x80));
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom('', 'a', 'ab'.repeat(20)), async (some, text) => {
        const body = Buffer.concat([Buffer.from(`{"${text}`), some, Buffer.from('":"'), some, large('"}')]);
        expect(await parseJson(body)).toEqual(JSON.parse(await decodeBody(body)));
      }),
      { numRuns: 300 },
    );
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

/** Are two numbers the same to the digit, with the zeros at the end of the fraction? */
function sameNumber(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => {
    const [, sign = '', whole = '', fraction = '', exponent = '0'] =
      /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
    const digits = BigInt(whole + fraction);
    const scale = fraction.length - Number(exponent);
    return { value: sign === '-' ? -digits : digits, scale };
  });
  if (a === undefined || b === undefined) return false;
  const scale = Math.max(a.scale, b.scale);
  return a.value * 10n ** BigInt(scale - a.scale) === b.value * 10n ** BigInt(scale - b.scale);
}

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
