import { createSecretKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';

/**
 * The owner of a secret. The authenticated header of the secret names the owner, and decryption checks it.
 */
export interface SecretOwner {
  accountId: number;
  siteId: number;
  /** The platform's name, or `site` for the site key. */
  platform: string;
}

/** A stored secret cannot be decrypted: its key is missing, it was changed, or it has another owner. */
export class VaultError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'VaultError';
  }
}

/**
 * Encrypts the secrets in the database: compact JWE (RFC 7516), `dir` + A256GCM.
 * The first key encrypts, and every key decrypts. So keys can be changed without downtime.
 */
export class CredentialVault {
  readonly #keys = new Map<string, KeyObject>();
  readonly #currentKid: string;

  /** `keys` is `kid:base64(32 bytes)[,kid:…]`. Throws VaultError when a key is invalid. */
  constructor(keys: string) {
    for (const part of keys.split(',')) {
      const colon = part.indexOf(':');
      const kid = part.slice(0, colon);
      const key = Buffer.from(part.slice(colon + 1), 'base64');
      if (colon < 1 || key.length !== 32)
        throw new VaultError('A credential key must be kid:base64(32 bytes).');
      if (this.#keys.has(kid)) throw new VaultError(`Two credential keys are called ${kid}.`);
      // Given plain bytes, jose would create a key object for each call.
      this.#keys.set(kid, createSecretKey(key));
    }
    const [first] = this.#keys.keys();
    if (first === undefined) throw new VaultError('There is no credential key.');
    this.#currentKid = first;
  }

  async encrypt(owner: SecretOwner, plaintext: string): Promise<string> {
    return new CompactEncrypt(new TextEncoder().encode(plaintext))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: this.#currentKid, ...ownerHeader(owner) })
      .encrypt(this.#key(this.#currentKid));
  }

  /** Throws VaultError when the secret cannot be decrypted or has another owner. */
  async decrypt(owner: SecretOwner, jwe: string): Promise<string> {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(
        jwe,
        (header) => this.#key(header.kid ?? ''),
        {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        },
      );
      for (const [name, value] of Object.entries(ownerHeader(owner))) {
        if (protectedHeader[name] !== value)
          throw new VaultError('A stored secret belongs to another owner.');
      }
      return new TextDecoder().decode(plaintext);
    } catch (error) {
      if (error instanceof VaultError) throw error;
      throw new VaultError(
        'A stored secret cannot be decrypted: it was changed, or encrypted with a different key.',
        { cause: error },
      );
    }
  }

  /** Whether the secret is encrypted with the first key, which encrypts new secrets. */
  isCurrent(jwe: string): boolean {
    return decodeProtectedHeader(jwe).kid === this.#currentKid;
  }

  #key(kid: string): KeyObject {
    const key = this.#keys.get(kid);
    if (!key) throw new VaultError(`The credential key ${kid} is not among CREDENTIAL_KEYS.`);
    return key;
  }
}

function ownerHeader(owner: SecretOwner): Record<string, string | number> {
  return { acc: owner.accountId, sit: owner.siteId, plt: owner.platform };
}
