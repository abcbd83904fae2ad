import type { Database, Transaction } from '../../database/client.ts';
import { Prisma, type Site } from '../../database/generated/client.ts';
import { invalidField, notFound } from '../../errors.ts';
import type { CredentialVault, SecretOwner } from '../../security/credentialVault.ts';
import { generateSiteKey, hashSiteKey } from '../../security/siteKey.ts';
import type { TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';

/** How long after a rotation webhooks with the previous key are accepted. Milliseconds. */
const previousKeyMs = 3_600_000;

/** The owner of a site key, for the vault. */
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

  /** Throws 404 for a site that does not exist or belongs to another account. */
  async get(scope: TenantScope, siteId: number): Promise<Site> {
    const site = await this.#parts.db.site.findFirst({ where: { id: siteId, accountId: scope.accountId } });
    if (!site) throw notFound();
    return site;
  }

  /** Creates a site without a key; `rotateKey` makes a key. Throws 400 naming `url`. */
  async create(
    scope: TenantScope,
    input: { name: string; url: string },
    tx: Transaction = this.#parts.db,
  ): Promise<Site> {
    return tx.site.create({
      data: { accountId: scope.accountId, name: input.name, url: siteUrl('url', input.url) },
    });
  }

  /**
   * Creates a site with a key, in the caller's transaction if there is one. Neither is stored without the other.
   * Throws 400 naming `url`.
   */
  async createWithKey(
    scope: TenantScope,
    input: { name: string; url: string },
    outer?: Transaction,
  ): Promise<{ siteId: number; siteKey: string }> {
    const create = async (tx: Transaction) => {
      const { id } = await this.create(scope, input, tx);
      return { siteId: id, siteKey: await this.#rotate(tx, scope, id) };
    };
    return outer ? create(outer) : this.#parts.db.$transaction(create);
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
   * Gives the site a new key and returns it. From the commit on, the old key works for webhooks only, for one
   * more hour. Integrations hold no copy of the key, so nothing else has to change. The new key is never
   * shown again unless an admin reveals it. Throws 404.
   */
  async rotateKey(scope: TenantScope, siteId: number): Promise<string> {
    return this.#parts.db.$transaction((tx) => this.#rotate(tx, scope, siteId));
  }

  async #rotate(tx: Transaction, scope: TenantScope, siteId: number): Promise<string> {
    const key = generateSiteKey();
    const owner = siteKeyOwner({ accountId: scope.accountId, siteId });
    const encrypted = await this.#parts.vault.encrypt(owner, key);
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
    return key;
  }

  /** Removes the key of the site. From the commit on, no key is accepted. Throws 404. */
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

  /**
   * The decrypted key of the site; null when the site has no key. Throws VaultError when decryption fails.
   */
  async openKey(site: Pick<Site, 'id' | 'accountId' | 'apiKeyEncrypted'>): Promise<string | null> {
    if (site.apiKeyEncrypted === null) return null;
    return this.#parts.vault.decrypt(
      siteKeyOwner({ accountId: site.accountId, siteId: site.id }),
      site.apiKeyEncrypted,
    );
  }

  /**
   * The decrypted key before the last rotation, while webhooks with it are accepted; later null. Throws
   * VaultError.
   */
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
 * Checks the URL of a site as a person typed it. Returns the URL without the white space around it. The
 * connection test finds out whether the URL is reachable and public. Throws a 400 naming `field`.
 */
export function siteUrl(field: string, text: string): string {
  const url = text.trim();
  if (url.length > 2_000) throw invalidField(field, 'must have at most 2000 characters.', 'too_long');
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
      'must not contain a user name or password; put them into credentials_json.',
      'invalid_url',
    );
  }
  return url;
}
