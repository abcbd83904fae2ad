import { CONNECTION_EXPLANATIONS } from '../connectionExplanations.ts';
import { type Explanations, Faults } from '../explainedFault.ts';
import { OUTER_EXPLANATIONS } from '../outer/outerExplanations.ts';

/** Messages and hints for the fault codes of a described API. `{request}` is, for example, `GET /posts`. */
export const EXPLANATIONS: Explanations = {
  ...CONNECTION_EXPLANATIONS,
  ...OUTER_EXPLANATIONS,
  invalid_url: {
    message: 'The base URL is not a web address.',
    hint: 'Write config_json.base_url such as https://api.example.com/v1.',
  },
  'unreachable.reset': {
    message: 'The API breaks off the connection before it has answered.',
    hint: "A firewall may cut us off, or the API crashes: look into its server's log, and allow requests from this server.",
    retryable: true,
  },
  timeout: {
    message: 'The API did not answer in time.',
    hint: 'The API is very slow or stuck. We try again; look into the log of its server if it stays so.',
    retryable: true,
  },
  too_large: {
    message: 'The answer of the API is larger than this server accepts.',
    hint: 'Ask for smaller pages (config_json.content.paging.size), or for fewer fields in the path.',
  },
  bad_encoding: {
    message: 'The answers of the API are not compressed as their header Content-Encoding says.',
    hint: 'The API, its web server or a proxy compresses twice or sets the header wrongly: let only one of them compress.',
  },
  'bad_encoding.unmarked': {
    message: 'The answer of the API to {request} is compressed, but no header says so.',
    hint: 'The API, its web server or a proxy compresses twice or removes the header Content-Encoding: let only one of them compress.',
  },
  cut_off: {
    message: 'The answer of the API to {request} ends in the middle.',
    hint: "A proxy, or a limit of time or memory, cuts answers off: look into the log of the API's server. We try again.",
    retryable: true,
  },

  invalid_description: {
    message: 'The description of the API is not valid here any more: {field}.',
    hint: 'Correct {field} in config_json.',
  },
  missing_credentials: {
    message: 'The API needs {missing} to know who is calling, but {missing} is not entered.',
    hint: 'Enter {missing} in credentials_json, as config_json.auth says.',
  },
  outer_basic_auth: {
    message: 'The web server asks for a password before the API does: it answers {request} with status 401.',
    hint: 'Enter its user name and password as credentials_json.outer.basic. If the API itself asks for them, describe that in config_json.auth.',
  },
  outer_needs_connector: {
    message: 'The API and what stands before it both need the header {header}, which holds only one value.',
    hint: 'Let the API take its secret in another header or parameter (config_json.auth), or let what stands before it take another header (credentials_json.outer.headers).',
  },
  dirty_json: {
    message:
      'The answer of the API to {request} has line breaks or tabs inside its texts as they are, which JSON does not allow. We read on.',
    hint: 'Let the API write its texts by a JSON library, or find the filter that changes its answers.',
  },
  bad_credentials: {
    message: 'The API does not accept the credentials.',
    hint: 'Enter new ones in credentials_json, and check that config_json.auth names the way that the API wants them.',
  },
  forbidden: {
    message: 'The API knows who is calling, but does not allow {request}.',
    hint: 'Give the key or user of credentials_json the right to it in the API.',
  },
  not_found: {
    message: 'The API has nothing under {request}.',
    hint: 'Check config_json.base_url and the path.',
  },
  throttled: {
    message: 'The API asks us to wait.',
    hint: 'We try again. If it stays so, lower config_json.sync_settings.concurrency.',
    retryable: true,
  },
  server_error: {
    message: 'The API answers {request} with status {status}: something inside the API failed.',
    hint: "We try again. If it stays so, look into the API's log.",
    retryable: true,
  },
  unexpected_status: {
    message: 'The API answers {request} with status {status} instead of {expected}.',
    hint: 'Check base_url, the path and the method in config_json. If this status is right, enter it as the expected status.',
  },
  'unexpected_status.401': {
    message: 'The API does not accept the credentials: it answers {request} with status 401.',
    hint: 'Enter new ones in credentials_json, and check that config_json.auth names the way that the API wants them.',
  },
  'unexpected_status.403': {
    message: 'The API does not allow {request}: it answers with status 403.',
    hint: 'Give the key or user of credentials_json the right to it in the API.',
  },
  'unexpected_status.404': {
    message: 'The API has nothing under {request}: it answers with status 404.',
    hint: 'Check base_url and the path in config_json.',
  },
  'unexpected_status.429': {
    message: 'The API asks us to wait: it answers {request} with status 429.',
    hint: 'We try again. If it stays so, ask for a higher limit there.',
    retryable: true,
  },
  not_json: {
    message: 'The API answers {request} with something that is not JSON.',
    hint: 'Check base_url and the path in config_json: often a website answers there instead of the API.',
  },
  pointer_leads_nowhere: {
    message: 'The answer to {request} holds nothing at {pointer}.',
    hint: 'Correct {field} in config_json: it leads from the top of the answer, as in /data/items.',
  },
  not_a_list: {
    message: 'The answer to {request} holds no list at {pointer}.',
    hint: 'Correct config_json.content.list.items: it leads from the top of the answer to the list.',
  },
  unreadable_items: {
    message: 'None of the items on the first page of the list can be read. The first fault: {found}.',
    hint: 'Correct config_json.content.map: its pointers lead from the top of an item. If they are right, correct config_json.content.list.items.',
  },
  'unreadable_items.item_fails': {
    message: 'The API fails over every item on the first page of the list. The first fault: {found}.',
    hint: "Look into the API's log for what fails when it lists its items. We try again.",
    retryable: true,
  },
  endless_paging: {
    message: 'The list of the API does not end: {found}.',
    hint: 'Check config_json.content.paging: most APIs ignore a wrong parameter and return the first page again and again. If the API repeats its only page, name its count in config_json.content.list.total.',
  },
  no_next_page: {
    message: 'An answer holds something at {pointer} that names no next page.',
    hint: 'Correct config_json.content.paging.next: it leads to the cursor or the URL of the next page.',
  },
  foreign_link: {
    message: 'The API names a next page that is on another server.',
    hint: 'Use the address that the API itself uses as config_json.base_url. Credentials are never sent along to another host.',
  },
  unknown_type: {
    message: 'The description has no content type {type}.',
    hint: 'Read the structure anew by a sync with the direction metadata.',
  },
};

export const faults = new Faults(EXPLANATIONS, {
  canonical: 'the address that the API redirects to',
  request: 'a request',
  path: 'the path of the API',
});
export const { fault, explained } = faults;
