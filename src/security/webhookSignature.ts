import { Webhook, WebhookVerificationError } from 'standardwebhooks';

/** The headers of a Standard Webhooks message. */
export interface WebhookSignature {
  id: string;
  timestamp: string;
  signature: string;
}

/**
 * Whether a message is signed with the key and its timestamp is at most 5 minutes away from now.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * The secret is the key's text, byte by byte. `body` is the text exactly as received.
 */
export function isSigned(key: string, body: string, signature: WebhookSignature): boolean {
  // The library ignores everything after the digits of a timestamp. Here the whole header must be a number.
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
