import type { Credentials, JsonObject } from './connection.ts';

/** Headers of a request, their names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The webhooks of a platform: who sent a webhook, whether the sender is proven, and which content it is
 * about. The changed texts are not taken from the webhook: they are read from the site.
 */
export interface WebhookPart {
  /** The headers that are read, described for the API's documentation. */
  readonly headers: readonly { name: string; required: boolean; description: string }[];
  /**
   * The header with the sender's id of the webhook. A second delivery of the same webhook has the same id.
   */
  readonly idHeader: string;
  /**
   * The part of `config_json` that identifies the sender's integration, as the headers claim; null if they
   * name no sender.
   */
  senderOf(headers: WebhookHeaders): JsonObject | null;
  /** Did the site of this integration send exactly these bytes? */
  isGenuine(
    rawBody: Buffer,
    headers: WebhookHeaders,
    integration: { config: JsonObject; credentials: Credentials },
  ): boolean;
  /** The change that a genuine webhook announces, or why the webhook cannot be used. */
  changeIn(headers: WebhookHeaders, body: unknown): AnnouncedChange | UnusableWebhook;
}

/** An item of the site has changed or was deleted. */
export interface AnnouncedChange {
  contentType: string;
  externalId: string;
  gone: boolean;
  /** ISO 8601 UTC by the site's clock; null if the site does not say. */
  modifiedAt: string | null;
}

interface UnusableWebhook {
  /** A header's name, or `body`. */
  field: string;
  message: string;
}
