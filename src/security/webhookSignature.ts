import { Webhook, WebhookVerificationError } from 'standardwebhooks';

/** The headers of a Standard Webhooks message. */
export interface WebhookSignature {
  id: string;
  timestamp: string;
  signature: string;
}

/**
 * Whether a message is signed with the key, and not older or newer than 5 minutes.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * The secret is the key's text, byte by byte; `body` is the text as it came.
 */
export function isSigned(key: string, body: string, signature: WebhookSignature): boolean {
  // The library reads a timestamp up to its first other character; the whole header must be a number.
  if (!/^\d{1,12}$/.test(signature.timestamp)) return false;
  try {
    new Webhook(key, { format: 'raw' }).verify(
      body,
      {
        'webhook-id': signature.id,
        'webhook-timestamp': signature.timestamp,
        'webhook-signature': signature.signature,
      },
      { jsonParse: false },
    );
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}
