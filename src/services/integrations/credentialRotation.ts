import type { Database } from '../../database/client.ts';
import type { CredentialVault, SecretOwner } from '../../security/credentialVault.ts';
import { siteKeyOwner } from '../sites/site.service.ts';

const pageSize = 200;

interface Parts {
  db: Database;
  vault: CredentialVault;
}

/**
 * Encrypts every stored secret with the current key, so that an old key can be removed from CREDENTIAL_KEYS.
 */
export class CredentialRotation {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Works while servers run: a secret that changes meanwhile is not overwritten. Can be stopped and started
   * again at any time. Returns how many secrets were encrypted again and how many had the current key. Throws
   * VaultError for a secret that no key decrypts.
   */
  async reencrypt(): Promise<{ reencrypted: number; alreadyCurrent: number }> {
    const total = { reencrypted: 0, alreadyCurrent: 0 };
    for (let after = 0; ; ) {
      const sites = await this.#parts.db.site.findMany({
        where: { id: { gt: after } },
        select: { id: true, accountId: true, apiKeyEncrypted: true, previousKeyEncrypted: true },
        orderBy: { id: 'asc' },
        take: pageSize,
      });
      for (const site of sites) {
        const owner = siteKeyOwner({ accountId: site.accountId, siteId: site.id });
        for (const column of ['apiKeyEncrypted', 'previousKeyEncrypted'] as const) {
          const kept = site[column];
          if (kept === null) continue;
          const replaced = await this.#replace(total, owner, kept, (fresh) =>
            this.#parts.db.site.updateMany({
              where: { id: site.id, [column]: kept },
              data: { [column]: fresh },
            }),
          );
          if (replaced) total.reencrypted += 1;
        }
        after = site.id;
      }
      if (sites.length < pageSize) break;
    }
    for (let after = 0; ; ) {
      const integrations = await this.#parts.db.siteIntegration.findMany({
        where: { id: { gt: after }, credentialsEncrypted: { not: null } },
        select: { id: true, accountId: true, siteId: true, platform: true, credentialsEncrypted: true },
        orderBy: { id: 'asc' },
        take: pageSize,
      });
      for (const row of integrations) {
        const kept = row.credentialsEncrypted ?? '';
        const replaced = await this.#replace(total, row, kept, (fresh) =>
          this.#parts.db.siteIntegration.updateMany({
            where: { id: row.id, credentialsEncrypted: kept },
            data: { credentialsEncrypted: fresh },
          }),
        );
        if (replaced) total.reencrypted += 1;
        after = row.id;
      }
      if (integrations.length < pageSize) break;
    }
    return total;
  }

  async #replace(
    total: { alreadyCurrent: number },
    owner: SecretOwner,
    kept: string,
    write: (fresh: string) => Promise<{ count: number }>,
  ): Promise<boolean> {
    if (this.#parts.vault.isCurrent(kept)) {
      total.alreadyCurrent += 1;
      return false;
    }
    const { accountId, siteId, platform } = owner;
    const fresh = await this.#parts.vault.encrypt(
      owner,
      await this.#parts.vault.decrypt({ accountId, siteId, platform }, kept),
    );
    return (await write(fresh)).count > 0;
  }
}
