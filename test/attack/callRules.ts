/**
 * Who may call each operation, and a right call of it. A new operation needs a rule here: the tests fail for an
 * operation that has none. The rules come from the documentation of the API, and not from its code.
 */
import type { Database } from '../../src/database/client.ts';
import type { Role } from '../../src/services/access/tenantScope.ts';
import { metadataBody, siteBody, statusBody, termsBody } from '../support/webhooks.ts';
import type { Holdings } from './holdings.ts';

/** Who may call. */
export type Admission =
  /** Everyone. */
  | { by: 'everyone' }
  /** A user of the account, with this role or above. */
  | { by: 'user'; role: Role }
  /** The same, or the site with its key. */
  | { by: 'user or site'; role: Role }
  /** The same. A site without a right key learns only that the site or the key is wrong. */
  | { by: 'user or connecting site'; role: Role }
  /** The site, with its key or a signature. */
  | { by: 'sending site' }
  /** The app of the shop, with a signature. */
  | { by: 'shop' };

export interface Sent {
  query?: string;
  body?: object;
  headers?: Record<string, string>;
}

export interface CallRule {
  admits: Admission;
  /** The row that `{id}` in the path names. */
  id?: 'site' | 'integration' | 'content' | 'delivery';
  /** True if the query, the body or a header names a row. */
  names?: true;
  /** True if the call names two rows, and the second row may be of another account than the first. */
  namesTwo?: true;
  /** The response for rows of another account and for missing rows; 404 by default. */
  notYours?: 403;
  /** Makes a right call. `second` holds the second row. */
  send?(named: Holdings, second: Holdings): Sent;
  /** Brings own rows into the state in which the call succeeds. */
  prepare?(db: Database, own: Holdings): Promise<unknown>;
}

const editor = { by: 'user', role: 'editor' } as const;
const admin = { by: 'user', role: 'admin' } as const;
const integrations = '/api/v1/integration/integrations';
const one = `${integrations}/{id}`;
const webhooks = '/api/v1/integration/webhooks';

/** The user who signs in. */
export const signIn = { email: 'signs-in@example.com', password: 'password of the sign-in' };

const filteredList: CallRule = {
  admits: editor,
  names: true,
  send: ({ site }) => ({ query: `site_id=${site}` }),
};

const structure = {
  post_types: {},
  taxonomies: {},
  plugin_connection_enabled: true,
  two_way_sync_enabled: true,
  timestamp: '2026-01-01T00:00:00Z',
};

const identity: Record<string, CallRule> = {
  'GET /healthz': { admits: { by: 'everyone' } },
  'GET /readyz': { admits: { by: 'everyone' } },
  // The body signs in, and the headers of the caller do not matter.
  'POST /api/v1/auth/token': { admits: { by: 'everyone' }, send: () => ({ body: signIn }) },
};

const sites: Record<string, CallRule> = {
  'GET /api/v1/sites': { admits: editor },
  'POST /api/v1/sites': {
    admits: editor,
    send: () => ({ body: { name: 'New', url: 'https://new.example' } }),
  },
  'GET /api/v1/sites/{id}': { admits: editor, id: 'site' },
  'PATCH /api/v1/sites/{id}': { admits: editor, id: 'site', send: () => ({ body: { name: 'Renamed' } }) },
  'POST /api/v1/sites/{id}/api-key': { admits: admin, id: 'site' },
  'DELETE /api/v1/sites/{id}/api-key': { admits: admin, id: 'site' },
  'GET /api/v1/sites/{id}/events': { admits: editor, id: 'site' },
};

const ofIntegration = { admits: editor, id: 'integration' } as const;

