import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import type { Connection } from '../../connection.ts';
import { usesHeader } from '../../outer/outerAccess.ts';
import { type ExplanationValues, fault, type WordpressFault } from '../messages.ts';
import { apiUrl } from './discovery.ts';
import { servedFromCache } from './faultPages.ts';
import {
  type ApiAnswer,
  type ApiError,
  closedApi,
  isRestDisabled,
  JSON_TYPE,
  type SiteClient,
} from './siteClient.ts';

export interface ApplicationPassword {
  username: string;
  application_password: string;
}

/**
 * The application password of a connection; null when it has none, or when what stands before the site needs the
 * header Authorization for itself.
 */
export function applicationPassword({ credentials, outer }: Connection): ApplicationPassword | null {
  const { username, application_password } = credentials;
  const isFree = !usesHeader(outer, 'Authorization');
  return username && application_password && isFree ? { username, application_password } : null;
}

/** The fault of a connection that has neither the connector nor an application password that can be used. */
export function noSignIn({ credentials, outer }: Connection, values: ExplanationValues): WordpressFault {
  const { username, application_password } = credentials;
  const collides = username && application_password && usesHeader(outer, 'Authorization');
  return fault(collides ? 'outer_needs_connector' : 'connector_missing', { values });
}

/** The header that signs a request in with an application password. */
export function passwordHeaders({
  username,
  application_password,
}: ApplicationPassword): Record<string, string> {
  const pair = `${username}:${application_password}`;
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** WordPress's own REST API, with an application password. */
export class CoreRest {
  private readonly client: SiteClient;
  private readonly root: string;

  constructor(client: SiteClient, root: string) {
    this.client = client;
    this.root = root;
  }

  /**
   * Sends a GET. Returns any answer that is JSON, refusals included. `query` must be encoded. Throws
   * WordpressFault.
   */
  async get(route: string, credentials: ApplicationPassword, query = ''): Promise<ApiAnswer> {
    const headers = passwordHeaders(credentials);
    return this.client.api({ url: apiUrl(this.root, route, query), headers });
  }

  /** Sends a POST without content, and returns the answer unread, whatever it is. Throws WordpressFault. */
  async post(route: string, credentials: ApplicationPassword): Promise<OutboundResponse> {
    return this.client.sendApi({
      method: 'POST',
      url: apiUrl(this.root, route),
      body: '{}',
      headers: { ...JSON_TYPE, ...passwordHeaders(credentials) },
      redirects: 'none',
    });
  }

  /** Sends a GET that must succeed. Throws WordpressFault. */
  async read(route: string, credentials: ApplicationPassword, query = ''): Promise<ApiAnswer> {
    const answer = await this.get(route, credentials, query);
    if (answer.error !== null) throw this.refusal(answer, answer.error);
    return answer;
  }

  /** The fault for a refusal. Core answers 401 to unknown users and 403 to users without the permission. */
  refusal(answer: ApiAnswer, error: ApiError) {
    const values = this.client.values;
    if (servedFromCache(answer.response)) return fault('cached_api', { values });
    const code = REFUSALS[error.code];
    if (code === 'bad_credentials' && isOfAccountPassword(error)) {
      return fault('basic_auth_plugin', { values, detail: error.code });
    }
    if (code !== undefined) return fault(code, { values, detail: error.code });
    if (isRestDisabled(error)) return closedApi(error, values);
    if (error.status === 403) {
      return fault('insufficient_role', { values: { ...values, missing: error.code }, detail: error.code });
    }
    if (error.status === 401) return fault('bad_credentials', { values, detail: error.code });
    return fault('unexpected_answer', {
      values: { ...values, found: `${error.status} ${error.code}` },
      detail: error.code,
    });
  }
}

/**
 * Does the refusal come from the check of account passwords? The plugin "JSON Basic Authentication" and its kin
 * make it of every Authorization header. Its error has no status, so WordPress sends 500, and its message links
 * to the form for lost passwords (wp_authenticate_username_password). Core's own refusal is a 401 without a link.
 */
function isOfAccountPassword({ code, status, message }: ApiError): boolean {
  return REFUSALS[code] === 'bad_credentials' && (status >= 500 || message.includes('action=lostpassword'));
}

/** Does the refusal concern user name and password, whoever checked them? */
export function isOfPassword({ code }: Pick<ApiError, 'code'>): boolean {
  return Object.hasOwn(REFUSALS, code);
}

/**
 * The error codes of wp_authenticate_application_password(). `rest_not_logged_in` is missing here: only
 * users/me answers it, both for a wrong password and for a header that did not arrive.
 */
const REFUSALS: Readonly<Record<string, string | undefined>> = {
  incorrect_password: 'bad_credentials',
  invalid_username: 'bad_credentials',
  invalid_email: 'bad_credentials',
  application_passwords_disabled: 'application_passwords_off',
  application_passwords_disabled_for_user: 'application_passwords_off',
};
