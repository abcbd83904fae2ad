/** Builds the accounts, users, sites and integrations that tests need, as an operator or a user would. */
import { SignJWT } from 'jose';
import type { TenantScope } from '../../src/services/access/tenantScope.ts';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { jwtSecret, type TestServer } from './server.ts';

export const integrationsPath = '/api/v1/integration/integrations';

export interface TestUser {
  userId: number;
  accountId: number;
  email: string;
  password: string;
  token: string;
}

export interface TestSite {
  siteId: number;
  accountId: number;
  url: string;
  /** The site's API key. */
  key: string;
}

/** An account with an owner, a site with a key, and a WordPress integration of the site. */
export interface TestTenant {
  accountId: number;
  owner: TestUser;
  site: TestSite;
  integrationId: number;
}

let made = 0;

/** A new account and its owner. */
export async function buildAccount(server: TestServer): Promise<TestUser> {
  made += 1;
  const email = `owner${made}@example.com`;
  const password = `password of owner ${made}`;
  const { accountId, userId } = await server.core.accounts.createAccount({
    name: `Account ${made}`,
    ownerEmail: email,
    ownerPassword: password,
  });
  return { userId, accountId, email, password, token: await signToken({ userId, accountId }) };
}

export async function buildUser(server: TestServer, accountId: number, role: string): Promise<TestUser> {
  made += 1;
  const email = `${role}${made}@example.com`;
  const password = `password of ${role} ${made}`;
  const { userId } = await server.core.accounts.createUser({ accountId, email, password, role });
  return { userId, accountId, email, password, token: await signToken({ userId, accountId }) };
}

/** A signed token: a valid one by default, or one that the server must refuse. */
export async function signToken(
  of: { userId: number; accountId: number },
  options: { secret?: string; expiresAt?: number; algorithm?: string } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ account_id: of.accountId })
    .setProtectedHeader({ alg: options.algorithm ?? 'HS256' })
    .setSubject(String(of.userId))
    .setIssuedAt(now - 10)
    .setExpirationTime(options.expiresAt ?? now + 3_600)
    .sign(new TextEncoder().encode(options.secret ?? jwtSecret));
}

/** A site with a key. */
export async function buildSite(
  server: TestServer,
  accountId: number,
  url = 'https://site.example',
): Promise<TestSite> {
  made += 1;
  const scope = ownerScope(accountId);
  const site = await server.core.sites.create(scope, { name: `Site ${made}`, url });
  return { siteId: site.id, accountId, url, key: await server.core.sites.rotateKey(scope, site.id) };
}

/** A site that has no key. */
export async function buildSiteWithoutKey(server: TestServer, accountId: number): Promise<number> {
  made += 1;
  const input = { name: `Site ${made}`, url: 'https://keyless.example' };
  return (await server.core.sites.create(ownerScope(accountId), input)).id;
}

/** A WordPress integration of the site. Returns its id. */
export async function buildIntegration(
  server: TestServer,
  user: TestUser,
  site: TestSite,
  more: object = {},
): Promise<number> {
  const body = { site_id: site.siteId, platform: 'wordpress', api_key: site.key, ...more };
  const answer = await server.as(user).post(integrationsPath, body).expect(201);
  return answer.body.id;
}

export async function buildTenant(server: TestServer, siteUrl?: string): Promise<TestTenant> {
  const owner = await buildAccount(server);
  const site = await buildSite(server, owner.accountId, siteUrl);
  return {
    accountId: owner.accountId,
    owner,
    site,
    integrationId: await buildIntegration(server, owner, site),
  };
}

/** A new account with a site and an integration of it, with a platform that does not sign in with the site key. */
export async function buildConnected(
  server: TestServer,
  integration: { platform: string; config_json: object; credentials_json: object },
): Promise<TestTenant> {
  const owner = await buildAccount(server);
  const site = await buildSite(server, owner.accountId);
  const body = { site_id: site.siteId, ...integration };
  const answer = await server.as(owner).post(integrationsPath, body).expect(201);
  return { accountId: owner.accountId, owner, site, integrationId: answer.body.id };
}

/** Enters the site's id and key in the plugin, as a person does before pressing Connect. */
export function enterKey(wordpress: SimulatedWordpress, site: Pick<TestSite, 'siteId' | 'key'>): void {
  const { connector } = wordpress.state;
  if (connector === null) throw new Error('The simulated site has no connector.');
  connector.siteId = site.siteId;
  connector.siteKey = site.key;
}

function ownerScope(accountId: number): TenantScope {
  return { accountId, userId: null, siteId: null, role: 'owner' };
}
