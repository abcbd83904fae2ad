import { randomBytes } from 'node:crypto';
import type { AccountService } from '../access/account.service.ts';
import type { SiteService } from './site.service.ts';

export interface DemoAccount {
  email: string;
  password: string;
  siteId: number;
  siteKey: string;
}

/** Creates an account with an owner and one site. Returns null when any account exists. */
export async function createDemoAccount(parts: {
  accounts: AccountService;
  sites: SiteService;
}): Promise<DemoAccount | null> {
  if (!(await parts.accounts.isEmpty())) return null;
  const email = 'owner@demo.example';
  const password = randomBytes(12).toString('base64url');
  const { accountId, userId } = await parts.accounts.createAccount({
    name: 'Demo',
    ownerEmail: email,
    ownerPassword: password,
  });
  const scope = { accountId, userId, siteId: null, role: 'owner' } as const;
  const site = await parts.sites.create(scope, { name: 'Demo site', url: 'https://example.com' });
  return { email, password, siteId: site.id, siteKey: await parts.sites.rotateKey(scope, site.id) };
}
