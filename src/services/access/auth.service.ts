import { SignJWT } from 'jose';
import type { Database } from '../../database/client.ts';
import { CallerError } from '../../errors.ts';
import { verifyPassword } from '../../security/password.ts';
import { hashSiteKey, looksLikeSiteKey, matchesSiteKey } from '../../security/siteKey.ts';
import type { TenantScope } from './tenantScope.ts';

/** How long the scope of a user is cached, in ms. A deactivated user must lose access within 5 s. */
const rememberMs = 2_000;
const rememberAtMost = 10_000;
/** In seconds, if the server accepts tokens that last this long. */
const usualLifetimeS = 3_600;

interface Parts {
  db: Database;
  signingSecret: Uint8Array | null;
  maxAgeS: number;
  now: () => number;
}

/** Identifies callers: exchanges passwords for tokens, and tokens and site keys for scopes. */
export class AuthService {
  readonly #parts: Parts;
  readonly #remembered = new Map<number, { scope: Promise<TenantScope | null>; until: number }>();

  /**
   * `signingSecret` is null when an identity provider issues the tokens (JWKS). A token may last `maxAgeS`
   * seconds. `now` is in ms.
   */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Returns an access token for an e-mail and password; `expiresIn` is in seconds. Throws the same 401, after
   * the same work, if the e-mail is unknown, the password is wrong, or the user or account is inactive.
   * Throws 501 when an identity provider issues the tokens.
   */
  async signIn(email: string, password: string): Promise<{ accessToken: string; expiresIn: number }> {
    if (!this.#parts.signingSecret) {
      throw new CallerError(
        'not_supported',
        'Tokens are issued by the identity provider behind JWT_JWKS_URL.',
      );
    }
    const user = await this.#parts.db.user.findUnique({
      where: { email: email.trim().toLowerCase() },
      include: { account: true },
    });
    const matches = await verifyPassword(password, user?.passwordHash ?? null);
    if (!user || !matches || !user.isActive || !user.account.isActive) {
      throw new CallerError('unauthenticated', 'E-mail or password is wrong.', { code: 'wrong_credentials' });
    }
    const issuedAt = Math.floor(this.#parts.now() / 1000);
    const expiresIn = Math.min(usualLifetimeS, this.#parts.maxAgeS);
    const accessToken = await new SignJWT({ account_id: user.accountId })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(String(user.id))
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + expiresIn)
      .sign(this.#parts.signingSecret);
    return { accessToken, expiresIn };
  }

  /** The scope of a token's user; null when the user is deleted, inactive, or not of the token's account. */
  async userScope(userId: number, accountId: number): Promise<TenantScope | null> {
    const scope = await this.#remember(userId);
    return scope?.accountId === accountId ? scope : null;
  }

  /** The scope of the site with this current key; null when no site of an active account has the key. */
  async siteKeyScope(key: string): Promise<TenantScope | null> {
    if (!looksLikeSiteKey(key)) return null;
    const site = await this.#parts.db.site.findFirst({
      where: { apiKeyHash: hashSiteKey(key), account: { isActive: true } },
      select: { id: true, accountId: true, apiKeyHash: true },
    });
    if (!site || !matchesSiteKey(key, site.apiKeyHash)) return null;
    return { accountId: site.accountId, userId: null, siteId: site.id, role: 'site' };
  }

  #remember(userId: number): Promise<TenantScope | null> {
    const now = this.#parts.now();
    const known = this.#remembered.get(userId);
    if (known && known.until > now) return known.scope;
    if (this.#remembered.size >= rememberAtMost) this.#remembered.clear();
    const scope = this.#load(userId);
    this.#remembered.set(userId, { scope, until: now + rememberMs });
    // A failed query is not cached: the next call queries again.
    scope.catch(() => this.#remembered.delete(userId));
    return scope;
  }

  async #load(userId: number): Promise<TenantScope | null> {
    const user = await this.#parts.db.user.findUnique({ where: { id: userId }, include: { account: true } });
    if (!user?.isActive || !user.account.isActive) return null;
    return { accountId: user.accountId, userId: user.id, siteId: null, role: user.role };
  }
}
