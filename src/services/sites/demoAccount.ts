import { randomBytes } from 'node:crypto';
import type { Database } from '../../database/client.ts';
import type { AccountService } from '../access/account.service.ts';
import type { SiteService } from './site.service.ts';

export interface DemoAccount {
  email: string;
  password: string;
  siteId: number;
  siteKey: string;
}

/**
 * Creates an account with an owner and one site, in one transaction. Does nothing when any account exists. `tell`
 * shows the secrets before the commit: after a crash in between, the next start creates and shows new ones. In the
 * other order the account would exist, and nobody would know its secrets.
 */
export async function createDemoAccount(
  parts: { db: Database; accounts: AccountService; sites: SiteService },
  tell: (demo: DemoAccount) => void,
): Promise<void> {
  await parts.db.$transaction(async (tx) => {
    // Of two processes that start at once, one waits here until the other has created the account.
    await tx.$executeRaw`LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE`;
    if (!(await parts.accounts.isEmpty(tx))) return;
    const email = 'owner@demo.example';
    const password = randomBytes(12).toString('base64url');
    const owner = { name: 'Demo', ownerEmail: email, ownerPassword: password };
    const ids = await parts.accounts.createAccount(owner, tx);
    const scope = { ...ids, siteId: null, role: 'owner' } as const;
    const site = { name: 'Demo site', url: 'https://example.com' };
    tell({ email, password, ...(await parts.sites.createWithKey(scope, site, tx)) });
  });
}
