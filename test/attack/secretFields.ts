/** The secrets that the API takes, and where one of them may be shown. */

/** Fields of bodies and headers of openapi.json that take a secret, with how the suite fills them. */
export const SECRET_FIELDS: readonly string[] = [
  'header X-API-Key',
  'header X-Shopify-Hmac-Sha256',
  'header webhook-signature',
  'patch /api/v1/integration/integrations/{id}.api_key',
  'patch /api/v1/integration/integrations/{id}.credentials_json',
  'patch /api/v1/integration/integrations/{id}.credentials_json.outer',
  'post /api/v1/auth/token.password',
  'post /api/v1/integration/integrations.api_key',
  'post /api/v1/integration/integrations.credentials_json',
  'post /api/v1/integration/integrations.credentials_json.outer',
  'post /api/v1/integration/integrations/test-connection.api_key',
  'put /api/v1/integration/integrations/{id}.api_key',
  'put /api/v1/integration/integrations/{id}.credentials_json',
  'put /api/v1/integration/integrations/{id}.credentials_json.outer',
];

/** Fields whose names only look like secrets. */
export const NO_SECRETS: readonly string[] = [
  // Identifies a content.
  'post /api/v1/integration/webhooks/wordpress/metadata.content_key',
  'post /api/v1/integration/webhooks/wordpress/status.content_key',
];

const OUTER = ['outer', 'outer.basic', 'outer.basic.username', 'outer.basic.password', 'outer.headers'];

/** Every field of `credentials_json`, by platform. */
export const CREDENTIALS: Readonly<Record<string, readonly string[]>> = {
  wordpress: ['username', 'application_password', ...OUTER],
  shopify: ['access_token', 'client_id', 'client_secret', 'previous_client_secret'],
  custom: ['token', 'value', 'username', 'password', ...OUTER],
};

/** The only answers that show a secret, and which one. */
export const SHOWN: readonly { call: RegExp; secret: RegExp }[] = [
  // Signing in gives a token.
  { call: /^POST \/api\/v1\/auth\/token$/, secret: /^access token of / },
  // A new key is shown once.
  { call: /^POST \/api\/v1\/sites\/\d+\/api-key$/, secret: /^site key / },
  // The caller has just sent the key.
  { call: /^POST \/api\/v1\/integration\/integrations$/, secret: /^site key / },
  // An admin asks for the key.
  { call: /\/reveal-api-key$/, secret: /^site key / },
];
