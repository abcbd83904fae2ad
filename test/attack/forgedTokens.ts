/** Tokens that a server must refuse, each made from a right token. */
import { createHmac, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import jwt from 'jsonwebtoken';

/** The user that a token names. */
export interface Subject {
  userId: number;
  accountId: number;
}

/** Signs claims as the server's issuer does. */
export type Signer = (claims: Record<string, unknown>) => Promise<string>;

export const nowS = () => Math.floor(Date.now() / 1000);

/** The claims of a right token. */
export function claimsOf(of: Subject): Record<string, unknown> {
  return { sub: String(of.userId), account_id: of.accountId, iat: nowS() - 10, exp: nowS() + 3_600 };
}

/** A signer with a shared secret. */
export function secretSigner(secret: string, alg = 'HS256'): Signer {
  return (claims) =>
    new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT' }).sign(new TextEncoder().encode(secret));
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token whose signature is made by hand: libraries refuse to make one. */
export function handmade(header: object, claims: object, sign: (signed: string) => string): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${sign(signed)}`;
}

/** An HMAC signature with any bytes as its secret. */
export const hmac = (secret: string | KeyObject) => (signed: string) =>
  createHmac('sha256', secret).update(signed).digest('base64url');

/** Tokens with wrong times, signed right. */
export async function wrongTimes(sign: Signer, of: Subject): Promise<[string, string][]> {
  const { exp: _exp, ...endless } = claimsOf(of);
  const day = 86_400;
  return [
    ['a token without exp', await sign(endless)],
    ['an expired token', await sign({ ...claimsOf(of), exp: nowS() - 60 })],
    ['a token that lasts longer than JWT_MAX_AGE', await sign({ ...claimsOf(of), exp: nowS() + day + 60 })],
    ['a token with an nbf in the future', await sign({ ...claimsOf(of), nbf: nowS() + 600 })],
    [
      'a token with an iat in the far future',
      await sign({ ...claimsOf(of), iat: nowS() + 300 * day, exp: nowS() + 300 * day + 60 }),
    ],
  ];
}

/** Tokens with wrong subjects, signed right. */
export async function wrongSubjects(
  sign: Signer,
  { own, other }: { own: Subject; other: Subject },
): Promise<[string, string][]> {
  return [
    ['a token of another account', await sign(claimsOf({ ...own, accountId: other.accountId }))],
    ['a token without an account', await sign({ ...claimsOf(own), account_id: undefined })],
    ['a token of a missing user', await sign(claimsOf({ ...own, userId: 2_000_000_000 }))],
    [
      'a token with a list as its subject',
      await sign({ ...claimsOf(own), sub: undefined, subs: [own.userId] }),
    ],
  ];
}

/** Tokens with right claims and no right signature. `right` is a token that the server accepts. */
export function unsigned(claims: object, right: string): [string, string][] {
  const [header = '', , signature = ''] = right.split('.');
  const wrong = signature.startsWith('A') ? 'B' : 'A';
  return [
    ...['none', 'None', 'nOnE', ''].map((alg): [string, string] => [
      `a token of the algorithm "${alg}"`,
      handmade({ alg, typ: 'JWT' }, claims, () => ''),
    ]),
    ['a token of the algorithm none with a signature', handmade({ alg: 'none' }, claims, () => signature)],
    [
      'a token with a wrong signature',
      `${right.split('.').slice(0, 2).join('.')}.${wrong}${signature.slice(1)}`,
    ],
    ['a token without its signature', `${right.split('.').slice(0, 2).join('.')}.`],
    ['a token with changed claims', `${header}.${part({ ...claims, exp: nowS() + 7_200 })}.${signature}`],
  ];
}

/** A token signed with a private key that the server does not know. */
export function foreignRsa(claims: object, key: KeyObject, header: object = {}): string {
  return jwt.sign(claims, key, { algorithm: 'RS256', header: { alg: 'RS256', ...header } });
}
