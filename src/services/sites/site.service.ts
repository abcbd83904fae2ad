import type { Database, Transaction } from '../../database/client.ts';
import { Prisma, type Site } from '../../database/generated/client.ts';
import { invalidField, notFound } from '../../errors.ts';
import type { CredentialVault, SecretOwner } from '../../security/credentialVault.ts';
import { generateSiteKey, hashSiteKey } from '../../security/siteKey.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';

/** How long after a rotation webhooks may still come with the key before. Milliseconds. */
const previousKeyMs = 3_600_000;

/** What a site key belongs to, in the vault's words. */
export function siteKeyOwner(site: { accountId: number; siteId: number }): SecretOwner {
  return { accountId: site.accountId, siteId: site.siteId, platform: 'site' };
}

interface Parts {
  db: Database;
  vault: CredentialVault;
  events: EventLog;
  now: () => number;
}

/** The sites of an account and their keys. */
export class SiteService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async list(
    scope: TenantScope,
    page: { page: number; pageSize: number },
  ): Promise<{ sites: Site[]; count: number }> {
    const where = { accountId: scope.accountId };
    const [sites, count] = await Promise.all([
      this.#parts.db.site.findMany({
        where,
        orderBy: { id: 'asc' },
        skip: (page.page - 1) * page.pageSize,
        take: page.pageSize,
      }),
      this.#parts.db.site.count({ where }),
    ]);
    return { sites, count };
  }

  /** Throws 404 for a site that is not there or another account's. */
  async get(scope: TenantScope, siteId: number): Promise<Site> {
    const site = await this.#parts.db.site.findFirst({ where: { id: siteId, accountId: scope.accountId } });
    if (!site) throw notFound();
    return site;
  }

  /** A new site, without a key: `rotateKey` makes one. */
  async create(scope: TenantScope, input: { name: string; url: string }): Promise<Site> {
    return this.#parts.db.site.create({
      data: { accountId: scope.accountId, name: input.name, url: siteUrl('url', input.url) },
    });
  }

  async update(
    scope: TenantScope,
    siteId: number,
    input: { name?: string | undefined; url?: string | undefined },
  ): Promise<Site> {
    const data = {
      ...(input.name === undefined ? {} : { name: input.name }),
      ...(input.url === undefined ? {} : { url: siteUrl('url', input.url) }),
    };
    try {
      return await this.#parts.db.site.update({
        where: { id_accountId: { id: siteId, accountId: scope.accountId } },
        data,
      });
    } catch (error) {
      if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2025') throw notFound();
      throw error;
    }
  }

  /**
   * Gives the site a new key; the old one stops working with the commit, but for webhooks, which may be signed
   * with it for an hour more. Integrations hold no copy, so nothing else has to change. Returns the key, which is never shown again unless revealed by an admin.
   */
  async rotateKey(scope: TenantScope, siteId: number): Promise<string> {
    const key = generateSiteKey();
    const encrypted = await this.#parts.vault.encrypt(
      siteKeyOwner({ accountId: scope.accountId, siteId }),
      key,
    );
    await this.#parts.db.$transaction(async (tx) => {
      const [before] = await tx.$queryRaw<{ api_key_encrypted: string | null }[]>`
        SELECT api_key_encrypted FROM site WHERE id = ${siteId} AND account_id = ${scope.accountId} FOR UPDATE`;
      const previous = before?.api_key_encrypted ?? null;
      await this.#setKey(tx, scope, siteId, {
        apiKeyEncrypted: encrypted,
        apiKeyHash: hashSiteKey(key),
        apiKeyLast4: key.slice(-4),
        previousKeyEncrypted: previous,
        previousKeyUntil: previous === null ? null : new Date(this.#parts.now() + previousKeyMs),
      });
      await this.#parts.events.record(tx, {
        accountId: scope.accountId,
        siteId,
        type: 'credentials',
        action: 'site_key_rotated',
        details: { user_id: scope.userId },
      });
    });
    return key;
  }

  /** Takes the site's key away: from the commit on, no key opens it. */
  async revokeKey(scope: TenantScope, siteId: number): Promise<void> {
    await this.#parts.db.$transaction(async (tx) => {
      await this.#setKey(tx, scope, siteId, {
        apiKeyEncrypted: null,
        apiKeyHash: null,
        apiKeyLast4: null,
        previousKeyEncrypted: null,
        previousKeyUntil: null,
      });
      await this.#parts.events.record(tx, {
        accountId: scope.accountId,
        siteId,
        type: 'credentials',
        action: 'site_key_revoked',
        details: { user_id: scope.userId },
      });
    });
  }

  /** The site's key in clear; null when it has none. Throws VaultError when it cannot be decrypted. */
  async openKey(site: Pick<Site, 'id' | 'accountId' | 'apiKeyEncrypted'>): Promise<string | null> {
    if (site.apiKeyEncrypted === null) return null;
    return this.#parts.vault.decrypt(
      siteKeyOwner({ accountId: site.accountId, siteId: site.id }),
      site.apiKeyEncrypted,
    );
  }

  /** The key before the last rotation, as long as webhooks may come with it; else null. */
  async openPreviousKey(
    site: Pick<Site, 'id' | 'accountId' | 'previousKeyEncrypted' | 'previousKeyUntil'>,
  ): Promise<string | null> {
    if (site.previousKeyEncrypted === null || (site.previousKeyUntil?.getTime() ?? 0) <= this.#parts.now())
      return null;
    return this.#parts.vault.decrypt(
      siteKeyOwner({ accountId: site.accountId, siteId: site.id }),
      site.previousKeyEncrypted,
    );
  }

  async #setKey(
    tx: Transaction,
    scope: TenantScope,
    siteId: number,
    key: Pick<
      Site,
      'apiKeyEncrypted' | 'apiKeyHash' | 'apiKeyLast4' | 'previousKeyEncrypted' | 'previousKeyUntil'
    >,
  ): Promise<void> {
    const { count } = await tx.site.updateMany({
      where: { id: siteId, accountId: scope.accountId },
      data: key,
    });
    if (count === 0) throw notFound();
  }
}

/**
 * Checks the address of a site as a person types it and returns it unchanged but for white space around it.
 * Whether it is reachable, and public, is for the connection test to say. Throws a 400 naming `field`.
 */
export function siteUrl(field: string, text: string): string {
  const url = text.trim();
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw invalidField(
      field,
      'must be an address such as https://example.com or https://example.com/blog.',
      'invalid_url',
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalidField(
      field,
      'must not hold a user name or password; put them into credentials_json.',
      'invalid_url',
    );
  }
  if (url.length > 2_000) throw invalidField(field, 'must have at most 2000 characters.', 'too_long');
  return url;
}
