import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Config, secretFile } from './config.ts';
import { createPrisma, type Database } from './database/client.ts';
import { OutboundClient } from './outbound/httpClient.ts';
import { createCustomPlatform } from './platforms/custom/custom.platform.ts';
import type { Platform } from './platforms/platform.ts';
import { PlatformRegistry } from './platforms/registry.ts';
import { createShopifyPlatform } from './platforms/shopify/shopify.platform.ts';
import { createWordpressPlatform } from './platforms/wordpress/wordpress.platform.ts';
import { CredentialVault } from './security/credentialVault.ts';
import { generatedSecret } from './security/generatedSecret.ts';
import { AccountService } from './services/access/account.service.ts';
import { EventLog } from './services/events/eventLog.ts';
import { CredentialRotation } from './services/integrations/credentialRotation.ts';
import { RestoredDatabase } from './services/integrations/restoredDatabase.ts';
import { ServerIdentity } from './services/server/serverIdentity.ts';
import { SiteService } from './services/sites/site.service.ts';

/** The services that need only the database and the vault. They are enough for the admin commands. */
export interface Core {
  db: Database;
  vault: CredentialVault;
  events: EventLog;
  server: ServerIdentity;
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
    server: new ServerIdentity({
      db,
      publicUrl: config.publicUrl,
      logger,
      now: () => performance.now(),
    }),
    sites,
    accounts: new AccountService(db),
    rotation: new CredentialRotation({ db, vault }),
  };
}

/** Creates the platforms that every server has. */
export function createPlatforms(config: Config, outbound: OutboundClient): Platform[] {
  const clock = () => Date.now();
  return [
    createWordpressPlatform({ outbound, clock }),
    createShopifyPlatform({
      outbound,
      clock,
      wait: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
      baseUrl: config.shopifyBaseUrl,
      apiVersion: config.shopifyApiVersion,
    }),
    createCustomPlatform({ outbound, clock }),
  ];
}

/**
 * Creates the service that marks integrations after a restored backup. It only asks the platforms for their
 * capabilities, and calls no site.
 */
export function createRestoredDatabase(config: Config, { db, events }: Core): RestoredDatabase {
  const platforms = createPlatforms(config, new OutboundClient({ allow: config.outboundAllow }));
  const registry = new PlatformRegistry(platforms);
  return new RestoredDatabase({ db, events, platforms: registry, now: () => Date.now() });
}
