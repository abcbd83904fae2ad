/** Every guarded operation of a server that takes the tokens of an identity provider (RS256), as every caller. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { roles } from '../../src/services/access/tenantScope.ts';
import { buildUser, type TestUser } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { send } from './attackCall.ts';
import { type AttackCase, allCases, faultsOf } from './attackCases.ts';
import { type AttackStage, attackSettings, startAttackStage } from './attackStage.ts';
import { type Caller, stranger, user } from './callers.ts';
import { DatabaseDigest } from './databaseDigest.ts';
import {
  claimsOf,
  foreignRsa,
  handmade,
  hmac,
  type Signer,
  type Subject,
  unsigned,
  wrongSubjects,
  wrongTimes,
} from './forgedTokens.ts';
import { tracesOf } from './holdings.ts';
import { readOperations } from './operations.ts';

const provided = { iss: 'https://identity.example/', aud: 'sitebridge' };
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const known = rsa();
const unknown = rsa();

let stage: AttackStage;
let provider: Server;
let server: TestServer;
let cases: AttackCase[];
let digest: DatabaseDigest;
beforeAll(async () => {
  const keys = [{ ...known.publicKey.export({ format: 'jwk' }), kid: 'rsa', alg: 'RS256', use: 'sig' }];
  provider = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const address = provider.address();
  stage = await startAttackStage();
  server = await startTestServer(
    {
      ...attackSettings,
      JWT_SECRET: '',
      JWT_JWKS_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/keys`,
      JWT_ISSUER: provided.iss,
      JWT_AUDIENCE: provided.aud,
    },
    { database: { url: stage.server.databaseUrl } },
  );
  cases = allCases(await readOperations(server), await callers()).filter(
    ({ rule }) => rule.admits.by !== 'everyone',
  );
  digest = await DatabaseDigest.open(server.databaseUrl);
});
afterAll(async () => {
  await digest.close();
  await server.stop();
  await stage.stop();
  provider.close();
  provider.closeAllConnections();
});

function signer(key: KeyObject, kid = 'rsa'): Signer {
  return (claims) =>
    new SignJWT({ ...provided, ...claims }).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
}

const rightClaims = (of: Subject) => ({ ...provided, ...claimsOf(of) });

async function callers(): Promise<Caller[]> {
  const { owner, outsider } = stage;
  const sign = signer(known.privateKey);
  const members = roles.map(async (role) => {
    const member = await buildUser(server, owner.accountId, role);
    return user(`${role} of the account`, role, await sign(claimsOf(member)));
  });
  const dismissed = await buildUser(server, owner.accountId, 'owner');
  await server.core.accounts.deactivateUser(dismissed.email);
  const tokens: [string, string][] = [
    ...(await wrongTimes(sign, owner)),
    ...(await wrongSubjects(sign, { own: owner, other: outsider })),
    ...unsigned(rightClaims(owner), await sign(claimsOf(owner))),
    ...confused(owner),
    ...ofUnknownKeys(owner),
    ['a token of the other issuer', owner.token],
    ['a token for another server', await sign({ ...claimsOf(owner), aud: 'another' })],
    ['a token of another issuer', await sign({ ...claimsOf(owner), iss: 'https://other.example/' })],
    ['a deactivated user', await sign(claimsOf(dismissed))],
  ];
  return [
    { name: 'nobody', standing: { kind: 'nobody' }, headers: () => ({}) },
    ...tokens.map(([name, token]) => stranger(name, token)),
    ...(await Promise.all(members)),
    user('owner of another account', 'owner', await sign(claimsOf(outsider)), false),
  ];
}

/** Tokens whose secret is the public key, in each form in which a server may hold it. */
function confused(of: TestUser): [string, string][] {
  const jwk = known.publicKey.export({ format: 'jwk' });
  const pem = known.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const der = known.publicKey.export({ type: 'spki', format: 'der' }).toString('latin1');
  const old = createPublicKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString();
  const secrets = {
    PEM: pem,
    'PEM without a line end': pem.trim(),
    'PEM of PKCS 1': old,
    DER: der,
    JWK: JSON.stringify(jwk),
    modulus: jwk.n ?? '',
  };
  return Object.entries(secrets).map(([form, secret]) => [
    `a token with the public key as its secret, as ${form}`,
    handmade({ alg: 'HS256', kid: 'rsa' }, rightClaims(of), hmac(secret)),
  ]);
}

/** Tokens that name or bring their own key. */
function ofUnknownKeys(of: TestUser): [string, string][] {
  const jwk = unknown.publicKey.export({ format: 'jwk' });
  const sign = (header: object) => foreignRsa(rightClaims(of), unknown.privateKey, header);
  return [
    ['a token of an unknown key with a known id', sign({ kid: 'rsa' })],
    ['a token of an unknown key', sign({ kid: 'unknown' })],
    ['a token of an unknown key without an id', sign({})],
    ['a token that brings its key', sign({ kid: 'rsa', jwk })],
    ['a token that names the place of its key', sign({ kid: 'rsa', jku: 'http://127.0.0.1:9/keys' })],
  ];
}

/** Sends the call of a case, to own or other rows. */
function attack({ operation, rule, caller, named }: AttackCase, own = stage.own) {
  const rows = { own, foreign: stage.foreign, missing: stage.missing }[named];
  return send({ url: server.url, operation, rule, caller, own, named: rows });
}

test('each caller is refused where the rule refuses, and changes and learns nothing there', async () => {
  const refused = cases.filter(({ expected }) => expected !== 'success');
  const hidden = [...tracesOf(stage.own), ...tracesOf(stage.foreign)];
  const before = await digest.read();
  const wrong: string[] = [];
  for (const each of refused) wrong.push(...faultsOf(each, await attack(each), hidden));
  expect(wrong).toEqual([]);
  expect(await digest.read()).toEqual(before);
  expect(refused.length).toBeGreaterThan(1_000);
});

test('each caller is admitted where the rule admits', async () => {
  const admitted = cases.filter(({ expected }) => expected === 'success');
  const wrong: string[] = [];
  for (const each of admitted) {
    const own = await stage.freshHoldings();
    await each.rule.prepare?.(server.db, own);
    wrong.push(...faultsOf(each, await attack(each, own), tracesOf(stage.foreign)));
  }
  expect(wrong).toEqual([]);
  expect(admitted.length).toBeGreaterThan(50);
});
