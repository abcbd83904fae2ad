/** Sites of each platform that are connected through a front, and what a tenant does with them. */
import type { OuterAccess } from '../../src/platforms/connection.ts';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import { startSimulatedApi } from '../../src/simulation/custom/simulatedApi.ts';
import type { SimulatedShopify } from '../../src/simulation/shopify/simulatedShopify.ts';
import { startSimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildConnected,
  buildTenant,
  enterKey,
  integrationsPath,
  type TestTenant,
} from '../support/builders.ts';
import type { TestServer } from '../support/server.ts';
import { type Front, startFront } from './front.ts';
import { type Outcome, outcomeOf } from './outcomes.ts';
import { used } from './ways.ts';

/** A connected site. */
export interface Connected {
  name: string;
  platform: string;
  front: Front;
  tenant: TestTenant;
  /** What makes the server call the site. Each can be used again and again. */
  uses: { test: () => Promise<Outcome>; [name: string]: () => Promise<Outcome> };
  stop(): Promise<void>;
}

/** A request that was seen, without what differs from time to time. */
export function shapeOf(seen: string): string {
  const [path = ''] = seen.split('?');
  return path.replace(/[0-9a-f-]{36}|(?<=\/)\d+(?=$)/g, '*');
}

interface Kind {
  name: string;
  front: Front;
  tenant: TestTenant;
  contentType: string;
  platform: string;
  stop: () => Promise<void>;
}

const PASSWORD = { username: 'editor', application_password: 'abcdefghijklmnopqrstuvwx' };

/** Connects a simulated WordPress. `address` is the address that the server is told, the front's by default. */
export async function connectWordpress(
  server: TestServer,
  by: 'connector' | 'password',
  address = (front: Front) => front.url,
  applicationPassword = PASSWORD.application_password,
  outer: OuterAccess | null = null,
): Promise<Connected> {
  const editor = { id: 2, login: 'editor', role: 'editor', applicationPassword } as const;
  const options = by === 'password' ? { connector: null, users: [editor] } : {};
  const wordpress = await startSimulatedWordpress({ siteId: 1, ...options });
  const front = await startFront(wordpress.url);
  const tenant = await buildTenant(server, address(front));
  if (by === 'connector') enterKey(wordpress, tenant.site);
  else
    await used(server, tenant).patch({
      credentials_json: { ...PASSWORD, application_password: applicationPassword },
    });
  if (outer !== null) await used(server, tenant).patch({ credentials_json: { outer } });
  const connected = await usesOf(server, {
    name: `WordPress by ${by}`,
    front,
    tenant,
    contentType: 'post',
    platform: 'wordpress',
    stop: wordpress.stop,
  });
  if (by === 'password') return connected;
  const { siteId, key } = tenant.site;
  const body = { site_id: siteId, api_key: key, site_url: address(front) };
  connected.uses.onboarding = () =>
    outcomeOf(server.anyone.post(`${integrationsPath}/test-connection`, body));
  return connected;
}

/** Connects a simulated API whose pages name the next page by a link. */
export async function connectApi(
  server: TestServer,
  address = (front: Front) => front.url,
  outer: OuterAccess | null = null,
): Promise<Connected> {
  const api = await startSimulatedApi({ paging: 'link' });
  const front = await startFront(new URL(api.url).origin);
  const description = describeApi(api);
  const write = ['title', 'slug', 'body', 'excerpt', 'status', 'content_key', 'terms'];
  const tenant = await buildConnected(server, {
    platform: 'custom',
    config_json: {
      ...description,
      base_url: `${address(front)}/v1`,
      content: { ...description.content, write },
    },
    credentials_json: { ...credentialsOf(api.auth), ...(outer === null ? {} : { outer }) },
  });
  return usesOf(server, {
    name: 'a described API',
    front,
    tenant,
    contentType: 'article',
    platform: 'custom',
    stop: api.stop,
  });
}

/** Connects a simulated shop. The server's SHOPIFY_BASE_URL must lead to the front. */
export async function connectShop(
  server: TestServer,
  shopify: SimulatedShopify,
  front: Front,
): Promise<Connected> {
  const { clientId, clientSecret } = shopify.state.app;
  const tenant = await buildConnected(server, {
    platform: 'shopify',
    config_json: { shop_domain: shopify.shop },
    credentials_json: { client_id: clientId, client_secret: clientSecret },
  });
  const connected = await usesOf(server, {
    name: 'a shop',
    front,
    tenant,
    contentType: 'article',
    platform: 'shopify',
    stop: shopify.stop,
  });
  const { test } = connected.uses;
  connected.uses.test = async () => {
    // New credentials end the minted token, so that the next request mints one.
    await used(server, tenant).patch({ credentials_json: { client_secret: clientSecret } });
    return test();
  };
  return connected;
}

async function usesOf(server: TestServer, kind: Kind): Promise<Connected> {
  const { front, tenant, contentType, platform } = kind;
  const { post } = used(server, tenant);
  const owner = server.as(tenant.owner);
  const mine = { siteId: tenant.site.siteId };
  const run = (direction: string) => () => post('/sync', { direction, full: true });
  const aContent = () =>
    server.db.content.findFirstOrThrow({ where: { ...mine, externalId: { not: null } } });
  return {
    name: kind.name,
    platform,
    front,
    tenant,
    uses: {
      test: () => post('/test-connection'),
      structure: run('metadata'),
      pull: run('from_external'),
      push: async () => {
        // What an earlier push left would be sent too, and many contents go in another way than one.
        await server.db.content.deleteMany({ where: { ...mine, externalId: null } });
        const body = {
          site_id: tenant.site.siteId,
          content_type: contentType,
          title: 'New',
          body: 'New',
          status: 'ready',
        };
        await owner.post('/api/v1/content', body).expect(201);
        return run('to_external')();
      },
      update: async () => {
        await server.db.content.deleteMany({ where: { ...mine, externalId: null } });
        const { id } = await aContent();
        await owner.patch(`/api/v1/content/${id}`, { title: `Changed ${performance.now()}` }).expect(200);
        return run('to_external')();
      },
      item: async () =>
        platform === 'shopify'
          ? run('both')()
          : post('/sync-wordpress-content', { content_id: (await aContent()).id }),
    },
    stop: async () => {
      await front.stop();
      await kind.stop();
    },
  };
}
