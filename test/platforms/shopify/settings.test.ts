import { describe, expect, it } from '@jest/globals';
import { shopifyConfigSchema, shopifyCredentialsSchema } from '../../../src/platforms/shopify/settings.ts';
import { zodFieldErrors } from '../../../src/zodErrors.ts';

function fieldsOf(schema: typeof shopifyConfigSchema | typeof shopifyCredentialsSchema, value: unknown) {
  const read = schema.safeParse(value, { reportInput: true });
  return read.success ? [] : zodFieldErrors(read.error).map((error) => error.field);
}

describe('shop_domain', () => {
  it.each([
    'my-shop.myshopify.com',
    'a.myshopify.com',
    '0-1.myshopify.com',
    `${'a'.repeat(63)}.myshopify.com`,
  ])('accepts %s', (domain) => {
    expect(shopifyConfigSchema.parse({ shop_domain: domain })).toEqual({ shop_domain: domain });
  });

  it('accepts upper case and stores lower case, as DNS ignores case', () => {
    expect(shopifyConfigSchema.parse({ shop_domain: 'My-Shop.MyShopify.COM' })).toEqual({
      shop_domain: 'my-shop.myshopify.com',
    });
  });

  it.each([
    'evil.com/.myshopify.com',
    'a.myshopify.com.evil.com',
    'evil.com#.myshopify.com',
    'evil.com?.myshopify.com',
    'evil.com\\.myshopify.com',
    'user@a.myshopify.com',
    'https://a.myshopify.com',
    'a.myshopify.com:8080',
    'a.myshopify.com/admin',
    'a.myshopify.com.',
    'a.b.myshopify.com',
    '.myshopify.com',
    '-a.myshopify.com',
    'a-.myshopify.com',
    'myshopify.com',
    'amyshopify.com',
    'shöp.myshopify.com',
    'my\u212Bshop.myshopify.com',
    // The Kelvin sign, whose lower case is a plain k.
    '\u212Bey.myshopify.com',
    '\u212Aey.myshopify.com',
    'a.myshopify.com\n',
    ' a.myshopify.com',
    'a b.myshopify.com',
    'a.myshopify\uFF0Ecom',
    `${'a'.repeat(64)}.myshopify.com`,
    '',
  ])('refuses %j, naming the field', (domain) => {
    expect(fieldsOf(shopifyConfigSchema, { shop_domain: domain })).toContain('shop_domain');
  });

  it('is required, and unknown fields are refused', () => {
    expect(fieldsOf(shopifyConfigSchema, {})).toEqual(['shop_domain']);
    expect(fieldsOf(shopifyConfigSchema, { shop_domain: 'a.myshopify.com', shop: 'b' })).toEqual(['shop']);
  });
});

describe('credentials', () => {
  it.each([
    { access_token: 'shpat_1' },
    { client_id: 'a', client_secret: 'b' },
    { client_id: 'a', client_secret: 'b', previous_client_secret: 'c' },
    // The secret verifies webhooks.
    { access_token: 'shpat_1', client_secret: 'b' },
  ])('accept %j', (credentials) => {
    expect(shopifyCredentialsSchema.parse(credentials)).toEqual(credentials);
  });

  it.each([
    [{}, ['access_token']],
    [{ client_id: 'a' }, ['client_secret']],
    [{ client_secret: 'a' }, ['client_id']],
    [{ access_token: 'a', client_id: 'b', client_secret: 'c' }, ['client_id']],
    [{ access_token: 'shpat_1\n' }, ['access_token']],
    [{ access_token: 'shpat_1\r\nX-Evil: 1' }, ['access_token']],
    [{ access_token: ' shpat_1' }, ['access_token']],
    [{ access_token: 'shpat 1' }, ['access_token']],
    [{ access_token: '' }, ['access_token']],
    [{ access_token: 'shpät' }, ['access_token']],
    [{ client_id: 'a', client_secret: 'b\tc' }, ['client_secret']],
    [{ access_token: 'a', password: 'b' }, ['password']],
  ])('refuse %j, naming %j', (credentials, fields) => {
    expect(fieldsOf(shopifyCredentialsSchema, credentials)).toEqual(fields);
  });
});
