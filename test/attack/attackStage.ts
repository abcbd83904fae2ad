/** A server with the account that is attacked, the accounts around it, and all callers. */
import { generateKeyPairSync } from 'node:crypto';
import { generateSiteKey } from '../../src/security/siteKey.ts';
import { roles } from '../../src/services/access/tenantScope.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildAccount, buildUser, enterKey, type TestUser } from '../support/builders.ts';
import { jwtSecret, startTestServer, type TestServer } from '../support/server.ts';
import { bearer, type Caller, keyHolders, signers, stranger, user } from './callers.ts';
import { signIn } from './callRules.ts';
import {
  claimsOf,
  foreignRsa,
  handmade,
  hmac,
  secretSigner,
  unsigned,
  wrongSubjects,
  wrongTimes,
} from './forgedTokens.ts';
import { buildHoldings, type Holdings, missingHoldings, siteOf } from './holdings.ts';

/** Only the API runs: no job changes a row between two digests. */
export const attackSettings = { ROLE: 'api', SYNC_WAIT_S: '0', TRUST_PROXY: 'loopback' };

export interface AttackStage {
  server: TestServer;
  wordpress: SimulatedWordpress;
  owner: TestUser;
  /** The owner of an account that is neither attacked nor named. */
  outsider: TestUser;
  own: Holdings;
  foreign: Holdings;
  missing: Holdings;
  callers: Caller[];
  /** New own rows, which an admitted call may change. */
  freshHoldings(): Promise<Holdings>;
  stop(): Promise<void>;
}

/** Starts the stage. */
export async function startAttackStage(): Promise<AttackStage> {
  const server = await startTestServer(attackSettings);
  const wordpress = await startSimulatedWordpress({ siteId: 0 });
  const owner = await buildAccount(server);
  await server.core.accounts.createUser({ accountId: owner.accountId, role: 'viewer', ...signIn });
  const outsider = await buildAccount(server);
  const own = await buildHoldings(server, owner, wordpress.url);
  const foreign = await buildHoldings(server, await buildAccount(server), wordpress.url);
  return {
    server,
    wordpress,
    owner,
    outsider,
    own,
    foreign,
    missing: missingHoldings(foreign),
    callers: [
      ...(await strangers(server, owner, outsider)),
      ...(await users(server, owner, outsider)),
      ...(await sites(server, owner, outsider, wordpress.url)),
    ],
    async freshHoldings() {
      const held = await buildHoldings(server, owner, wordpress.url);
      enterKey(wordpress, siteOf(held, owner));
      return held;
    },
    async stop() {
      await server.stop();
      await wordpress.stop();
    },
  };
}

/** The callers whose token is no right token. */
async function strangers(server: TestServer, owner: TestUser, outsider: TestUser): Promise<Caller[]> {
  const sign = secretSigner(jwtSecret);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const dismissed = await buildUser(server, owner.accountId, 'owner');
  await server.core.accounts.deactivateUser(dismissed.email);
  const closed = await buildAccount(server);
  await close(server, closed);
  const tokens: [string, string][] = [
    ['a garbage token', 'garbage'],
    ['a garbage token of three parts', 'a.b.c'],
    // The server has no API keys yet. Once it has some, this caller stays a stranger, and others join.
    ['an API key that nobody has', `sba_${'A'.repeat(43)}`],
    ['an empty token', ''],
    ...(await wrongTimes(sign, owner)),
    ...(await wrongSubjects(sign, { own: owner, other: outsider })),
    ...unsigned(claimsOf(owner), owner.token),
    ['a token with another secret', await secretSigner(`not ${jwtSecret}`)(claimsOf(owner))],
    ['a token with an empty secret', handmade({ alg: 'HS256' }, claimsOf(owner), hmac(''))],
    ['a token of another algorithm', await secretSigner(jwtSecret, 'HS512')(claimsOf(owner))],
    ['a token of a private key', foreignRsa(claimsOf(owner), privateKey)],
    ['a token that says RS256', handmade({ alg: 'RS256' }, claimsOf(owner), hmac(jwtSecret))],
    ['a deactivated user', dismissed.token],
    ['a user of a deactivated account', closed.token],
  ];
  return [
    { name: 'nobody', standing: { kind: 'nobody' }, headers: () => ({}) },
    { name: 'a cookie', standing: { kind: 'nobody' }, headers: () => ({ Cookie: `token=${owner.token}` }) },
    {
      name: 'a token of another scheme',
      standing: { kind: 'stranger' },
      headers: () => ({ Authorization: `Basic ${owner.token}` }),
    },
    ...tokens.map(([name, token]) => stranger(name, token)),
  ];
}

async function users(server: TestServer, owner: TestUser, outsider: TestUser): Promise<Caller[]> {
  const members = roles.map(async (role) =>
    user(`${role} of the account`, role, (await buildUser(server, owner.accountId, role)).token),
  );
  return [
    ...(await Promise.all(members)),
    user('owner of another account', 'owner', outsider.token, false),
    {
      name: 'an owner beside a key that nobody has',
      standing: { kind: 'key', key: 'unknown', withToken: true },
      headers: () => ({ ...bearer(owner.token), 'X-API-Key': generateSiteKey() }),
    },
  ];
}

/** The callers with site keys and signatures. */
async function sites(
  server: TestServer,
  owner: TestUser,
  outsider: TestUser,
  url: string,
): Promise<Caller[]> {
  const sister = await buildHoldings(server, owner, url);
  const stray = await buildHoldings(server, outsider, url);
  const revoked = await buildHoldings(server, owner, url);
  await revokeKey(server, owner, revoked);
  const former = await buildAccount(server);
  const closed = await buildHoldings(server, former, url);
  await close(server, former);
  return [
    ...keyHolders('the key of the site', 'current', (own) => own.key),
    ...keyHolders('the previous key of the site', 'previous', (own) => own.previousKey),
    ...keyHolders('the key of another site of the account', 'another', () => sister.key),
    ...keyHolders('the key of a site of another account', 'another', () => stray.key),
    ...keyHolders('a revoked key', 'unknown', () => revoked.key),
    ...keyHolders('the key of a site of a deactivated account', 'unknown', () => closed.key),
    ...keyHolders('a key that nobody has', 'unknown', () => `sbk_${'A'.repeat(43)}`),
    ...keyHolders('a key with nothing behind its prefix', 'unknown', () => 'sbk_'),
    { name: 'an empty key', standing: { kind: 'key', key: 'unknown' }, headers: () => ({ 'X-API-Key': '' }) },
    {
      name: 'a token in X-API-Key',
      standing: { kind: 'key', key: 'unknown' },
      headers: () => ({ 'X-API-Key': owner.token }),
    },
    ...signers(sister),
  ];
}

/** Deactivates the account of a user. */
export async function close(server: TestServer, { accountId }: TestUser): Promise<void> {
  await server.db.account.update({ where: { id: accountId }, data: { isActive: false } });
}

/** Removes the key of the site. The holdings still tell the key. */
export async function revokeKey(
  server: TestServer,
  { accountId }: TestUser,
  { site }: Holdings,
): Promise<void> {
  await server.core.sites.revokeKey({ accountId, userId: null, siteId: null, role: 'owner' }, site);
}
