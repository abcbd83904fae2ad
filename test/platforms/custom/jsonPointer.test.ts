import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/platforms/connection.ts';
import { POINTER, readPointer, writePointer } from '../../../src/platforms/custom/jsonPointer.ts';

/** https://www.rfc-editor.org/rfc/rfc6901#section-5 */
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};

describe('reading', () => {
  it.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j gives the value in RFC 6901', (pointer, value) => {
    expect(pointer).toMatch(POINTER);
    expect(readPointer(document, pointer)).toEqual(value);
  });

  it('unescapes ~01 to ~1, and not to a slash', () => {
    expect(readPointer({ '~1': 'right', '/': 'wrong' }, '/~01')).toBe('right');
  });

  it.each([
    '/nowhere',
    '/foo/2',
    '/foo/-',
    '/foo/01',
    '/foo/-1',
    '/foo/1e0',
    '/foo/length',
    '/foo/0/length',
    '/a~1b/x',
    '/__proto__',
    '/constructor/name',
    '/foo/map',
  ])('%s finds nothing', (pointer) => {
    expect(readPointer(document, pointer)).toBeUndefined();
  });

  it.each(['foo', '#/foo', '/~', '/~2', '/a~', ' /a'])('%j is not a pointer', (text) => {
    expect(text).not.toMatch(POINTER);
  });
});

describe('writing', () => {
  it('creates missing objects on the path', () => {
    const body: JsonObject = { kept: 1 };
    writePointer(body, '/data/title', 'A');
    writePointer(body, '/data/blocks/0/text', 'B');
    writePointer(body, '/a~1b', null);
    expect(body).toEqual({ kept: 1, data: { title: 'A', blocks: [{ text: 'B' }] }, 'a/b': null });
  });

  it('treats __proto__ as an ordinary name', () => {
    const body: JsonObject = {};
    writePointer(body, '/__proto__/polluted', true);
    expect(JSON.stringify(body)).toBe('{"__proto__":{"polluted":true}}');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each([
    ['', /whole document/],
    ['/title/x', /another pointer/],
    ['/list/2', /end of a list/],
    ['/list/4294967294', /end of a list/],
    ['/list/x', /end of a list/],
  ])('cannot write to %j', (pointer, message) => {
    expect(() => writePointer({ title: 'A', list: [1] }, pointer, 1)).toThrow(message);
  });
});
