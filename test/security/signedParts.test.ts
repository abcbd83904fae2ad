import { describe, expect, it } from '@jest/globals';
import {
  canonicalParameters,
  canonicalRoute,
  namesIn,
  parameterNames,
} from '../../src/security/signedParts.ts';

/** Odd queries with their canonical form. `test/wordpress/signed-parts.test.ts` compares them with PHP. */
describe('canonical parameters', () => {
  it.each([
    ['', ''],
    ['&&', ''],
    ['=a', ''],
    ['a', 'a='],
    ['a=', 'a='],
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=1', 'a=1&a=2'],
    ['a-b=1&a=1', 'a-b=1&a=1'],
    ['a=b=c', 'a=b%3Dc'],
    ['a=1+2', 'a=1%202'],
    ['a=1%202', 'a=1%202'],
    ['a=1%2B2', 'a=1%2B2'],
    ["a='()*!~-._", 'a=%27%28%29%2A%21~-._'],
    ['a=%zz%4', 'a=%25zz%254'],
    ['a=%c3%A4', 'a=%C3%A4'],
    ['a=%ff%00', 'a=%FF%00'],
    ['a=\u00c3\u00a4', 'a=%C3%A4'],
    ['x[]=2&x%5B%5D=1', 'x%5B%5D=1&x%5B%5D=2'],
    ['rest_route=/wp/v2/posts&%72est_route=1&a=1', 'a=1'],
    ['a=1;b=2', 'a=1%3Bb%3D2'],
  ])('of %j are %j', (query, expected) => {
    expect(canonicalParameters(query)).toBe(expected);
  });

  it('are only those that are named, by their exact names', () => {
    const query = 'a=1&b=2&a[]=3&%61=4&A=5&a%20=6';
    expect(canonicalParameters(query, namesIn(' a , rest_route,,x'))).toBe('a=1&a=4');
    expect(canonicalParameters(query, namesIn('a[]'))).toBe('a%5B%5D=3');
    expect(canonicalParameters(query, namesIn('a%5B%5D'))).toBe('a%5B%5D=3');
    expect(canonicalParameters(query, new Set())).toBe('');
  });

  it('are named once each, so that the names in the header choose them all', () => {
    const query = 'a,b=1&a=2&a=3&x[]=4&rest_route=/&=5';
    expect(parameterNames(query)).toBe('a,a%2Cb,x%5B%5D');
    expect(canonicalParameters(query, namesIn(parameterNames(query)))).toBe(canonicalParameters(query));
  });
});

describe('a canonical route', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['/wp/v2/posts', '/wp/v2/posts'],
    ['/wp/v2/posts/', '/wp/v2/posts'],
    ['/wp/v2/b%c3%BCcher', '/wp/v2/b%C3%BCcher'],
    ['/a+b', '/a%2Bb'],
    ['/a%2Fb', '/a/b'],
  ])('of %j is %j', (route, expected) => {
    expect(canonicalRoute(route)).toBe(expected);
    expect(canonicalRoute(expected)).toBe(expected);
  });
});
