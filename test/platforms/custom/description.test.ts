import { describe, expect, it } from '@jest/globals';
import { customConfigSchema, customCredentialsSchema } from '../../../src/platforms/custom/description.ts';
import { describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import { zodFieldErrors } from '../../../src/zodErrors.ts';

const valid = describeApi({ url: 'https://api.example.com/v1', auth: 'bearer', paging: 'page' });
const { content } = valid;

function wrongFields(config: unknown): string[] {
  const read = customConfigSchema.safeParse(config, { reportInput: true });
  return read.success ? [] : zodFieldErrors(read.error, ['config_json']).map((error) => error.field);
}

describe('a description', () => {
  it.each(['page', 'offset', 'cursor', 'link'] as const)('with paging %s is accepted unchanged', (paging) => {
    const config = describeApi({ url: 'https://api.example.com', auth: 'none', paging });
    expect(customConfigSchema.parse(config)).toEqual(config);
  });

  it('needs no content', () => {
    const { content: _, ...bare } = valid;
    expect(wrongFields(bare)).toEqual([]);
    expect(wrongFields({ ...bare, sync_settings: { conflict: 'newest' } })).toEqual([]);
  });

  it.each([
    'ftp://a.example',
    'https:a.example',
    'a.example',
    '',
    'https://user@a.example',
    'https://user:password@a.example',
    'https://a.example/?x=1',
    'https://a.example/#x',
    'https://a.example/a b',
    'javascript:alert(1)',
    'file:///etc/passwd',
    5,
  ])('may not have the base URL %j', (base_url) => {
    expect(wrongFields({ ...valid, base_url })).toEqual(['config_json.base_url']);
  });

  it.each<[string, object, string[]]>([
    ['without anything', {}, ['auth', 'base_url', 'test']],
    ['with an unknown field', { ...valid, baseurl: 'x' }, ['baseurl']],
    ['with an unknown auth', { ...valid, auth: { type: 'digest' } }, ['auth.type']],
    ['without the name of a header', { ...valid, auth: { type: 'header' } }, ['auth.name']],
    [
      'with a line break in a header',
      { ...valid, auth: { type: 'header', name: 'X-A\r\nX-B' } },
      ['auth.name'],
    ],
    ['with a colon in a header', { ...valid, auth: { type: 'header', name: 'X-A: b' } }, ['auth.name']],
    [
      'with a header that the server sets itself',
      { ...valid, auth: { type: 'header', name: 'Host' } },
      ['auth.name'],
    ],
    ['with a secret in auth', { ...valid, auth: { type: 'bearer', token: 'x' } }, ['auth.token']],
    ['with a test on another host', { ...valid, test: { path: 'https://a.example' } }, ['test.path']],
    ['with a user in the path', { ...valid, test: { path: '@evil.example/' } }, ['test.path']],
    ['with a line break in a path', { ...valid, test: { path: '/a\r\nX: y' } }, ['test.path']],
    ['with a path upwards', { ...valid, test: { path: '/a/%2e%2E/b' } }, ['test.path']],
    ['with a placeholder in the test', { ...valid, test: { path: '/{id}' } }, ['test.path']],
    ['with an invalid status', { ...valid, test: { path: '/', expect_status: 99 } }, ['test.expect_status']],
    [
      'with a malformed pointer',
      { ...valid, test: { path: '/', expect_json_pointer: 'a' } },
      ['test.expect_json_pointer'],
    ],
    [
      'with a pointer although HEAD has no body',
      { ...valid, test: { method: 'HEAD', path: '/', expect_json_pointer: '/a' } },
      ['test.expect_json_pointer'],
    ],
  ])('%s is refused, naming the field', (_, config, fields) => {
    expect(wrongFields(config).sort()).toEqual(fields.map((field) => `config_json.${field}`));
  });

  it.each<[string, object, string[]]>([
    ['without a map', { map: undefined }, ['map']],
    ['without an id', { map: { title: '/t' } }, ['map.external_id']],
    ['with a title that is not a pointer', { map: { ...content.map, title: 'title' } }, ['map.title']],
    ['with a bad escape', { map: { ...content.map, body: '/a~2' } }, ['map.body']],
    ['with an unknown paging', { paging: { type: 'pages' } }, ['paging.type']],
    ['without the next cursor', { paging: { type: 'cursor' } }, ['paging.next']],
    ['with a page of size 0', { paging: { type: 'page', size: 0 } }, ['paging.size']],
    ['with an item without id', { item: { path: '/articles' } }, ['item.path']],
    ['with another placeholder', { item: { path: '/{id}/{lang}' } }, ['item.path']],
    ['with an id in the list', { list: { path: '/{id}', items: '' } }, ['list.path']],
    ['with no list', { list: { path: '/articles' } }, ['list.items']],
    ['with a space in the type', { type: { slug: 'a b', label: 'A' } }, ['type.slug']],
    [
      'with a word for two statuses',
      { map: { ...content.map, status: { at: '/s', values: { published: ['a'], draft: ['a'] } } } },
      ['map.status.values'],
    ],
    [
      'with a changes parameter and no modification time',
      { list: { ...content.list, since_param: 'since' }, map: { ...content.map, modified_at: undefined } },
      ['map.modified_at'],
    ],
    [
      'with a search by an unmapped content key',
      { map: { ...content.map, content_key: undefined } },
      ['map.content_key'],
    ],
    [
      'with a written field that is not mapped',
      { write: ['title', 'terms'], map: { external_id: '/i', content_key: '/r', title: '/t' } },
      ['write'],
    ],
    [
      'with two fields at one pointer',
      { map: { ...content.map, body: '/attributes/title/raw' } },
      ['map.body'],
    ],
    [
      'with a field at the second place of a list',
      { map: { ...content.map, body: '/blocks/0', excerpt: '/blocks/1' } },
      ['map.excerpt'],
    ],
    ['with a field that is the whole item', { map: { ...content.map, title: '' } }, ['map.title']],
  ])('%s is refused, naming the field', (_, change, fields) => {
    const config = JSON.parse(JSON.stringify({ ...valid, content: { ...content, ...change } }));
    expect(wrongFields(config).sort()).toEqual(fields.map((field) => `config_json.content.${field}`));
  });
});

describe('credentials', () => {
  it.each([{}, { token: 'a' }, { value: 'a b' }, { username: 'ä', password: 'ö:ü ' }])(
    'may be %j',
    (given) => {
      expect(customCredentialsSchema.parse(given)).toEqual(given);
    },
  );

  it.each([
    [{ token: 'a\nX-Evil: 1' }, 'token'],
    [{ token: 'a\r\n' }, 'token'],
    [{ token: ' a' }, 'token'],
    [{ token: '' }, 'token'],
    [{ value: 'a\u0000' }, 'value'],
    [{ value: 'é' }, 'value'],
    [{ username: 'a:b', password: 'c' }, 'username'],
    [{ username: 'a', password: 'c\u0085' }, 'password'],
    [{ username: 'a' }, 'password'],
    [{ password: 'a' }, 'password'],
    [{ secret: 'a' }, 'secret'],
  ])('may not be %j', (given, field) => {
    const read = customCredentialsSchema.safeParse(given, { reportInput: true });
    expect(read.error && zodFieldErrors(read.error).map((error) => error.field)).toEqual([field]);
  });
});
