import type { Credentials, JsonObject } from './connection.ts';

/** Headers of a request, their names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The webhooks of a platform: who sends one, whether that is proven, and what it is about. What has changed is not
 * taken from them: it is read from the site.
 */
export interface WebhookPart {
  /** The headers that are read, as the API's documentation tells of them. */
  readonly headers: readonly { name: string; required: boolean; description: string }[];
  /** The header with the sender's id of the message, by which a second delivery of it is known. */
  readonly idHeader: string;
  /** What `config_json` of the sender's integration holds, as the headers claim; null when they name no sender. */
  senderOf(headers: WebhookHeaders): JsonObject | null;
  /** Did the other side of this integration send just these bytes? */
  isGenuine(
    rawBody: Buffer,
    headers: WebhookHeaders,
    integration: { config: JsonObject; credentials: Credentials },
  ): boolean;
  /** What a genuine one is about, or why it cannot be taken. */
  changeIn(headers: WebhookHeaders, body: unknown): AnnouncedChange | UnusableWebhook;
}

/** A content of the site has changed, or is no more. */
export interface AnnouncedChange {
  contentType: string;
  externalId: string;
  gone: boolean;
  /** ISO 8601 UTC by the site's clock; null where it does not say. */
  modifiedAt: string | null;
}

interface UnusableWebhook {
  /** A header's name, or `body`. */
  field: string;
  message: string;
}
