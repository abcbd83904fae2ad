import type { Core } from '../../../adminServices.ts';
import { contentSchema } from '../../../http/schemas/content.schema.ts';
import { integrationSchema } from '../../../http/schemas/integration.schema.ts';
import { siteSchema } from '../../../http/schemas/site.schema.ts';
import { webhookResponse } from '../../../http/schemas/webhook.schema.ts';
import type { SimulatedShopify } from '../../../simulation/shopify/simulatedShopify.ts';
import type { SimulatedItem } from '../../../simulation/shopify/state.ts';
import type { WebhookTopic } from '../../../simulation/shopify/webhooks.ts';
import {
  contentsOf,
  type Managed,
  readRecord,
  type Say,
  shown,
  signIn,
  structureOf,
  sync,
  tellStructure,
  test,
} from '../agency.ts';

interface Stage extends Managed {
  serverUrl: string;
  shopify: SimulatedShopify;
}

/** Shows how a shop is connected and kept in sync. Throws when a result is not as expected. */
export async function tellShopifyStory(
  parts: { serverUrl: string; shopify: SimulatedShopify; accounts: Core['accounts'] },
  { step, say }: { step: (title: string) => void; say: Say },
): Promise<void> {
  step('An agency signs in, adds a site and connects a Shopify shop');
  const stage = await connect({ ...parts, say });

  step('The agency tests the connection');
  await test(stage, 'ok');

  step('The shop revokes a permission of the app. Test again');
  const { app } = parts.shopify.state;
  const scopes = app.scopes;
  app.scopes = scopes.filter((scope) => scope !== 'write_products');
  await test(stage, 'missing_scopes');

  step('The shop grants the permission again. Test again');
  app.scopes = scopes;
  await test(stage, 'ok');

  step('The structure is read from the shop');
  await sync(stage, 'metadata');
  tellStructure(say, await structureOf(stage));

  step('All content of the shop is read');
  await pull(stage);

  step('The agency writes an article in the dashboard, and a sync publishes it in the shop');
  await publishArticle(stage);

  step('Both sides change the same product');
  await disagree(stage);

  step('A user changes a product in the shop, and Shopify sends a webhook');
  await tellOfChange(stage);

  step('A user deletes the product in the shop');
  await tellOfDeletion(stage);

  step('The event log contains all of this');
  await readRecord(stage);
}

async function connect(parts: {
  serverUrl: string;
  shopify: SimulatedShopify;
  accounts: Core['accounts'];
  say: Say;
}): Promise<Stage> {
  const { serverUrl, shopify, say } = parts;
  const { api, email } = await signIn(serverUrl, parts.accounts);
  const { name, app } = shopify.state;
  const site = await api.post('/api/v1/sites', { name, url: `https://${shopify.shop}` }, siteSchema);
  const { id } = await api.post(
    '/api/v1/integration/integrations',
    {
      site_id: site.id,
      platform: 'shopify',
      config_json: { shop_domain: shopify.shop },
      credentials_json: { client_id: app.clientId, client_secret: app.clientSecret },
    },
    integrationSchema,
  );
  say(`${email} signed in, added the site "${name}" and entered ${shopify.shop},`);
  say('the client id and the client secret of the app. The secret is stored encrypted.');
  return {
    serverUrl,
    shopify,
    say,
    api,
    siteId: site.id,
    integration: `/api/v1/integration/integrations/${id}`,
  };
}

async function pull(stage: Stage): Promise<void> {
  const { totals, duration_ms: took } = await sync(stage, 'from_external');
  stage.say(`${totals.created} contents came in ${took} ms:`);
  const stored = await contentsOf(stage);
  for (const type of new Set(stored.map((content) => content.content_type))) {
    const titles = stored.filter((content) => content.content_type === type).map(({ title }) => title);
    stage.say(`  ${type}: ${titles.join(', ')}`);
  }
  const again = await sync(stage, 'from_external');
  if (again.totals.created + again.totals.updated > 0) throw new Error('The second pull found changes.');
  stage.say('The second pull found no changes.');
}

async function publishArticle(stage: Stage): Promise<void> {
  const { api, shopify, say } = stage;
  const written = await api.post(
    '/api/v1/content',
    {
      site_id: stage.siteId,
      content_type: 'article',
      title: 'Open at Easter',
      body: '<p>We are open on Monday.</p>',
      status: 'ready',
      terms: [{ taxonomy: 'blog', slug: 'news', name: 'News' }],
    },
    contentSchema,
  );
  await sync(stage, 'to_external');
  const pushed = await api.get(`/api/v1/content/${written.id}`, contentSchema);
  const article = shopify.state.items.find((item) => String(item.id) === pushed.external_id);
  if (article?.title !== written.title) throw new Error('The shop does not have the article.');
  say(`In the shop it is article ${article.id} in the blog News: "${article.body}"`);
  say(`In the dashboard it is ${pushed.status} and ${pushed.sync_state}.`);
}

async function disagree(stage: Stage): Promise<void> {
  const { api, shopify, say } = stage;
  const hat = itemCalled(stage, 'Hat');
  const content = await shown(stage, hat.id, () => true);
  await api.patch(`/api/v1/content/${content.id}`, { title: 'Woollen hat' }, contentSchema);
  shopify.change(hat.id, { title: 'Winter hat' });
  say(`Its title is "Woollen hat" in the dashboard and "Winter hat" in the shop.`);
  const { totals } = await sync(stage, 'both');
  if (totals.conflicts !== 1 || hat.title !== 'Winter hat') throw new Error('The conflict was not detected.');
  say(
    'That is a conflict: nothing is overwritten until a user decides. The user keeps the version of the dashboard.',
  );
  await api.post(`/api/v1/content/${content.id}/resolve-conflict`, { keep: 'local' }, contentSchema);
  await sync(stage, 'to_external');
  say(`Its title in the shop is now "${itemCalled(stage, 'Woollen hat').title}".`);
}

async function tellOfChange(stage: Stage): Promise<void> {
  const scarf = itemCalled(stage, 'Scarf');
  stage.shopify.change(scarf.id, { title: 'Long scarf' });
  await sendWebhook(stage, 'products/update', scarf.id);
  const { title } = await shown(stage, scarf.id, (content) => content.title === 'Long scarf');
  stage.say(`The server has read the product. Its title in the dashboard is now "${title}" too.`);
}

async function tellOfDeletion(stage: Stage): Promise<void> {
  const scarf = itemCalled(stage, 'Long scarf');
  stage.shopify.remove(scarf.id);
  await sendWebhook(stage, 'products/delete', scarf.id);
  const content = await shown(stage, scarf.id, ({ sync_state: state }) => state === 'deleted_remote');
  stage.say(`The shop confirms the deletion. The dashboard keeps the content as ${content.sync_state}.`);
}

async function sendWebhook({ serverUrl, shopify, say }: Stage, topic: WebhookTopic, id: number) {
  const { headers, body } = shopify.webhook(topic, id);
  const answer = await fetch(`${serverUrl}/api/v1/integration/webhooks/shopify`, {
    method: 'POST',
    headers,
    body,
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`The webhook was answered ${answer.status}: ${text}`);
  const { delivery_id: delivery } = webhookResponse.parse(JSON.parse(text));
  say(`The webhook ${topic}, signed with the client secret, is stored as delivery ${delivery}.`);
}

function itemCalled({ shopify }: Stage, title: string): SimulatedItem {
  const item = shopify.state.items.find((each) => each.title === title);
  if (item === undefined) throw new Error(`The shop has no item with the title "${title}".`);
  return item;
}
