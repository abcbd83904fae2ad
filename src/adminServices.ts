import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { type Config, secretFile } from './config.ts';
import { createPrisma, type Database } from './database/client.ts';
import { CredentialVault } from './security/credentialVault.ts';
import { generatedSecret } from './security/generatedSecret.ts';
import { AccountService } from './services/access/account.service.ts';
import { EventLog } from './services/events/eventLog.ts';
import { CredentialRotation } from './services/integrations/credentialRotation.ts';
import { SiteService } from './services/sites/site.service.ts';

/** What needs nothing but the database and the vault: enough for the admin commands. */
export interface Core {
  db: Database;
  vault: CredentialVault;
  events: EventLog;
  sites: SiteService;
  accounts: AccountService;
  rotation: CredentialRotation;
}

export function createCore(config: Config, logger: Logger, databaseUrl: string): Core {
  const db = createPrisma({ url: databaseUrl, poolSize: config.databasePoolSize, logger });
  const vault = new CredentialVault(
    config.credentialKeys ??
      generatedSecret(
        secretFile(config, 'credential-keys'),
        () => `k1:${randomBytes(32).toString('base64')}`,
      ),
  );
  const events = new EventLog(db);
  const sites = new SiteService({ db, vault, events, now: () => Date.now() });
  return {
    db,
    vault,
    events,
    sites,
    accounts: new AccountService(db),
    rotation: new CredentialRotation({ db, vault }),
  };
}