const connections: Record<string, CallRule> = {
  'GET /api/v1/integration/platforms': { admits: editor },
  [`GET ${integrations}`]: filteredList,
  [`POST ${integrations}`]: {
    admits: editor,
    names: true,
    send: ({ site, key }) => ({ body: { site_id: site, platform: 'wordpress', api_key: key } }),
    prepare: (db, { integration }) => db.siteIntegration.delete({ where: { id: integration } }),
  },
  [`GET ${one}`]: ofIntegration,
  [`PUT ${one}`]: { ...ofIntegration, send: () => ({ body: { is_active: false } }) },
  [`PATCH ${one}`]: { ...ofIntegration, send: () => ({ body: { is_active: false } }) },
  [`DELETE ${one}`]: ofIntegration,
  [`GET ${one}/events`]: ofIntegration,
  [`POST ${one}/reveal-api-key`]: { admits: admin, id: 'integration' },
  [`POST ${integrations}/test-connection`]: {
    admits: { by: 'user or connecting site', role: 'editor' },
    names: true,
    notYours: 403,
    send: ({ site, url }) => ({ body: { site_id: site, site_url: url } }),
  },
  [`POST ${one}/test-connection`]: ofIntegration,
  [`GET ${one}/debug-status`]: ofIntegration,
};

const syncs: Record<string, CallRule> = {
  [`POST ${one}/sync`]: { ...ofIntegration, send: () => ({ body: { direction: 'metadata' } }) },
  [`GET ${one}/sync-status`]: ofIntegration,
  [`GET ${one}/runs`]: ofIntegration,
  [`GET ${one}/runs/{run_id}`]: { ...ofIntegration, namesTwo: true },
  [`POST ${one}/runs/{run_id}/cancel`]: {
    ...ofIntegration,
    namesTwo: true,
    prepare: (db, { run }) => db.syncRun.update({ where: { id: run }, data: { status: 'queued' } }),
  },
  [`POST ${one}/update-structure`]: {
    admits: { by: 'user or site', role: 'editor' },
    id: 'integration',
    send: () => ({ body: structure }),
  },
  [`GET ${one}/content-types`]: ofIntegration,
  [`POST ${one}/sync-wordpress-content`]: {
    ...ofIntegration,
    namesTwo: true,
    send: (_named, second) => ({ body: { content_id: second.content } }),
  },
};

const contents: Record<string, CallRule> = {
  'GET /api/v1/content': filteredList,
  'POST /api/v1/content': {
    admits: editor,
    names: true,
    send: ({ site }) => ({ body: { site_id: site, content_type: 'post', title: 'New' } }),
  },
  'GET /api/v1/content/{id}': { admits: editor, id: 'content' },
  'PATCH /api/v1/content/{id}': {
    admits: editor,
    id: 'content',
    send: () => ({ body: { title: 'Edited' } }),
  },
  'DELETE /api/v1/content/{id}': { admits: editor, id: 'content' },
  'POST /api/v1/content/{id}/resolve-conflict': {
    admits: editor,
    id: 'content',
    send: () => ({ body: { keep: 'local' } }),
    prepare: (db, { content }) =>
      db.content.update({ where: { id: content }, data: { syncState: 'conflict' } }),
  },
  'POST /api/v1/content/{id}/include': {
    admits: editor,
    id: 'content',
    prepare: (db, { content }) =>
      db.content.update({ where: { id: content }, data: { syncState: 'excluded' } }),
  },
};

/** A webhook names its site in a header. */
function sentBySite(body: object): CallRule {
  return {
    admits: { by: 'sending site' },
    names: true,
    send: ({ site }) => ({ body, headers: { 'X-Site-Id': String(site) } }),
  };
}

const deliveries: Record<string, CallRule> = {
  [`POST ${webhooks}/wordpress/status`]: sentBySite(statusBody),
  [`POST ${webhooks}/wordpress/metadata`]: sentBySite(metadataBody),
  [`POST ${webhooks}/wordpress/terms`]: sentBySite(termsBody),
  [`POST ${webhooks}/wordpress/site`]: sentBySite(siteBody),
  [`POST ${webhooks}/shopify`]: {
    admits: { by: 'shop' },
    names: true,
    send: ({ shop }) => ({
      body: { id: 1, admin_graphql_api_id: 'gid://shopify/Product/1' },
      headers: { 'X-Shopify-Shop-Domain': shop, 'X-Shopify-Topic': 'products/update' },
    }),
  },
  [`GET ${webhooks}/deliveries`]: filteredList,
  [`POST ${webhooks}/deliveries/{id}/replay`]: { admits: editor, id: 'delivery' },
};

/** The rule of each operation, by `METHOD /path/{name}` as OpenAPI has it. */
export const callRules: Record<string, CallRule> = {
  ...identity,
  ...sites,
  ...connections,
  ...syncs,
  ...contents,
  ...deliveries,
};
