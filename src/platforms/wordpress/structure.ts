import type { Connection } from '../connection.ts';
import type { PostTypeStructure, SiteStructure, TaxonomyStructure } from '../platform.ts';
import type { DiagnosisOptions } from './diagnosis/diagnosis.ts';
import { fault } from './messages.ts';
import { firstAnswer } from './site/firstAnswer.ts';
import { decodeCharacterReferences } from './site/htmlText.ts';
import { collectionRoute, everyStatus, totalIn } from './site/listings.ts';
import { isOtherKey } from './site/otherKey.ts';
import { openSiteApi, readRoute, type SiteApi } from './site/siteApi.ts';
import { type ApiAnswer, isRecord, type SiteClient } from './site/siteClient.ts';

/** A site may have dozens of types, and each needs a request to be counted. Milliseconds. */
const STRUCTURE_BUDGET_MS = 60_000;

/**
 * How many counts are requested at once. WordPress serves one request per PHP worker, so two requests keep
 * two cores of a site busy.
 */
const COUNTS_AT_ONCE = 3;

/** WordPress's own types that are not content. Those of the editor begin with `wp_`. */
const INTERNAL =
  /^(wp_.*|attachment|nav_menu|nav_menu_item|link_category|post_format|revision|custom_css|customize_changeset|oembed_cache|user_request)$/;

/**
 * Reads a site's post types and taxonomies: from the connector if there is one that holds our key, else from core
 * REST.
 * Throws WordpressFault.
 */
export async function readWordpressStructure(
  connection: Connection,
  options: DiagnosisOptions,
): Promise<SiteStructure> {
  const api = await openSiteApi(connection, options, STRUCTURE_BUDGET_MS);
  if (!api.byConnector) return coreStructure(api, options.clock);
  try {
    return connectorStructure(await readRoute(api, 'sitebridge/v1/structure'), api.client);
  } catch (error) {
    if (api.byPassword === null || !isOtherKey(error)) throw error;
    const other = api.byPassword();
    const me = await other.get('wp/v2/users/me', 'context=edit&_fields=id');
    if (me.error !== null) throw error;
    return coreStructure(other, options.clock);
  }
}

function connectorStructure(answer: ApiAnswer, client: SiteClient): SiteStructure {
  const { value } = answer;
  if (!isRecord(value) || !isRecord(value.post_types) || typeof value.timestamp !== 'string') {
    throw fault('unexpected_answer', {
      values: { ...client.values, found: 'a structure without post types' },
    });
  }
  return {
    post_types: mapEntries(value.post_types, postType),
    // PHP writes an empty map as [].
    taxonomies: mapEntries(isRecord(value.taxonomies) ? value.taxonomies : {}, taxonomy),
    // The connector answers this one route even if the owner has switched the connection off.
    plugin_connection_enabled: value.plugin_connection_enabled !== false,
    two_way_sync_enabled: value.two_way_sync_enabled === true,
    timestamp: value.timestamp,
  };
}

async function coreStructure(api: SiteApi, clock: () => number): Promise<SiteStructure> {
  const types = await readRoute(api, 'wp/v2/types', 'context=edit');
  const taxonomies = await readRoute(api, 'wp/v2/taxonomies', 'context=edit');
  const every = everyStatus(await api.get('wp/v2/statuses', 'context=edit'));
  // A type with its own capabilities may refuse the user `context=edit`. Then only what visitors see is
  // counted.
  const count = async (entry: Record<string, unknown>, query: string) => {
    const route = collectionRoute(String(entry.rest_base), entry.rest_namespace);
    const ask = (part: string) => api.get(route, part);
    const own = await firstAnswer(ask, `per_page=1&_fields=id&context=edit${query}`);
    const answer = own.error === null ? own : await readRoute(api, route, 'per_page=1&_fields=id');
    // Without a count the list is still read: the count only tells how much to expect.
    return totalIn(answer.response, 0) ?? 0;
  };
  const readAt = momentWithin(types.response.headers.date, clock());
  return {
    post_types: await countAll(types.value, async (entry) =>
      postType(entry, await count(entry, `&status=${every}`)),
    ),
    taxonomies: await countAll(taxonomies.value, async (entry) => taxonomy(entry, await count(entry, ''))),
    plugin_connection_enabled: false,
    // Without the connector, nothing on the site notifies us of changes.
    two_way_sync_enabled: false,
    timestamp: new Date(readAt).toISOString(),
  };
}

/**
 * The moment of an answer by the site's clock. In and out: milliseconds since 1970.
 * A Date header has whole seconds (RFC 9110, 5.6.7), the connector's timestamps have milliseconds. With whole
 * seconds, a structure that is read now could seem older than one that was pushed earlier in this second. So
 * our own clock gives the milliseconds within that second.
 */
function momentWithin(date: string | undefined, now: number): number {
  const second = Date.parse(date ?? '');
  return Number.isNaN(second) ? now : Math.min(Math.max(now, second), second + 999);
}

/** Is this type content? The connector counts the same types. A type without a REST base cannot be read. */
function isContent(slug: string, entry: Record<string, unknown>): boolean {
  return !INTERNAL.test(slug) && typeof entry.rest_base === 'string';
}

async function countAll<T>(
  listing: unknown,
  read: (entry: Record<string, unknown>) => Promise<T>,
): Promise<Record<string, T>> {
  const entries = Object.entries(isRecord(listing) ? listing : {}).flatMap(([slug, entry]) =>
    isRecord(entry) && isContent(slug, entry) ? [{ slug, entry }] : [],
  );
  const found: Array<[string, T]> = [];
  for (let start = 0; start < entries.length; start += COUNTS_AT_ONCE) {
    const part = entries.slice(start, start + COUNTS_AT_ONCE);
    found.push(
      ...(await Promise.all(
        part.map(async ({ slug, entry }): Promise<[string, T]> => [slug, await read(entry)]),
      )),
    );
  }
  return Object.fromEntries(found);
}

function postType(entry: Record<string, unknown>, count = Number(entry.count)): PostTypeStructure {
  return { ...common(entry, count), ...strings('taxonomies', entry.taxonomies) };
}

function taxonomy(entry: Record<string, unknown>, count = Number(entry.count)): TaxonomyStructure {
  return { ...common(entry, count), ...strings('post_types', entry.post_types ?? entry.types) };
}

function common(entry: Record<string, unknown>, count: number) {
  return {
    // The connector calls it `label`, core calls it `name`.
    label: decodeCharacterReferences(String(entry.label ?? entry.name ?? '')),
    count: Number.isInteger(count) ? count : 0,
    ...(typeof entry.rest_base === 'string' ? { rest_base: entry.rest_base } : {}),
    ...(typeof entry.hierarchical === 'boolean' ? { hierarchical: entry.hierarchical } : {}),
  };
}

function strings<K extends string>(name: K, value: unknown): { [key in K]?: string[] } {
  const list = Array.isArray(value) ? value.filter((each) => typeof each === 'string') : null;
  const found: { [key in K]?: string[] } = {};
  if (list !== null) found[name] = list;
  return found;
}

function mapEntries<T>(
  map: Record<string, unknown>,
  read: (entry: Record<string, unknown>) => T,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(map).map(([slug, entry]) => [slug, read(isRecord(entry) ? entry : {})]),
  );
}
