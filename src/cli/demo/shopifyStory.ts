import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { Core } from '../../core.ts';
import { tokenResponse } from '../../http/schemas/auth.schema.ts';
import { testResultSchema } from '../../http/schemas/connection.schema.ts';
import { contentSchema, contentsResponse } from '../../http/schemas/content.schema.ts';
import { eventsResponse } from '../../http/schemas/event.schema.ts';
import { integrationSchema } from '../../http/schemas/integration.schema.ts';
import { siteSchema } from '../../http/schemas/site.schema.ts';
import { contentTypesResponse } from '../../http/schemas/structure.schema.ts';
import { runSchema } from '../../http/schemas/sync.schema.ts';
import { webhookResponse } from '../../http/schemas/webhook.schema.ts';
import type { SimulatedShopify } from '../../simulation/shopify/simulatedShopify.ts';
import type { SimulatedItem } from '../../simulation/shopify/state.ts';
import type { WebhookTopic } from '../../simulation/shopify/webhooks.ts';
import { ApiClient } from './apiClient.ts';

type Say = (line: string) => void;
type Content = z.output<typeof contentSchema>;

interface Stage {
  serverUrl: string;
  shopify: SimulatedShopify;
  say: Say;
  api: ApiClient;
  siteId: number;
  integration: string;
}

/** Tells how a shop is connected and kept in step. Throws for whatever does not come out as told. */
export async function tellShopifyStory(
  parts: { serverUrl: string; shopify: SimulatedShopify; accounts: Core['accounts'] },
  { step, say }: { step: (title: string) => void; say: Say },
): Promise<void> {
  step('An agency signs in, adds a site and connects a Shopify shop');
  const stage = await connect({ ...parts, say });

  step('The agency tests the connection');
  await test(stage, 'ok');

  step('The shop takes a permission away from the app. Test again');
  const { app } = parts.shopify.state;
  const scopes = app.scopes;
  app.scopes = scopes.filter((scope) => scope !== 'write_products');
  await test(stage, 'missing_scopes');

  step('The permission is given again. Test again');
  app.scopes = scopes;
  await test(stage, 'ok');

  step('The structure is read from the shop');
  await readStructure(stage);

  step('All content of the shop is read');
  await pull(stage);

  step('The agency writes an article here, and it is published in the shop');
  await publishArticle(stage);

  step('Both sides change the same product');
  await disagree(stage);

  step('In the shop, someone changes a product, and Shopify sends a webhook');
  await tellOfChange(stage);

  step('Someone deletes it');
  await tellOfDeletion(stage);

  step('All of it is on record');
  const { results } = await stage.api.get(`${stage.integration}/events?limit=100`, eventsResponse);
  const failed = results.filter((event) => !event.success);
  say(`${results.length} events; ${failed.length} of them tell of a failure:`);
  for (const event of failed.reverse()) say(`  ${event.created_at.slice(11, 19)}  ${event.error_message}`);
}

async function connect(parts: {
  serverUrl: string;
  shopify: SimulatedShopify;
  accounts: Core['accounts'];
  say: Say;
}): Promise<Stage> {
  const { serverUrl, shopify, say } = parts;
  const owner = { email: 'owner@agency.example', password: randomBytes(12).toString('base64url') };
  await parts.accounts.createAccount({
    name: 'Agency',
    ownerEmail: owner.email,
    ownerPassword: owner.password,
  });
  const anyone = new ApiClient(serverUrl);
  const { access_token: token } = await anyone.post('/api/v1/auth/token', owner, tokenResponse);
  const api = anyone.withToken(token);
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
  say(`${owner.email} signed in, added the site "${name}" and entered ${shopify.shop},`);
  say('the client id and the client secret of the app. The secret is kept encrypted.');
  return {
    serverUrl,
    shopify,
    say,
    api,
    siteId: site.id,
    integration: `/api/v1/integration/integrations/${id}`,
  };
}

/** Presses Test; the test must find `code` and nothing else. */
async function test({ api, integration, say }: Stage, code: string): Promise<void> {
  const result = await api.post(`${integration}/test-connection`, {}, testResultSchema);
  if (result.code !== code) throw new Error(`The test found ${result.code} where ${code} is the cause.`);
  say(result.message);
  if (result.hint !== '') say(`What to do: ${result.hint}`);
  const passed = result.checks.filter((check) => check.ok).length;
  say(
    result.success
      ? `${passed} checks passed in ${Math.round(result.latency_ms)} ms.`
      : `Checks passed before that: ${passed}. Code for programs: ${result.code}.`,
  );
}

