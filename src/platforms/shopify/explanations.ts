import { CONNECTION_EXPLANATIONS } from '../connectionExplanations.ts';
import type { Explanations } from '../explainedFault.ts';

/**
 * Messages and hints by code, or by `code.variant` if the cause is known more exactly. The meaning of the
 * statuses: https://shopify.dev/docs/api/usage/response-codes and
 * https://shopify.dev/docs/api/admin-graphql#status_and_error_codes
 */
export const EXPLANATIONS: Explanations = {
  ...CONNECTION_EXPLANATIONS,
  ok: { message: 'The shop is connected.', hint: '' },

  invalid_shop_domain: {
    message: "The shop domain is not a shop's own domain.",
    hint: 'Write it as in Shopify under Settings > Domains: one name and .myshopify.com, for example my-shop.myshopify.com.',
  },
  shop_not_found: {
    message: 'Shopify knows no shop under this domain.',
    hint: 'Check the spelling of shop_domain; it is in Shopify under Settings > Domains and ends with .myshopify.com.',
  },
  bad_credentials: {
    message: 'Shopify does not accept the access token.',
    hint: "Copy the app's Admin API access token anew, or enter client ID and client secret of an app in the Dev Dashboard instead.",
  },
  'bad_credentials.none': {
    message: 'There are no credentials for this shop.',
    hint: 'Enter an access token, or client ID and client secret of an app in the Dev Dashboard.',
  },
  'bad_credentials.client_id': {
    message: 'Shopify knows no app with this client ID.',
    hint: 'Copy the client ID anew: Dev Dashboard > the app > Settings.',
  },
  'bad_credentials.client_secret': {
    message: 'Shopify does not accept the client secret.',
    hint: 'Copy the client secret anew: Dev Dashboard > the app > Settings. After a rotation only the new one mints tokens.',
  },
  token_expired: {
    message: "The app's access token has expired; a new one was minted.",
    hint: 'No need to act: tokens of this kind last 24 hours.',
    retryable: true,
  },
  'token_expired.refused': {
    message: 'Shopify refuses the access token that it has just given to the app.',
    hint: 'Uninstall the app from the shop and install it again; its client ID and secret stay the same.',
  },
  app_not_installed: {
    message: 'The app is not installed in this shop.',
    hint: 'Install it: Dev Dashboard > the app > Install, and choose this shop.',
  },
  'app_not_installed.uninstalled': {
    message: 'The app was uninstalled from this shop.',
    hint: 'Install it again: Dev Dashboard > the app > Install, and choose this shop. Enter its access token anew, if it has one.',
  },
  'app_not_installed.erased': {
    message:
      'The app was uninstalled from this shop, and Shopify had everything deleted that was kept of it.',
    hint: 'To connect the shop again, install the app there and enter its credentials.',
  },
  shop_not_permitted: {
    message: 'The app may not mint tokens for this shop, as they belong to different organizations.',
    hint: "Create the app in the Dev Dashboard of the shop's own organization, or enter an access token instead.",
  },
  missing_scopes: {
    message: 'The app may not do what is needed. Missing scopes: {scopes}.',
    hint: 'Add these scopes to a new version of the app, release it, and approve the change in the shop.',
  },
  shop_frozen: {
    message: 'The shop is frozen, as its bill is not paid.',
    hint: 'The owner has to settle the balance in Shopify under Settings > Billing.',
  },
  shop_locked: {
    message: 'Shopify has locked the shop.',
    hint: 'This follows repeated excess of limits, or a risk of fraud. The owner has to ask Shopify support.',
  },
  throttled: {
    message: 'Shopify asks us to wait: the limit of this app in this shop is used up.',
    hint: 'We try again. If it stays so, other programs use the same app: give each program an app of its own.',
    retryable: true,
  },
  rejected: {
    message: 'Shopify rejects our requests as suspicious.',
    hint: 'Ask Shopify support why requests of this server are rejected.',
  },
  'rejected.forbidden': {
    message: 'Shopify refuses every request to this shop.',
    hint: 'The shop may be under suspicion of fraud, or the app blocked there. The owner has to ask Shopify support.',
  },
  version_unavailable: {
    message: 'Shopify answers with version {found} of its API instead of {asked}.',
    hint: 'The operator of this server has to set SHOPIFY_API_VERSION to a version that Shopify still offers.',
  },
  identity_mismatch: {
    message: 'The shop calls itself {found}.',
    hint: 'Enter {found} as shop_domain: webhooks name that domain.',
  },
  'unreachable.shopify': {
    message: 'Shopify itself cannot answer at present.',
    hint: 'We try again. See https://www.shopifystatus.com.',
    retryable: true,
  },
  bad_encoding: {
    message: 'The answers of Shopify are not compressed as their header Content-Encoding says.',
    hint: 'Something between this server and Shopify, such as a proxy, changes the answers: look for it with the operator of this server.',
  },
  'bad_encoding.unmarked': {
    message: 'The answers of Shopify are compressed, but no header says so.',
    hint: 'Something between this server and Shopify, such as a proxy, changes the answers: look for it with the operator of this server.',
  },
  cut_off: {
    message: 'The answer of Shopify ends in the middle.',
    hint: 'We try again. If it stays so, something between this server and Shopify, such as a proxy, cuts answers off.',
    retryable: true,
  },
  unexpected_answer: {
    message: 'Shopify gave an answer that its API does not give: {found}.',
    hint: 'Check SHOPIFY_BASE_URL and SHOPIFY_API_VERSION with the operator of this server.',
  },
  unreadable_items: {
    message: 'None of the first {kind} of the shop can be read. The first fault: {found}.',
    hint: 'If Shopify has a disturbance (https://www.shopifystatus.com), wait for its end. Else ask Shopify support why its API does not give them.',
    retryable: true,
  },
  'unreadable_items.forbidden': {
    message: 'The app may read none of the first {kind} of the shop. The first fault: {found}.',
    hint: 'Add the scopes that are missing to a new version of the app, release it, and approve the change in the shop.',
  },
  unknown_type: {
    message: 'A shop has no contents of the type {found}.',
    hint: 'It has article, page, product and collection.',
  },
  too_costly: {
    message: 'Shopify finds a request of ours too costly, however small.',
    hint: 'Set SHOPIFY_API_VERSION to the version that this server was made for.',
  },
};
