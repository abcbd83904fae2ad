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
import { isRecord, isRestDisabled, type SiteClient } from './siteClient.ts';

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
const ROOT_FIELDS = '_fields=name,url,home,namespaces,authentication,gmt_offset,timezone_string';

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

/**
 * Finds the REST API. Tries the address in the home page's Link header, `/wp-json/`, `/?rest_route=/` and
 * `/index.php?rest_route=/`. https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/
 * Throws WordpressFault.
 */
export async function discoverApi(
  client: SiteClient,
  home: OutboundResponse,
  homeFault: WordpressFault | null,
): Promise<ApiRoot> {
  const faults: WordpressFault[] = [];
  for (const url of candidates(client, home)) {
    try {
      const root = await readRoot(client, url);
      if (root === null) continue;
      client.nameApiPath(apiUrl(root.url, 'sitebridge/v1/'));
      const plain = url.includes('rest_route=');
      const note = faults[0] ?? (plain ? fault('plain_permalinks', { values: client.values }) : null);
      return { ...root, note, wordpressVersion: generatorVersion(home) };
    } catch (error) {
      if (!(error instanceof WordpressFault)) throw error;
      // A site that is slow, breaks off or redirects does so at each address. To try the others would only
      // cost time.
      if (error.code === 'timeout' || error.code === 'unreachable' || error.code === 'redirect') throw error;
      faults.push(error);
    }
  }
  throw (
    faults.find((each) => each.code === 'rest_disabled') ??
    homeFault ??
    faults[0] ??
    absence(home, client.values)
  );
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

/** Reads the root at one address; null if there is no root. Throws WordpressFault. */
export async function readRoot(client: SiteClient, url: string): Promise<ApiRoot | null> {
  const answer = await client.tryApi({ url: url + (url.includes('?') ? '&' : '?') + ROOT_FIELDS });
  if (answer === null) return null;
  const { error, response, value } = answer;
  if (error !== null && (isRestDisabled(error) || error.status === 401 || error.status === 403)) {
    throw fault('rest_disabled', { variant: error.code, values: client.values });
  }
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
