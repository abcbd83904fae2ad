import { describe, expect, it } from '@jest/globals';
import {
  wordpressConfigSchema,
  wordpressCredentialsSchema,
} from '../../../src/platforms/wordpress/settings.ts';
import { readDirtyJson } from '../../../src/platforms/wordpress/site/dirtyJson.ts';
import { decodeCharacterReferences, withoutTags } from '../../../src/platforms/wordpress/site/htmlText.ts';
import { compareHome, parseSiteAddress } from '../../../src/platforms/wordpress/site/siteAddress.ts';

describe('site address', () => {
  it.each([
    ['https://example.com', 'https://example.com/'],
    ['  HTTP://Example.COM  ', 'http://example.com/'],
    ['example.com', 'https://example.com/'],
    ['www.example.com/blog/', 'https://www.example.com/blog/'],
    ['example.com:8443/x', 'https://example.com:8443/x/'],
    ['localhost:8080', 'https://localhost:8080/'],
    ['https://example.com/wp-admin/options.php?page=1', 'https://example.com/'],
    ['https://example.com/blog/wp-login.php', 'https://example.com/blog/'],
    ['https://example.com/blog/wp-json/wp/v2', 'https://example.com/blog/'],
    ['https://example.com/index.php?p=1#top', 'https://example.com/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ])('%s becomes %s', (typed, address) => {
    expect(parseSiteAddress(typed).href).toBe(address);
  });

  it.each([
    ['https://example.com/', 'https://example.com', 'none'],
    ['https://example.com/', 'http://example.com', 'none'],
    ['http://example.com/', 'https://example.com', 'canonical'],
    ['https://example.com/', 'https://www.example.com/', 'canonical'],
    ['https://www.example.com/', 'https://example.com/', 'canonical'],
    ['https://example.com/', 'https://clone.example.com/', 'other'],
    ['https://example.com/', 'https://example.com/blog', 'other'],
    ['http://127.0.0.1:81/', 'http://127.0.0.1:82', 'other'],
    ['https://example.com/', 'nonsense', 'other'],
  ])('%s whose home is %s: %s', (tested, home, difference) => {
    expect(compareHome(parseSiteAddress(tested), home)).toBe(difference);
  });
});

describe('JSON with text around it', () => {
  it.each([
    ['{"a":1}', false],
    ['[1]', false],
    ['\uFEFF{"a":1}', true],
    ['<br />\n<b>Warning</b>: x[0] {y} in <b>/a.php</b>\n{"a":1}', true],
    ['{"a":1}\n<br /><b>Notice</b>: late', true],
    ['Notice: x\n[1]', true],
  ])('%j', async (text, dirty) => {
    const value = text.includes('[1]') ? [1] : { a: 1 };
    expect(await readDirtyJson(Buffer.from(text))).toEqual({ value, dirty });
  });

  it.each(['', '<html></html>', '"text"', '1', 'null', '{"a":', `${'{'.repeat(100_000)}`])(
    'is not found in %.20j',
    async (text) => {
      expect(await readDirtyJson(Buffer.from(text))).toBeNull();
    },
  );
});

describe('JSON behind a lot of other output', () => {
  it('is found after 40 braces at most, and after 1 MiB that was read in vain', async () => {
    const read = (text: string) => readDirtyJson(Buffer.from(text));
    expect(await read(`${'x{'.repeat(39)} {"a":1}`)).toEqual({ value: { a: 1 }, dirty: true });
    expect(await read(`${'x{'.repeat(40)} {"a":1}`)).toBeNull();
    const numbers = (length: number) => `[${'1,'.repeat(length / 2)}`;
    expect(await read(`${numbers(900_000)} x {"a":1}`)).toEqual({ value: { a: 1 }, dirty: true });
    expect(await read(`${numbers(1_100_000)} x {"a":1}`)).toBeNull();
  });
});

describe('text in HTML', () => {
  it.each([
    ['a <b>c</b> < d', 'a c < d'],
    ['<<a>>', '>'],
    ['<a', '<a'],
    ['', ''],
  ])('%s without tags is %s', (html, text) => {
    expect(withoutTags(html)).toBe(text);
  });

  it('has only the named references of XML and the no-break space', () => {
    expect(decodeCharacterReferences('&lt;&AMP;&constructor;&#65;&#x110000;')).toBe(
      '<&&constructor;A&#x110000;',
    );
  });
});

describe('settings', () => {
  it.each([
    {},
    { site_url: 'https://example.com' },
    {
      sync_settings: {
        conflict: 'newest',
        concurrency: 16,
        schedule: { cron: '0 * * * *', time_zone: 'Europe/Berlin' },
      },
    },
  ])('accept %j', (config) => {
    expect(wordpressConfigSchema.parse(config)).toEqual(config);
  });

  it.each([
    { site_url: 'javascript:alert(1)' },
    { site_url: 'https://u:p@example.com' },
    { site_url: '' },
    { site_url: undefined },
    { content_types: {} },
    { sync_settings: { conflict: 'both' } },
    { sync_settings: { concurrency: 0 } },
    { sync_settings: { concurrency: 17 } },
    { sync_settings: { concurrency: 1.5 } },
    { sync_settings: { schedule: {} } },
    { sync_settings: { unknown: 1 } },
  ])('refuse %j', (config) => {
    expect(wordpressConfigSchema.safeParse(config).success).toBe(false);
  });

  it('accept both parts of an application password, or neither', () => {
    const valid = (value: unknown) => wordpressCredentialsSchema.safeParse(value).success;
    expect(valid({})).toBe(true);
    expect(valid({ username: 'a', application_password: 'b' })).toBe(true);
    expect(valid({ username: 'a' })).toBe(false);
    expect(valid({ application_password: 'b' })).toBe(false);
    expect(valid({ username: '', application_password: '' })).toBe(false);
    expect(valid({ api_key: 'sbk_x' })).toBe(false);
  });
});
