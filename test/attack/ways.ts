/** The ways in which a tenant can make the server call an address. */
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import {
  buildConnected,
  buildSite,
  buildTenant,
  integrationsPath,
  type TestTenant,
} from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import type { TestServer } from '../support/server.ts';
import { deliver, statusBody } from '../support/webhooks.ts';
import { type Outcome, outcomeOf, storedThen } from './outcomes.ts';

/** One way: takes an address, makes the server use it, and tells what came of it. */
export type Way = (url: string) => Promise<Outcome>;

const password = { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' };
const structure = {
  post_types: { post: { label: 'Posts', count: 1, rest_base: 'posts' }, article: { label: 'A', count: 1 } },
  taxonomies: {},
  plugin_connection_enabled: true,
  two_way_sync_enabled: true,
  timestamp: '2026-01-01T00:00:00Z',
};

/** An integration, as its owner uses it. */
export interface Used {
  tenant: TestTenant;
  path: string;
  patch(body: object): ReturnType<typeof outcomeOf>;
  post(rest: string, body?: object): ReturnType<typeof outcomeOf>;
}

/** The calls of the owner of an integration. */
export function used(server: TestServer, tenant: TestTenant): Used {
  const path = `${integrationsPath}/${tenant.integrationId}`;
  const owner = server.as(tenant.owner);
  return {
    tenant,
    path,
    patch: (body) => outcomeOf(owner.patch(path, body)),
    post: (rest, body) => outcomeOf(owner.post(path + rest, body)),
  };
}

/** A row of a content that the site has. */
export async function buildItem(
  server: TestServer,
  tenant: TestTenant,
  changes: object = {},
): Promise<number> {
  const { id } = await server.db.content.create({
    data: {
      accountId: tenant.accountId,
      siteId: tenant.site.siteId,
      platform: 'wordpress',
      contentType: 'post',
      externalId: '1',
      syncState: 'in_sync',
      syncedVersion: 1,
      ...changes,
    },
  });
  return id;
}

/** The ways of an integration with WordPress, by the connector or by an application password. */
async function wordpressWays(server: TestServer, by: 'connector' | 'password'): Promise<Record<string, Way>> {
  const tenant = await buildTenant(server);
  const { path, post } = used(server, tenant);
  const owner = server.as(tenant.owner);
  const content = await buildItem(server, tenant);
  const conflict = await buildItem(server, tenant, { externalId: '2', syncState: 'conflict' });
  const excluded = await buildItem(server, tenant, { externalId: '3', syncState: 'excluded' });
  await buildItem(server, tenant, {
    externalId: null,
    platform: null,
    syncState: 'local_only',
    status: 'ready',
  });
  if (by === 'password') await owner.patch(path, { credentials_json: password }).expect(200);
  const at = (use: () => Promise<Outcome>) => async (site_url: string) => {
    // The first run of an integration without a structure reads it, and never opens a session.
    await owner.post(`${path}/update-structure`, structure).expect(200);
    return storedThen(owner.patch(path, { config_json: { site_url } }), use);
  };
  const resolve = (id: number, rest: string, body?: object) => () =>
    outcomeOf(owner.post(`/api/v1/content/${id}/${rest}`, body));
  const ways: Record<string, Way> = {
    'the test of a changed address': at(() => post('/test-connection')),
    'a read of the structure': at(() => post('/sync', { direction: 'metadata' })),
    'a sync both ways': at(() => post('/sync', { direction: 'both' })),
    'a pull': at(() => post('/sync', { direction: 'from_external' })),
    'a push': at(() => post('/sync', { direction: 'to_external' })),
    'a read of one content': at(() => post('/sync-wordpress-content', { content_id: content })),
    'a conflict that the site wins': at(resolve(conflict, 'resolve-conflict', { keep: 'remote' })),
    'a content taken back': at(resolve(excluded, 'include')),
    'a read that a webhook announced': at(() => announced(server, tenant)),
  };
  return Object.fromEntries(Object.entries(ways).map(([name, way]) => [`WordPress by ${by}: ${name}`, way]));
}

let announcements = 100;

/** Sends a webhook about an unknown post, and waits until the server has tried to read the post. */
async function announced(server: TestServer, { site }: TestTenant): Promise<Outcome> {
  announcements += 1;
  const externalId = String(announcements);
  const { status } = await deliver(server, site, 'status', { ...statusBody, external_id: externalId });
  if (status !== 202) throw new Error(`The webhook was answered with ${status}.`);
  return eventually(async () => {
    const event = await server.db.syncEvent.findFirstOrThrow({
      where: { siteId: site.siteId, externalId, action: 'pull_failed' },
    });
    const { code } = Object(event.details);
    return { fields: [], code: String(code), told: event.errorMessage ?? '', passed: event.success };
  });
}

/** The ways of an integration with a described API. */
async function customWays(server: TestServer): Promise<Record<string, Way>> {
  const description = describeApi({ url: 'https://api.example', auth: 'bearer', paging: 'page' });
  const body = {
    platform: 'custom',
    config_json: description,
    credentials_json: credentialsOf('bearer'),
  };
  const tenant = await buildConnected(server, body);
  const { path, post } = used(server, tenant);
  const owner = server.as(tenant.owner);
  const item = await buildItem(server, tenant, { platform: 'custom', contentType: 'article' });
  const at = (use: () => Promise<Outcome>) => async (base_url: string) =>
    storedThen(owner.patch(path, { config_json: { base_url: withoutEnd(base_url) } }), use);
  return {
    'a described API: a new integration': async (base_url) => {
      const site = await buildSite(server, tenant.accountId);
      const config_json = { ...description, base_url: withoutEnd(base_url) };
      const made = await owner.post(integrationsPath, { ...body, site_id: site.siteId, config_json });
      if (made.status !== 201)
        return outcomeOf(owner.post(integrationsPath, { ...body, site_id: site.siteId, config_json }));
      return outcomeOf(owner.post(`${integrationsPath}/${made.body.id}/test-connection`));
    },
    'a described API: the test of a changed address': at(() => post('/test-connection')),
    'a described API: a read of the structure': at(() => post('/sync', { direction: 'metadata' })),
    'a described API: a pull': at(() => post('/sync', { direction: 'from_external' })),
    'a described API: a push': at(() => post('/sync', { direction: 'to_external' })),
    'a described API: a read of one content': at(() => post('/sync-wordpress-content', { content_id: item })),
  };
}

/** A described API has a base URL without a slash at the end. */
function withoutEnd(url: string): string {
  return url.replace(/\/$/, '');
}

/** The ways of a site before it has an integration, and those of its own address. */
async function siteWays(server: TestServer): Promise<Record<string, Way>> {
  const tenant = await buildTenant(server);
  const { post } = used(server, tenant);
  const owner = server.as(tenant.owner);
  const { siteId, key } = tenant.site;
  return {
    'a site that connects itself': (site_url) =>
      outcomeOf(
        server.anyone.post(`${integrationsPath}/test-connection`, {
          site_id: siteId,
          api_key: key,
          site_url,
        }),
      ),
    'a user who connects a site': (site_url) =>
      outcomeOf(owner.post(`${integrationsPath}/test-connection`, { site_id: siteId, site_url })),
    "the test of a site's own address": (url) =>
      storedThen(owner.patch(`/api/v1/sites/${siteId}`, { url }), () => post('/test-connection')),
    'the test of a new integration': async (site_url) => {
      const site = await buildSite(server, tenant.accountId);
      const body = {
        site_id: site.siteId,
        platform: 'wordpress',
        api_key: site.key,
        config_json: { site_url },
      };
      const made = await owner.post(integrationsPath, body);
      if (made.status !== 201) return outcomeOf(owner.post(integrationsPath, body));
      return outcomeOf(owner.post(`${integrationsPath}/${made.body.id}/test-connection`));
    },
  };
}

/**
 * Every way that takes an address from a tenant. The ways of a group share an integration, so only one of them may
 * run at a time.
 */
export async function waysOf(server: TestServer): Promise<Record<string, Way>[]> {
  return [
    await siteWays(server),
    await wordpressWays(server, 'connector'),
    await wordpressWays(server, 'password'),
    await customWays(server),
  ];
}
