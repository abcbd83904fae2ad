import type { Database } from '../../database/client.ts';
import type { Site } from '../../database/generated/client.ts';
import { CallerError } from '../../errors.ts';
import type { AnnouncingWebhook, WebhookHeaders } from '../../platforms/webhookPart.ts';
import { VaultError } from '../../security/credentialVault.ts';
import { hashSiteKey, matchesSiteKey } from '../../security/siteKey.ts';
import { isSigned, type WebhookSignature } from '../../security/webhookSignature.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { OwnedIntegration, SiteConnections } from '../integrations/openConnection.ts';
import type { SiteService } from '../sites/site.service.ts';

/** How a site proves that it sent a webhook: with a signature over the body, or with the site key itself. */
export type SiteProof = { kind: 'signature'; signature: WebhookSignature } | { kind: 'key'; key: string };

/** A site that proved itself. */
export interface SendingSite {
  site: Pick<Site, 'id' | 'accountId'>;
  /** Until when the previous key is accepted, if the site used that key; else null. */
  previousKeyUntil: Date | null;
}

interface Parts {
  db: Database;
  sites: SiteService;
  connections: SiteConnections;
}

/** Finds out who sent a webhook. */
export class WebhookSenders {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The site that sent `text`; null if the site does not exist or has no key, or the proof is wrong. Throws 503 if
   * no readable key proves the sender and a key cannot be decrypted.
   */
  async site(siteId: number, proof: SiteProof, text: string): Promise<SendingSite | null> {
    const site = await this.#parts.db.site.findFirst({ where: { id: siteId, account: { isActive: true } } });
    if (!site) return null;
    if (proof.kind === 'key') {
      if (matchesSiteKey(proof.key, site.apiKeyHash)) return { site, previousKeyUntil: null };
    }
    const proves = (key: string | null) =>
      key !== null &&
      (proof.kind === 'key'
        ? matchesSiteKey(proof.key, hashSiteKey(key))
        : isSigned(key, text, proof.signature));
    // The current key as a proof was compared with its hash, without decryption.
    const key = proof.kind === 'key' ? null : await readable(this.#parts.sites.openKey(site));
    if (!(key instanceof VaultError) && proves(key)) return { site, previousKeyUntil: null };
    const previous = await readable(this.#parts.sites.openPreviousKey(site));
    if (!(previous instanceof VaultError) && proves(previous))
      return { site, previousKeyUntil: site.previousKeyUntil };
    for (const fault of [key, previous]) if (fault instanceof VaultError) throw notNow(fault);
    return null;
  }

  /**
   * The integrations of a platform whose credentials prove that the webhook was sent for them. There are
   * several if several sites are connected to the same shop. There are none if the headers name no sender or
   * the proof is wrong. Throws 503 if no integration is proven and credentials cannot be decrypted.
   */
  async integrations(
    platform: string,
    webhook: Pick<AnnouncingWebhook, 'senderOf' | 'isGenuine'>,
    rawBody: Buffer,
    headers: WebhookHeaders,
  ): Promise<OwnedIntegration[]> {
    const claimed = webhook.senderOf(headers);
    if (claimed === null) return [];
    const proven: OwnedIntegration[] = [];
    let unreadable: VaultError | null = null;
    for (const integration of await this.#named(platform, JSON.stringify(claimed))) {
      try {
        const credentials = await this.#parts.connections.openCredentials(integration);
        const config = configOf(integration).json;
        if (webhook.isGenuine(rawBody, headers, { config, credentials })) proven.push(integration);
      } catch (error) {
        // The credentials of another integration with the same shop may be readable.
        if (!(error instanceof VaultError)) throw error;
        unreadable = error;
      }
    }
    if (proven.length === 0 && unreadable !== null) throw notNow(unreadable);
    return proven;
  }

  /** The integrations of active accounts whose `config_json` contains `config`, which is JSON. */
  async #named(platform: string, config: string): Promise<OwnedIntegration[]> {
    const found = await this.#parts.db.$queryRaw<{ id: number }[]>`
      SELECT id FROM site_integration WHERE platform = ${platform} AND config_json @> ${config}::jsonb`;
    if (found.length === 0) return [];
    return this.#parts.db.siteIntegration.findMany({
      where: { id: { in: found.map(({ id }) => id) }, site: { account: { isActive: true } } },
      orderBy: { id: 'asc' },
    });
  }
}

/** Returns the fault of a secret that cannot be decrypted, instead of throwing it. */
function readable(opening: Promise<string | null>): Promise<string | null | VaultError> {
  return opening.catch((error: unknown) => {
    if (error instanceof VaultError) return error;
    throw error;
  });
}

/** The sender keeps the webhook and sends it again. By then the operator may have corrected CREDENTIAL_KEYS. */
function notNow(cause: VaultError): CallerError {
  return new CallerError(
    'unavailable',
    'The sender cannot be checked now, because a stored secret cannot be decrypted. Send this again later.',
    { code: 'credentials_unreadable', headers: { 'Retry-After': '60' }, cause },
  );
}
