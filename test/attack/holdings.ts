/** The rows of one site of an account, which a call may name. */
import type { Database } from '../../src/database/client.ts';
import { integrationsPath, type TestSite, type TestUser } from '../support/builders.ts';
import type { TestServer } from '../support/server.ts';
import { statusBody } from '../support/webhooks.ts';

/** The ids and secrets that a call may name. A missing row has ids that no row has. */
export interface Holdings {
  site: number;
  integration: number;
  content: number;
  delivery: number;
  run: number;
  /** The address of the site. */
  url: string;
  /** The shop that the site is connected to. */
  shop: string;
  /** The keys of the site, and the secrets of its shop's app. */
  key: string;
  previousKey: string;
  secret: string;
  previousSecret: string;
}

let made = 0;

/** Builds a site of the user's account with a WordPress, a shop, a content, a dead delivery and an ended run. */
export async function buildHoldings(server: TestServer, owner: TestUser, url: string): Promise<Holdings> {
  made += 1;
  const { sites } = server.core;
  const scope = { accountId: owner.accountId, userId: null, siteId: null, role: 'owner' } as const;
  const { siteId, siteKey: previousKey } = await sites.createWithKey(scope, { name: `Held ${made}`, url });
  const key = await sites.rotateKey(scope, siteId);
  const shop = `held-${made}.myshopify.com`;
  const secret = `shpss_secret_of_shop_${made}`;
  const previousSecret = `shpss_previous_secret_of_shop_${made}`;
  await server
    .as(owner)
    .post(integrationsPath, {
      site_id: siteId,
      platform: 'shopify',
      config_json: { shop_domain: shop },
      credentials_json: {
        access_token: `shpat_token_of_shop_${made}`,
        client_secret: secret,
        previous_client_secret: previousSecret,
      },
    })
    .expect(201);
  const rows = await buildRows(server.db, { accountId: owner.accountId, siteId });
  return { site: siteId, ...rows, url, shop, key, previousKey, secret, previousSecret };
}

async function buildRows(db: Database, owned: { accountId: number; siteId: number }) {
  const { id: integration } = await db.siteIntegration.create({ data: { ...owned, platform: 'wordpress' } });
  const { id: content } = await db.content.create({
    data: {
      ...owned,
      title: 'A text that only its account may read',
      contentType: 'post',
      platform: 'wordpress',
      externalId: '1',
      syncState: 'in_sync',
    },
  });
  const { id: delivery } = await db.webhookDelivery.create({
    data: {
      ...owned,
      webhookId: 'held',
      topic: 'status',
      subject: 'post:1',
      body: statusBody,
      bodyHash: 'held',
      status: 'dead',
    },
  });
  const { id: run } = await db.syncRun.create({
    data: { ...owned, integrationId: integration, direction: 'both', status: 'failed' },
  });
  return { integration, content, delivery: Number(delivery), run };
}

/** Names rows that nobody has. The keys and secrets are those of `of`, which the caller may know. */
export function missingHoldings(of: Holdings): Holdings {
  const id = 2_000_000_000;
  const shop = 'no-such-shop.myshopify.com';
  return { ...of, site: id, integration: id, content: id, delivery: id, run: id, shop };
}

/** The site of the holdings, for the builders of tests. */
export function siteOf(held: Holdings, owner: TestUser): TestSite {
  return { siteId: held.site, accountId: owner.accountId, url: held.url, key: held.key };
}

/** Texts of the holdings that no other account may see. */
export function tracesOf(held: Holdings): string[] {
  return [held.key, held.key.slice(-4), held.previousKey, held.secret, held.shop];
}
