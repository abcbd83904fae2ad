import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const prefix = 'sbk_';

/** A new site key: `sbk_` and 256 random bits as 43 base64url characters. */
export function generateSiteKey(): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** Whether a text has the form of a site key. Does not check whether a site has this key. */
export function looksLikeSiteKey(text: string): boolean {
  return /^sbk_[A-Za-z0-9_-]{43}$/.test(text);
}

/** SHA-256 of the key in hex, as stored in the database. */
export function hashSiteKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/**
 * Whether `key` has the stored hash, compared in constant time. Null (a site without a key) matches no key.
 */
export function matchesSiteKey(key: string, keptHash: string | null): boolean {
  const given = Buffer.from(hashSiteKey(key), 'hex');
  // The comparison also runs without a stored hash, so that its time does not reveal whether there is a key.
  const kept = Buffer.from(keptHash ?? '0'.repeat(64), 'hex');
  return timingSafeEqual(given, kept) && keptHash !== null;
}

/** The form of the key that may be shown: `sbk_…` and its last four characters. */
export function maskSiteKey(last4: string): string {
  return `${prefix}…${last4}`;
}
