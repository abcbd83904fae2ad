import type { ZodType } from 'zod';
import type { Credentials, JsonObject, JsonValue } from './connection.ts';
import type { ContentTexts } from './contentTexts.ts';
import type { ContentTerm } from './remoteContent.ts';

/**
 * What a delivery is about. A `status` or `metadata` webhook carries the change of an item, `terms` that of a term,
 * `site` that of the site itself, `changed` and `deleted` only announce a change, and the others are about the whole
 * integration.
 */
export const toldTopics = ['status', 'metadata', 'terms', 'site'] as const;
/** Topics about the whole integration. */
export const noticeTopics = ['disconnected', 'erasure', 'privacy_request'] as const;
export const webhookTopics = [...toldTopics, 'changed', 'deleted', ...noticeTopics] as const;
export type ToldTopic = (typeof toldTopics)[number];
export type NoticeTopic = (typeof noticeTopics)[number];
export type WebhookTopic = (typeof webhookTopics)[number];

/** Headers of a request, their names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The webhooks of a platform: the sender, its proof, and the change. */
export interface WebhookPart {
  /** The headers that are read. The API documentation lists them. */
  readonly headers: readonly { name: string; required: boolean; description: string }[];
  /** The header with the sender's id of the message. A second delivery with the same id is a duplicate. */
  readonly idHeader: string;
  /**
   * Webhooks at `…/webhooks/{platform}`. They only say that an item has changed, and the site is then read, or
   * they say something about the whole integration.
   */
  readonly announces?: AnnouncingWebhook;
  /**
   * Webhooks at `…/webhooks/{platform}/{topic}` that carry a part of the change. The site signs them with its
   * site key, or presents the key. Only one platform of a server may have them.
   */
  readonly tells?: Readonly<Record<ToldTopic, TellingWebhook>>;
}

/** A webhook that the credentials of an integration prove to come from its other side. */
export interface AnnouncingWebhook {
  /** The part of `config_json` that identifies the sender, by the headers; null when they name no sender. */
  senderOf(headers: WebhookHeaders): JsonObject | null;
  /** Did the other side of this integration send exactly these bytes? */
  isGenuine(
    rawBody: Buffer,
    headers: WebhookHeaders,
    integration: { config: JsonObject; credentials: Credentials },
  ): boolean;
  /** What a genuine webhook says, or why the webhook cannot be taken. */
  messageIn(headers: WebhookHeaders, body: unknown): AnnouncedChange | IntegrationNotice | UnusableWebhook;
}

export interface TellingWebhook {
  readonly summary: string;
  /** Checks a body. A delivery stores the output, which passes the schema again. */
  readonly body: ZodType<JsonObject>;
  /** Reads a stored body. Throws ZodError for a body that no version of this server has stored. */
  messageIn(body: unknown): ToldMessage;
}

/** What a site tells: a change of an item, of a term, or of the site itself. */
export type ToldMessage =
  | { kind: 'item'; change: ToldChange }
  | { kind: 'term'; term: ToldTerm }
  | { kind: 'site'; site: ToldSite };

/** A term of the site as it is now. */
export interface ToldTerm {
  taxonomy: string;
  externalId: string;
  slug: string;
  name: string;
  /** null for a term at the top. */
  parentExternalId: string | null;
  deleted: boolean;
  /** The slug before the change; null if the site does not say it. */
  oldSlug: string | null;
  /** With a deletion: the term that items got whose last term of the taxonomy was deleted. */
  instead: { slug: string; name: string } | null;
  /** ISO 8601 UTC by the clock of the site. */
  at: string;
}

/** The site itself as it is now. */
export interface ToldSite {
  home: string;
  siteUrl: string;
  name: string;
  /** How the site makes its links, such as `/%category%/%postname%/`; empty for plain links. */
  permalinkStructure: string;
  timeZone: string;
  /** Many items have changed at once, without a new date. */
  manyChanged: boolean;
  /** ISO 8601 UTC by the clock of the site. */
  at: string;
}

/** An item of the site was changed or deleted. */
export interface AnnouncedChange {
  contentType: string;
  externalId: string;
  gone: boolean;
  /** ISO 8601 UTC by the site's clock; null if the webhook names no time. */
  modifiedAt: string | null;
}

/** Something about the whole integration, not about one item. It names no person. */
export interface IntegrationNotice {
  /**
   * `disconnected`: the other side has ended the connection. `erasure`: it demands that everything that is kept
   * of it be deleted, with the credentials. `privacy_request`: it passes on the request of a person about the
   * data of that person. Of people nothing is kept, so such a request is only recorded.
   */
  topic: NoticeTopic;
  /** The sender's own name of the webhook, such as `app/uninstalled`. */
  name: string;
  /** ISO 8601 UTC by the sender's clock; null if the webhook names no time. */
  at: string | null;
  /** Why the connection no longer works; null if it still does. */
  fault: { code: string; message: string; hint: string } | null;
  /** The names of the credentials that no longer work. */
  endedCredentials: string[];
}

/** A change of an item, with some of its current fields. */
export interface ToldChange extends AnnouncedChange {
  modifiedAt: string;
  /** The key of the item's content; null if the site does not know the key. */
  contentKey: string | null;
  /** The write operation of this server that made the change; null for any other change. */
  operationId: string | null;
  /** The status as the site names it. */
  externalStatus?: string;
  externalUrl?: string;
  /** `private` where the status says so. A webhook never says that anyone can read the item. */
  visibility?: 'private';
  /** The current values of the fields that the webhook carries. */
  fields: Partial<Omit<ContentTexts, 'body'>> & {
    status?: 'draft' | 'published';
    terms?: ContentTerm[];
    /** Entries to be replaced; undefined removes an entry. Entries that are not named stay. */
    metadata?: Readonly<Record<string, JsonValue | undefined>>;
  };
}

export interface UnusableWebhook {
  /** A header's name, or `body`. */
  field: string;
  message: string;
}
