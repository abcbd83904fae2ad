import { foreignUrl } from '../../../outbound/foreignUrl.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { readLinks } from '../../linkHeader.ts';
import { type ExplanationValues, fault, WordpressFault } from '../messages.ts';
import {
  generatorVersion,
  looksLikeWordpress,
  looksLikeWordpressCom,
  recognisedFault,
} from './faultPages.ts';
import { decodeCharacterReferences } from './htmlText.ts';
import { type ApiAnswer, closedApi, isRecord, isShutOut, type SiteClient } from './siteClient.ts';

/** A site's time zone: an offset in hours and, unless a fixed offset was chosen, the zone's name. */
export interface SiteZone {
  offset: number | null;
  name: string | null;
}

/** A site's REST API as its root describes it. */
export interface ApiRoot {
  /** `https://example.com/wp-json/`, or one ending in `?rest_route=/`. */
  url: string;
  name: string | null;
  home: string | null;
  namespaces: string[];
  applicationPasswords: boolean;
  wordpressVersion: string | null;
  /** When the site answered, by its own clock, in milliseconds since 1970; null if a cache answered. */
  siteTime: number | null;
  /** The site's time zone. A change of it moves all dates that are compared in local time. */
  zone: SiteZone;
  /** A finding that does not stop us, e.g. `plain_permalinks`. */
  note: WordpressFault | null;
}

/** Only these fields are requested. The whole root holds every route of the site, which can be megabytes. */
export const ROOT_FIELDS = '_fields=name,url,home,namespaces,authentication,gmt_offset,timezone_string';

const API_RELATION = 'https://api.w.org/';

/**
 * Reads the site's home page. A fault of the page is returned and not thrown, as it may concern that page
 * alone.
 */
export async function readHome(
  client: SiteClient,
): Promise<{ home: OutboundResponse; homeFault: WordpressFault | null }> {
  const home = await client.send({ url: client.address.href, headers: { Accept: 'text/html' } });
  return { home, homeFault: recognisedFault(home, client.values) };
}

/** Discovery found no root. `refusedAt`: the addresses that may answer to a caller who is signed in. */
interface NoRoot {
  fault: WordpressFault;
  refusedAt: string[];
}

/**
 * Looks for the REST API as an anonymous caller. Tries the address in the home page's Link header, `/wp-json/`,
 * `/?rest_route=/` and `/index.php?rest_route=/`.
 * https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/
 * Throws WordpressFault for a fault that is the same at each address.
 */
export async function discoverApi(
  client: SiteClient,
  home: OutboundResponse,
  homeFault: WordpressFault | null,
): Promise<ApiRoot | NoRoot> {
  const faults: WordpressFault[] = [];
  const refusedAt: string[] = [];
  for (const url of candidates(client, home)) {
    try {
      const root = await readRoot(client, url);
      if (root !== null) return namedRoot(client, root, home, faults[0]);
    } catch (error) {
      if (!(error instanceof WordpressFault)) throw error;
      // A site that is slow, breaks off or redirects does so at each address. To try the others would only
      // cost time.
      if (error.code === 'timeout' || error.code === 'unreachable' || error.code === 'redirect') throw error;
      faults.push(error);
      if (MAY_BE_OF_ANONYMOUS.has(error.code)) refusedAt.push(url);
    }
  }
  const fault =
    faults.find((each) => each.code === 'rest_disabled') ??
    homeFault ??
    faults[0] ??
    absence(home, client.values);
  return { fault, refusedAt };
}

/** The faults that may concern anonymous callers only. `site_failed` is a status 500, as wp_die() sends it. */
export const MAY_BE_OF_ANONYMOUS = new Set(['rest_disabled', 'firewall', 'site_failed']);

/** Completes a root from the home page, and names its path in the hints of the client. */
export function namedRoot(
  client: SiteClient,
  root: ApiRoot,
  home: OutboundResponse,
  told?: WordpressFault,
): ApiRoot {
  const hasConnector = root.namespaces.includes('sitebridge/v1');
  client.nameApiPath(root.url, hasConnector ? false : undefined);
  const plain = root.url.includes('rest_route=');
  const note = told ?? (plain ? fault('plain_permalinks', { values: client.values }) : null);
  return { ...root, note, wordpressVersion: root.wordpressVersion ?? generatorVersion(home) };
}

/** The URL of a route. `query` is added unchanged, so it must be encoded. */
export function apiUrl(root: string, route: string, query = ''): string {
  if (query === '') return root + route;
  return root + route + (root.includes('?') ? '&' : '?') + query;
}

function candidates(client: SiteClient, home: OutboundResponse): string[] {
  const base = client.address.href;
  const linked = readLinks(home.headers.link).find(({ relations }) => relations.includes(API_RELATION))?.url;
  const known = [`${base}wp-json/`, `${base}?rest_route=/`, `${base}index.php?rest_route=/`];
  // A link to another host is not followed. The end of the test reports if the site has another name.
  if (linked === undefined || foreignUrl(linked)?.origin !== client.address.origin) return known;
  return [...new Set([linked, ...known])];
}

/** Reads the root at one address as an anonymous caller; null if there is no root. Throws WordpressFault. */
export async function readRoot(client: SiteClient, url: string): Promise<ApiRoot | null> {
  const answer = await client.tryApi({ url: apiUrl(url, '', ROOT_FIELDS) });
  if (answer === null) return null;
  if (answer.error !== null && isShutOut(answer.error)) throw closedApi(answer.error, client.values);
  return rootOf(url, answer);
}

/** The root in an answer; null if it is none. */
export function rootOf(url: string, { error, response, value }: ApiAnswer): ApiRoot | null {
  if (error !== null || !isRecord(value) || !Array.isArray(value.namespaces)) return null;
  return {
    url,
    name: typeof value.name === 'string' ? decodeCharacterReferences(value.name) : null,
    home: typeof value.home === 'string' ? value.home : null,
    namespaces: value.namespaces.filter((each) => typeof each === 'string'),
    // PHP writes an empty map as [].
    applicationPasswords: isRecord(value.authentication) && 'application-passwords' in value.authentication,
    wordpressVersion: null,
    siteTime: siteTime(response),
    zone: {
      // Older versions of WordPress send a string.
      offset: Number.isFinite(Number.parseFloat(String(value.gmt_offset))) ? Number(value.gmt_offset) : null,
      name: typeof value.timezone_string === 'string' ? value.timezone_string : null,
    },
    note: null,
  };
}

/** When the site answered, by its own clock, in milliseconds since 1970; null if a cache answered. */
export function siteTime({ headers }: OutboundResponse): number | null {
  const date = Date.parse(headers.date ?? '');
  return headers.age === undefined && !Number.isNaN(date) ? date : null;
}

function absence(home: OutboundResponse, values: ExplanationValues): WordpressFault {
  if (looksLikeWordpressCom(home)) return fault('wordpress_com', { values });
  if (looksLikeWordpress(home)) return fault('rest_disabled', { variant: 'hidden', values });
  return fault('not_wordpress', { values });
}
