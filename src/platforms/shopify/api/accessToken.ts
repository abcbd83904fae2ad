import { z } from 'zod';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { type Connection, type Credentials, double } from '../../connection.ts';
import { fault } from '../faults.ts';
import { jsonOf, statusFault } from './httpAnswer.ts';
import type { ShopifyOptions } from './options.ts';
import { adminUrl } from './shopAddress.ts';

/** How long before its expiry by our clock a token is replaced. Milliseconds. */
const EARLY_MS = 60_000;

/** https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant */
const grant = z.object({
  access_token: z
    .string()
    .min(1)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: double.refine((seconds) => seconds > 0).optional(),
});

interface Minted {
  token: string;
  /** Milliseconds since 1970. */
  until: number;
}

/**
 * The access token of one integration: entered by the user, or minted by the client credentials grant. A
 * minted token is stored, encrypted, for the 24 hours that it is valid.
 */
export class AccessToken {
  readonly #connection: Connection;
  readonly #shop: string;
  readonly #options: ShopifyOptions;
  #minted: Minted | null;
  #minting: Promise<string> | null = null;
  /** Called for the answer to each token request. */
  onAnswer: (answer: OutboundResponse) => void = () => undefined;

  constructor(connection: Connection, shop: string, options: ShopifyOptions) {
    this.#connection = connection;
    this.#shop = shop;
    this.#options = options;
    this.#minted = mintedBefore(connection.kept ?? {});
  }

  /** Is the token minted, so that a new one can be minted? */
  get renewable(): boolean {
    const { access_token: entered, client_id: id, client_secret: secret } = this.#connection.credentials;
    return entered === undefined && id !== undefined && secret !== undefined;
  }

  /**
   * The current token. Throws ExplainedFault if there are no credentials, or if no token can be minted with
   * them.
   */
  async current(): Promise<string> {
    const entered = this.#connection.credentials.access_token;
    if (entered !== undefined) return entered;
    if (!this.renewable) throw fault('bad_credentials', { variant: 'none' });
    const minted = this.#minted;
    if (minted !== null && minted.until - EARLY_MS > this.#options.clock()) return minted.token;
    return this.#mintOnce();
  }

  /** A token other than the refused one. Requests that are refused at the same time share one new token. */
  async renew(refused: string): Promise<string> {
    if (this.#minted !== null && this.#minted.token !== refused) return this.#minted.token;
    return this.#mintOnce();
  }

  #mintOnce(): Promise<string> {
    this.#minting ??= this.#mint().finally(() => {
      this.#minting = null;
    });
    return this.#minting;
  }

  async #mint(): Promise<string> {
    const { client_id = '', client_secret = '' } = this.#connection.credentials;
    const answer = await this.#options.outbound.request({
      method: 'POST',
      url: adminUrl(this.#options.baseUrl, this.#shop, '/admin/oauth/access_token'),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }).toString(),
      redirects: 'none',
    });
    this.onAnswer(answer);
    if (answer.status !== 200) throw grantFault(answer);
    const granted = grant.safeParse(await jsonOf(answer));
    if (!granted.success) throw fault('unexpected_answer', { values: { found: 'a grant without a token' } });
    const { access_token: token, expires_in: seconds = 86_399 } = granted.data;
    this.#minted = { token, until: this.#options.clock() + seconds * 1000 };
    await this.#connection.keep?.({
      minted_token: token,
      minted_until: new Date(this.#minted.until).toISOString(),
    });
    return token;
  }
}

function mintedBefore(kept: Credentials): Minted | null {
  const { minted_token: token, minted_until: until } = kept;
  if (token === undefined || until === undefined) return null;
  const time = Date.parse(until);
  return Number.isNaN(time) ? null : { token, until: time };
}

/**
 * Why Shopify granted no token. Shopify answers 400 with an HTML page that says `Oauth error CODE: …`, or
 * with JSON: https://shopify.dev/docs/apps/build/dev-dashboard/get-api-access-tokens
 */
function grantFault(answer: OutboundResponse) {
  const text = answer.body.subarray(0, 100_000).toString('utf8');
  const code = /Oauth error (\w+)/i.exec(text)?.[1] ?? /"error"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? '';
  switch (code.toLowerCase()) {
    case 'app_not_installed':
      return fault('app_not_installed');
    case 'shop_not_permitted':
      return fault('shop_not_permitted');
    case 'application_cannot_be_found':
      return fault('bad_credentials', { variant: 'client_id' });
    case 'invalid_client':
      return fault('bad_credentials', { variant: 'client_secret' });
  }
  if (answer.status === 400 || answer.status === 401)
    return fault('bad_credentials', { variant: 'client_secret' });
  return statusFault(answer);
}
