import { describe, expect, it } from '@jest/globals';
import { loginPageOf } from '../../src/platforms/outer/loginPage.ts';

const FROM = new URL('https://www.example.com/wp-json/');
const of = (target: string, headers: Record<string, string> = {}) =>
  loginPageOf({ target: new URL(target), from: FROM, headers });

describe('a redirect to a page to sign in', () => {
  it.each([
    ['cloudflare_access', 'https://team.cloudflareaccess.com/cdn-cgi/access/login/www.example.com?kid=a'],
    ['cloudflare_access', 'https://team.example.com/cdn-cgi/access/login'],
    ['entra', 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=a'],
    ['entra', 'https://www.example.com/.auth/login/aad'],
    ['okta', 'https://dev-1.okta.com/app/example/sso/saml'],
    ['google_iap', 'https://accounts.google.com/o/oauth2/v2/auth?client_id=a'],
    ['authelia', 'https://auth.example.com/?rd=https%3A%2F%2Fwww.example.com%2F&rm=GET'],
    ['keycloak', 'https://id.example.com/realms/staff/protocol/openid-connect/auth?client_id=a'],
    ['other', 'https://id.example.net/login?next=%2F'],
    ['other', 'https://id.example.net/adfs/ls/?SAMLRequest=a'],
    ['other', 'https://main.example.net/wp-login.php?redirect_to=a'],
    ['other', 'https://id.example.net/a?client_id=a&redirect_uri=b'],
  ])('%s: %s', (product, target) => {
    expect(of(target)).toEqual({ product, host: new URL(target).hostname });
  });

  it('is known by a header of its answer', () => {
    expect(of('https://id.example.net/x', { 'x-goog-iap-generated-response': 'true' })).toMatchObject({
      product: 'google_iap',
    });
  });

  it.each([
    'https://example.com/',
    'https://www.example.com/login/',
    'https://example.com/sign-in',
    'https://www.example.org/wp-json/',
    'https://www.example.org/blog/authors/',
    'https://shop.example.org/category/',
  ])('is not %s', (target) => {
    expect(of(target)).toBeNull();
  });
});
