import { z } from 'zod';
import { syncSettingsSchema } from '../syncSettings.ts';
import { SHOP_DOMAIN } from './api/shopAddress.ts';

/**
 * What `config_json` may hold when a caller sends it. A domain in upper case is changed to lower case, as DNS
 * ignores case. Everything else that is not clearly one shop's own domain is refused.
 */
export const shopifyConfigSchema = z.strictObject({
  shop_domain: z
    .string()
    .max(255)
    // Checked before the change to lower case: that change turns characters such as the Kelvin sign into
    // plain letters.
    .regex(/^[\x21-\x7e]+$/, {
      error: 'must be ASCII, without blanks, such as my-shop.myshopify.com.',
      abort: true,
    })
    .toLowerCase()
    .regex(
      SHOP_DOMAIN,
      "must be the shop's own domain such as my-shop.myshopify.com, without https://, port and path.",
    )
    .meta({ description: "The shop's own domain, such as my-shop.myshopify.com." }),
  sync_settings: syncSettingsSchema.exactOptional(),
});

/**
 * Tokens and secrets are sent in headers and forms. A line break or blank in a secret is a copying mistake.
 */
const secret = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[\x21-\x7e]*$/, 'must be copied without line breaks, blanks and other characters around it.');

/**
 * The secrets in `credentials_json`: an access token, or a client ID and secret that mint one. The client
 * secret also verifies the shop's webhooks: for that, it may stand beside an access token. During a rotation
 * the previous client secret verifies webhooks too.
 */
export const shopifyCredentialsSchema = z
  .strictObject({
    access_token: secret.exactOptional().meta({ description: 'An Admin API access token.' }),
    client_id: secret.exactOptional().meta({ description: 'The client ID of an app in the Dev Dashboard.' }),
    client_secret: secret.exactOptional().meta({ description: 'Its client secret; it also signs webhooks.' }),
    previous_client_secret: secret
      .exactOptional()
      .meta({ description: 'The previous client secret, during a rotation.' }),
  })
  .superRefine((given, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (given.access_token !== undefined) {
      if (given.client_id !== undefined)
        issue('client_id', 'replaces access_token: send one of them, and null for the other.');
      return;
    }
    if (given.client_id === undefined && given.client_secret === undefined)
      issue('access_token', 'is needed, or client_id and client_secret.');
    else if (given.client_id === undefined) issue('client_id', 'belongs to client_secret, and is missing.');
    else if (given.client_secret === undefined)
      issue('client_secret', 'belongs to client_id, and is missing.');
  });
