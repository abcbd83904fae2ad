import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { CredentialVault, VaultError } from '../../src/security/credentialVault.ts';

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const owner = { accountId: 1, siteId: 2, platform: 'wordpress' };
const vault = new CredentialVault(`a:${key(1)}`);

test('a decrypted secret equals the original, and each encryption differs', async () => {
  for (const text of ['', 'secret', '{"password":"ä😀"}', 'x'.repeat(100_000)]) {
    const [one, two] = [await vault.encrypt(owner, text), await vault.encrypt(owner, text)];
    expect(one).not.toBe(two);
    expect(await vault.decrypt(owner, one)).toBe(text);
    if (text.length > 3)
      expect(Buffer.from(one.split('.')[3] ?? '', 'base64url').toString()).not.toContain(text);
  }
});

test('the header has key and owner, and no part of the secret', async () => {
  const jwe = await vault.encrypt(owner, 'secret');
  expect(decodeProtectedHeader(jwe)).toEqual({
    alg: 'dir',
    enc: 'A256GCM',
    kid: 'a',
    acc: 1,
    sit: 2,
    plt: 'wordpress',
  });
});

describe('a secret is not decrypted for', () => {
  test.each([
    ['another account', { ...owner, accountId: 9 }],
    ['another site', { ...owner, siteId: 9 }],
    ['another platform', { ...owner, platform: 'shopify' }],
    ['the site itself', { ...owner, platform: 'site' }],
  ])('%s', async (_what, other) => {
    const jwe = await vault.encrypt(owner, 'secret');
    await expect(vault.decrypt(other, jwe)).rejects.toThrow(VaultError);
  });

  test('a changed header, a changed text, or another encryption', async () => {
    const parts = (await vault.encrypt(owner, 'secret')).split('.');
    const header = { ...JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()), sit: 9 };
    const forged = [Buffer.from(JSON.stringify(header)).toString('base64url'), ...parts.slice(1)].join('.');
    await expect(vault.decrypt({ ...owner, siteId: 9 }, forged)).rejects.toThrow(VaultError);
    for (const index of [2, 3, 4]) {
      const bytes = Buffer.from(parts[index] ?? '', 'base64url');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const changed = parts.map((part, at) => (at === index ? bytes.toString('base64url') : part)).join('.');
      await expect(vault.decrypt(owner, changed)).rejects.toThrow(VaultError);
    }
    const other = await new CompactEncrypt(new TextEncoder().encode('secret'))
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', kid: 'a', acc: 1, sit: 2, plt: 'wordpress' })
      .encrypt(Buffer.alloc(32, 1));
    await expect(vault.decrypt(owner, other)).rejects.toThrow(VaultError);
    for (const nonsense of ['', 'a.b.c.d.e', 'secret', '....']) {
      await expect(vault.decrypt(owner, nonsense)).rejects.toThrow(VaultError);
    }
  });

  test('a missing key, and the error has neither secret nor key', async () => {
    const jwe = await vault.encrypt(owner, 'secret');
    const gone = new CredentialVault(`b:${key(2)}`);
    const error = await gone.decrypt(owner, jwe).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VaultError);
    expect(String(error)).toContain('a is not among CREDENTIAL_KEYS');
    expect(String(error)).not.toContain(key(2));
  });
});

test('the first of several keys encrypts, and all keys decrypt', async () => {
  const old = await vault.encrypt(owner, 'secret');
  const both = new CredentialVault(`b:${key(2)},a:${key(1)}`);
  expect(await both.decrypt(owner, old)).toBe('secret');
  expect(both.isCurrent(old)).toBe(false);
  const fresh = await both.encrypt(owner, 'secret');
  expect(both.isCurrent(fresh)).toBe(true);
  expect(await new CredentialVault(`b:${key(2)}`).decrypt(owner, fresh)).toBe('secret');
  await expect(vault.decrypt(owner, fresh)).rejects.toThrow(VaultError);
  // The same name with another key is another key.
  await expect(new CredentialVault(`a:${key(3)}`).decrypt(owner, old)).rejects.toThrow(VaultError);
});

test.each(['', 'a', `a:${Buffer.alloc(31).toString('base64')}`, `:${key(1)}`, `a:${key(1)},a:${key(2)}`])(
  'the keys "%s" are refused',
  (keys) => {
    expect(() => new CredentialVault(keys)).toThrow(VaultError);
  },
);
