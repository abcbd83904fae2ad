import { RemoteError } from '../../errors.ts';
import { foreignUrl } from '../../outbound/foreignUrl.ts';
import type { OutboundClient, OutboundResponse } from '../../outbound/httpClient.ts';
import { SiteCookies } from '../../outbound/siteCookies.ts';
import type { OuterAccess } from '../connection.ts';

type Outbound = Pick<OutboundClient, 'request'>;

/**
 * An outbound client for one run or test of one site. Requests to the site's own origin carry `outer` and the
 * cookies that the site has set; all other requests, such as for an image elsewhere, go out as they are. No redirect
 * to another origin is followed, so neither gets there. Throws RemoteError `outer_basic_auth` if the web server
 * refuses `outer.basic`.
 * @param siteUrl any address on the site; null if it has none, so that nothing is added.
 */
export function throughOuterDoor(
  outbound: Outbound,
  siteUrl: string | null,
  outer: OuterAccess | null | undefined,
): Outbound {
  const origin = siteUrl === null ? null : (foreignUrl(siteUrl)?.origin ?? null);
  if (origin === null) return outbound;
  const cookies = new SiteCookies(origin);
  return {
    request: async (request) => {
      if (foreignUrl(request.url)?.origin !== origin) return outbound.request(request);
      const headers = { ...outer?.headers, ...request.headers };
      const signsIn = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
      const basic = signsIn || outer?.basic === undefined ? null : basicHeader(outer.basic);
      if (basic !== null) headers.Authorization = basic;
      const response = await outbound.request({ cookies, ...request, headers });
      if (basic !== null && asksForBasic(response)) {
        const message = 'The password before the site is not accepted.';
        throw new RemoteError('outer_basic_auth', message, { detail: 'refused' });
      }
      return response;
    },
  };
}

/** The web server asks for a password, and not the site itself, which answers with JSON. */
export function asksForBasic({ status, headers, body }: OutboundResponse): boolean {
  const isJson = /^\s*[[{]/.test(body.subarray(0, 64).toString('latin1'));
  return status === 401 && !isJson && /^Basic\b/i.test(headers['www-authenticate'] ?? '');
}

function basicHeader({ username, password }: NonNullable<OuterAccess['basic']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
