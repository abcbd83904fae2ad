import { randomBytes } from 'node:crypto';
import type { SimulatedState } from './state.ts';

/** https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant */
const LASTS_SECONDS = 86_399;

/** Answers a request for a token. `body` is a form. As in Shopify, a refusal is an HTML page. */
export function grantToken(
  state: SimulatedState,
  body: string,
  now: number,
): { status: number; type: 'application/json' | 'text/html'; body: string } {
  const { app } = state;
  const form = new URLSearchParams(body);
  const refuse = (code: string, words: string) => ({
    status: 400,
    type: 'text/html' as const,
    body: `<!DOCTYPE html><html><head><title>400 - Oauth error ${code}</title></head><body>Oauth error ${code}: ${words}</body></html>`,
  });
  if (form.get('grant_type') !== 'client_credentials')
    return refuse('invalid_request', 'The grant type is not supported.');
  if (form.get('client_id') !== app.clientId)
    return refuse('application_cannot_be_found', 'Could not find Shopify API application.');
  if (form.get('client_secret') !== app.clientSecret)
    return refuse('invalid_client', 'The client secret is wrong.');
  if (!app.sameOrganization)
    return refuse('shop_not_permitted', 'Client credentials cannot be performed on this shop.');
  if (!app.installed) return refuse('app_not_installed', 'The app is not installed on this shop.');
  const token = `shpat_${randomBytes(16).toString('hex')}`;
  state.minted.set(token, now + LASTS_SECONDS * 1000);
  return {
    status: 200,
    type: 'application/json',
    body: JSON.stringify({
      access_token: token,
      scope: app.scopes.join(','),
      expires_in: LASTS_SECONDS,
    }),
  };
}

/** Whether the shop accepts this token. `now` is milliseconds since 1970. */
export function isValidToken(state: SimulatedState, token: unknown, now: number): boolean {
  if (typeof token !== 'string' || !state.app.installed) return false;
  return token === state.app.accessToken || (state.minted.get(token) ?? 0) > now;
}