async function readStructure(stage: Stage): Promise<void> {
  await sync(stage, 'metadata');
  const { content_types: structure } = await stage.api.get(
    `${stage.integration}/content-types`,
    contentTypesResponse,
  );
  for (const [title, entries] of [
    ['Content types', structure.post_types],
    ['Taxonomies', structure.taxonomies],
  ] as const) {
    const counted = Object.values(entries).map(({ label, count }) => `${label} (${count})`);
    stage.say(`  ${title}: ${counted.join(', ')}`);
  }
}

async function pull(stage: Stage): Promise<void> {
  const { totals, duration_ms: took } = await sync(stage, 'from_external');
  stage.say(`${totals.created} contents came in ${took} ms:`);
  const stored = await contents(stage);
  for (const type of new Set(stored.map((content) => content.content_type))) {
    const titles = stored.filter((content) => content.content_type === type).map(({ title }) => title);
    stage.say(`  ${type}: ${titles.join(', ')}`);
  }
  const again = await sync(stage, 'from_external');
  if (again.totals.created + again.totals.updated > 0) throw new Error('The second reading found changes.');
  stage.say('Read again, nothing has changed.');
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
  say(`The shop has it as article ${article.id} in the blog News: "${article.body}"`);
  say(`Here it is ${pushed.status} and ${pushed.sync_state}.`);
}

async function disagree(stage: Stage): Promise<void> {
  const { api, shopify, say } = stage;
  const hat = itemCalled(stage, 'Hat');
  const content = await shown(stage, hat, () => true);
  await api.patch(`/api/v1/content/${content.id}`, { title: 'Woollen hat' }, contentSchema);
  shopify.change(hat.id, { title: 'Winter hat' });
  say(`Here it is called "Woollen hat", in the shop "Winter hat".`);
  const { totals } = await sync(stage, 'both');
  if (totals.conflicts !== 1 || hat.title !== 'Winter hat') throw new Error('The conflict was not seen.');
  say(
    'That is a conflict: nothing is overwritten until a person decides. Here it is to be kept as it is here.',
  );
  await api.post(`/api/v1/content/${content.id}/resolve-conflict`, { keep: 'local' }, contentSchema);
  await sync(stage, 'to_external');
  say(`The shop now calls it "${itemCalled(stage, 'Woollen hat').title}".`);
}

async function tellOfChange(stage: Stage): Promise<void> {
  const scarf = itemCalled(stage, 'Scarf');
  stage.shopify.change(scarf.id, { title: 'Long scarf' });
  await sendWebhook(stage, 'products/update', scarf.id);
  const { title } = await shown(stage, scarf, (content) => content.title === 'Long scarf');
  stage.say(`The product has been read from the shop; here it is called "${title}" too.`);
}

async function tellOfDeletion(stage: Stage): Promise<void> {
  const scarf = itemCalled(stage, 'Long scarf');
  stage.shopify.remove(scarf.id);
  await sendWebhook(stage, 'products/delete', scarf.id);
  const content = await shown(stage, scarf, ({ sync_state: state }) => state === 'deleted_remote');
  stage.say(`The shop confirms it. It is kept here, as ${content.sync_state}.`);
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
  say(`${topic}, signed with the client secret, is kept as delivery ${delivery}.`);
}

/** Starts a run and waits for its end, which must be a good one. */
async function sync({ api, integration }: Stage, direction: string) {
  const run = await api.post(`${integration}/sync`, { direction }, runSchema);
  if (run.status !== 'success') throw new Error(`The sync ended as ${run.status}: ${run.error ?? ''}`);
  return run;
}

async function contents({ api, siteId }: Stage): Promise<Content[]> {
  return (await api.get(`/api/v1/content?site_id=${siteId}&limit=200`, contentsResponse)).results;
}

function itemCalled({ shopify }: Stage, title: string): SimulatedItem {
  const item = shopify.state.items.find((each) => each.title === title);
  if (item === undefined) throw new Error(`The shop has nothing called "${title}".`);
  return item;
}

/** An item as the API shows it, once it does so as expected. */
async function shown(
  stage: Stage,
  item: SimulatedItem,
  expected: (content: Content) => boolean,
): Promise<Content> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const content = (await contents(stage)).find((each) => each.external_id === String(item.id));
    if (content && expected(content)) return content;
    await delay(50);
  }
  throw new Error(`"${item.title}" was not brought here within 20 seconds.`);
}
