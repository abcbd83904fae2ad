import { describe, expect, it } from '@jest/globals';
import { parseJsonText } from '../../../src/outbound/json.ts';
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
  const read = (text: string) => readDirtyJson(Buffer.from(text));
  const ANSWER = '{"id":1,"title":{"raw":"[1] and {}"},"terms":[]}';

  it('is clean if there is none', async () => {
    for (const text of ['{"a":1}', '[1]', ' [] ']) {
      expect(await read(text)).toEqual({
        found: 'json',
        value: JSON.parse(text),
        dirt: null,
        notice: null,
      });
    }
  });

  it.each([
    ['a byte order mark', '\uFEFF', ''],
    ['a warning with brackets', '<br />\n<b>Warning</b>: x[0] {y} in <b>/a.php</b>\n', ''],
    ['a notice behind it', '', '\n<br /><b>Notice</b>: late {0} [1]'],
    ['a notice without HTML', 'Notice: x\n', ''],
    ['JSON in a notice', 'Warning: cannot read {"a":1} and [2,3] and {"b": x\n', ''],
    ['half a string in a notice', 'Warning: cannot read {"a":"b in x.php\n', ''],
    [
      'a script before it',
      '<script>var a = {"b": [1, 2, {"c": "a longer JSON than that of the answer"}]};</script>',
      '',
    ],
    [
      'a script behind it',
      '',
      '\n<script type="text/javascript">window.a={"b":{"c":"a longer JSON than that of the answer"}};if(a){b[0]}</script>',
    ],
    [
      'a style sheet and a comment',
      '<style>a{"b":1}</style><!-- {"c":"a longer JSON than that of the answer"} -->',
      '<!-- [1] -->',
    ],
    ['elements that do not end', '<script><style><!--\n', '<script>'],
    ['many braces', 'x{'.repeat(5_000), ''],
  ])('is found despite %s', async (_, before, after) => {
    for (const answer of [ANSWER, `[${ANSWER},${ANSWER}]`]) {
      expect(await read(before + answer + after)).toMatchObject({
        found: 'json',
        value: JSON.parse(answer),
        dirt: 'other_output',
      });
    }
  });

  it.each([
    [
      '<b>Notice</b>:  x in <b>/srv/www/wp-content/plugins/a-b/c.php</b> on line <b>1</b><br />',
      'wp-content/plugins/a-b/c.php',
    ],
    ['PHP Warning:  x in /srv/lib/c.php on line 12', '/srv/lib/c.php'],
    ['Something else in a.php.', null],
  ])('comes with the file that a notice names: %s', async (notice, file) => {
    expect(await read(`${notice}\n${ANSWER}`)).toMatchObject({ notice: file });
    expect(await read(`${ANSWER}\n${notice}`)).toMatchObject({ notice: file });
  });

  it.each([
    ['line breaks and tabs', '[{"a\tb":"one\ntwo\r\n\tthree","c":"\\n \\"quoted\\"\n","d":[1,2]}]\n'],
    ['other control characters', '{"a":"\u0001\u001f\b"}'],
    ['a large answer', `["${'long line\n'.repeat(40_000)}",9007199254740993]`],
  ])('is read although its texts hold %s as they are', async (_, text) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that JSON wants as escapes
    const valid = text.trim().replace(/[\u0000-\u001f]/g, (each) => JSON.stringify(each).slice(1, -1));
    expect(await read(text)).toEqual({
      found: 'json',
      value: await parseJsonText(valid),
      dirt: 'raw_controls',
      notice: null,
    });
    expect(await read(`\uFEFF${text}`)).toMatchObject({ found: 'json', dirt: 'other_output' });
    expect(await read(text.slice(0, -4))).toEqual({ found: 'cut_off' });
  });

  it.each([
    '',
    '<html></html>',
    '"text"',
    '1',
    'null',
    `${'{'.repeat(100_000)}`,
    '['.repeat(100_000),
    'a [b] {c}',
    `<!DOCTYPE html><div data-a='{"a":1}'></div>`,
  ])('is not found in %.20j', async (text) => {
    expect(await read(text)).toEqual({ found: 'nothing' });
  });

  it('is cut off wherever it ends early, and no part of it passes for the whole', async () => {
    const list = `[${ANSWER},{"a":true,"b":-1.5,"c":null}]`;
    for (const before of ['', 'Notice: [1] {"a":1}\n']) {
      // A beginning that is shorter than the JSON in the notice cannot be told from another notice.
      for (let end = before.length === 0 ? 2 : 20; end < list.length; end += 1) {
        expect([end, await read(before + list.slice(0, end))]).toEqual([end, { found: 'cut_off' }]);
      }
      expect(await read(`${before + list.slice(0, 60)}\n<br />More output`)).toEqual({ found: 'cut_off' });
    }
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
