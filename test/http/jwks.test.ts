/** Tokens of an identity provider (JWT_JWKS_URL), which runs on a server of this test. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CryptoKey,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  importPKCS8,
  SignJWT,
} from 'jose';
import { buildAccount, buildUser, type TestUser } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const issuer = 'https://identity.example/';
const audience = 'sitebridge';
type Pair = { publicKey: CryptoKey; privateKey: CryptoKey };
let provider: Server;
/** The provider's response. With null it breaks the connection off. */
let published: { status: number; body: string } | null;
let settings: Record<string, string>;
let server: TestServer;
let user: TestUser;
let rsa: Pair;
let ec: Pair;
let unpublished: Pair;

beforeAll(async () => {
  rsa = await generateKeyPair('RS256', { extractable: true });
  ec = await generateKeyPair('ES256', { extractable: true });
  unpublished = await generateKeyPair('RS256', { extractable: true });
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' },
  ];
  published = { status: 200, body: JSON.stringify({ keys }) };
  provider = createServer((request, response) => {
    if (published === null) return void request.socket.destroy();
    response.writeHead(published.status, { 'Content-Type': 'application/json' }).end(published.body);
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  settings = {
    JWT_SECRET: '',
    JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: audience,
  };
  server = await startTestServer(settings);
  user = await buildAccount(server);
});
afterAll(async () => {
  await server.stop();
  provider.close();
  provider.closeAllConnections();
});

interface Wish {
  alg?: string;
  kid?: string;
  key?: CryptoKey | Uint8Array;
  issuer?: string;
  audience?: string;
  /** Null leaves `exp` out. */
  expiresAt?: number | null;
  claims?: Record<string, unknown>;
}

/** A valid token, except for the given changes. */
async function sign(wish: Wish = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: String(user.userId), account_id: user.accountId, ...wish.claims };
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: wish.alg ?? 'RS256', kid: wish.kid ?? 'rsa' })
    .setIssuer(wish.issuer ?? issuer)
    .setAudience(wish.audience ?? audience)
    .setIssuedAt(now);
  if (wish.expiresAt !== null) token.setExpirationTime(wish.expiresAt ?? now + 600);
  return token.sign(wish.key ?? rsa.privateKey);
}

const call = async (token: string) => server.as({ token }).get('/api/v1/sites');

test('RS256 and ES256 are accepted, by the key that the token names', async () => {
  expect((await call(await sign())).status).toBe(200);
  expect((await call(await sign({ alg: 'ES256', kid: 'ec', key: ec.privateKey }))).status).toBe(200);
  // Some providers send the account id as text.
  expect((await call(await sign({ claims: { account_id: String(user.accountId) } }))).status).toBe(200);
});

describe('is refused:', () => {
  const refused: [string, () => Promise<string>][] = [
    ['another issuer', () => sign({ issuer: 'https://other.example/' })],
    ['another audience', () => sign({ audience: 'other' })],
    ['an expired token', () => sign({ expiresAt: Math.floor(Date.now() / 1000) - 60 })],
    ['a key that is not published', () => sign({ key: unpublished.privateKey })],
    ['a key id that is not published', () => sign({ kid: 'other', key: unpublished.privateKey })],
    ['the key of another algorithm', () => sign({ alg: 'ES256', kid: 'rsa', key: ec.privateKey })],
    [
      'PS256, though with the right key',
      async () => {
        const key = await importPKCS8(await exportPKCS8(rsa.privateKey), 'PS256');
        return sign({ alg: 'PS256', key });
      },
    ],
    ['another account', () => sign({ claims: { account_id: user.accountId + 1 } })],
    ['no account', () => sign({ claims: { account_id: undefined } })],
    ['a subject that is not an id', () => sign({ claims: { sub: 'auth0|1' } })],
    [
      'HS256, signed with the public key as its secret',
      async () => sign({ alg: 'HS256', key: new TextEncoder().encode(await exportSPKI(rsa.publicKey)) }),
    ],
    [
      'an unsigned token',
      async () => {
        const [, payload] = (await sign()).split('.');
        const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'rsa' })).toString('base64url');
        return `${header}.${payload}.`;
      },
    ],
    ['nonsense', async () => 'a.b.c'],
    ['a header that is not JSON', async () => `${Buffer.from('x').toString('base64url')}.e30.e30`],
  ];
  test.each(refused)('%s', async (_what, token) => {
    expectProblem(await call(await token()), 401, { code: 'unauthenticated' });
  });
});

test.each<[string, () => number | null]>([
  ['without exp', () => null],
  ['that lasts longer than JWT_MAX_AGE', () => Math.floor(Date.now() / 1000) + 86_400 + 60],
])('a token %s is refused, for each algorithm', async (_what, expiresAt) => {
  for (const key of [{}, { alg: 'ES256', kid: 'ec', key: ec.privateKey }]) {
    const answer = await call(await sign({ ...key, expiresAt: expiresAt() }));
    expectProblem(answer, 401, { code: 'token_lifetime' });
  }
});

test('roles and active flags still come from the database', async () => {
  const viewer = await buildUser(server, user.accountId, 'viewer');
  const token = await sign({ claims: { sub: String(viewer.userId) } });
  expectProblem(await call(token), 403, { code: 'role_too_low' });
});

test('a provider that does not answer is reported for every token, and used once it is back', async () => {
  const whole = published;
  const fresh = await startTestServer(settings, { database: { url: server.databaseUrl } });
  const token = await sign();
  const wrong = await sign({ kid: 'other', key: unpublished.privateKey });
  try {
    for (const broken of [null, { status: 500, body: '' }, { status: 200, body: '<html>' }]) {
      published = broken;
      for (const each of [token, wrong]) {
        const answer = await fresh.as({ token: each }).get('/api/v1/sites');
        expectProblem(answer, 503, { code: 'identity_provider_unavailable' });
        expect(answer.headers['retry-after']).toBe('5');
        expect(JSON.stringify(answer.body)).not.toContain('127.0.0.1');
      }
    }
    expectProblem(await fresh.as({ token: 'nonsense' }).get('/api/v1/sites'), 401);
    published = whole;
    await fresh.as({ token }).get('/api/v1/sites').expect(200);
    expectProblem(await fresh.as({ token: wrong }).get('/api/v1/sites'), 401);
    // Known keys stay in use while the provider is down.
    published = null;
    await fresh.as({ token }).get('/api/v1/sites').expect(200);
  } finally {
    published = whole;
    await fresh.stop();
  }
});

test('sign-in is not supported with a provider, and the error names the provider', async () => {
  const answer = await server.anyone.post('/api/v1/auth/token', {
    email: user.email,
    password: user.password,
  });
  expectProblem(answer, 501, { code: 'not_supported' });
  expect(answer.body.detail).toContain('JWT_JWKS_URL');
});
