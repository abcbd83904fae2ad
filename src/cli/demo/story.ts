import type { Core } from '../../adminServices.ts';
import { testResultSchema } from '../../http/schemas/connection.schema.ts';
import { integrationSchema } from '../../http/schemas/integration.schema.ts';
import { apiKeyResponse, siteSchema } from '../../http/schemas/site.schema.ts';
import { generateSiteKey } from '../../security/siteKey.ts';
import type { SimulatedWordpress } from '../../simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedConnector } from '../../simulation/wordpress/state.ts';
import { type Say, signIn, structureOf, sync, tellStructure, tellTest, test } from './agency.ts';
import type { ApiClient } from './apiClient.ts';

const integrations = '/api/v1/integration/integrations';

/** The data of the steps. Each step adds data for the next steps. */
interface Stage {
  serverUrl: string;
  wordpress: SimulatedWordpress;
  say: Say;
}
interface SignedIn extends Stage {
  api: ApiClient;
  siteId: number;
  siteKey: string;
}
/** A connected site. */
export interface Connected extends SignedIn {
  integration: string;
  /** The connector plugin of the simulated site. */
  plugin: SimulatedConnector;
}

/** Creates an account as the operator. Then signs in as its owner, adds the site and creates the site key. */
export async function makeSite(stage: Stage, accounts: Core['accounts']): Promise<SignedIn> {
  const { api, email } = await signIn(stage.serverUrl, accounts);
  const { url, state } = stage.wordpress;
  const { name } = state;
  // The simulated type has `&amp;` in its name, as some plugins have. That would confuse the reader here.
  if (state.postTypes.book) state.postTypes.book.name = 'Books';
  const site = await api.post('/api/v1/sites', { name, url }, siteSchema);
  const { api_key: siteKey } = await api.post(`/api/v1/sites/${site.id}/api-key`, {}, apiKeyResponse);
  stage.say(`${email} signed in and added the site "${name}" at ${url}.`);
  stage.say(`The site has the id ${site.id} and its own key.`);
  return { ...stage, api, siteId: site.id, siteKey };
}

/** Enters site id and key in the plugin and presses Connect, as the site's administrator would. */
export async function connect(stage: SignedIn): Promise<Connected> {
  const plugin = stage.wordpress.state.connector;
  if (plugin === null) throw new Error('The simulated WordPress has no connector plugin.');
  plugin.siteId = stage.siteId;
  plugin.siteKey = stage.siteKey;
  const { test, structure } = await stage.wordpress.connect({ serverUrl: stage.serverUrl });
  if (structure?.status !== 200) throw new Error(`Connecting failed: ${test.body.message ?? test.status}`);
  tellTest(stage.say, testResultSchema.parse(test.body));
  const connected = { ...stage, plugin, integration: `${integrations}/${plugin.integrationId}` };
  stage.say('The plugin also sent the structure of the site:');
  tellStructure(stage.say, await structureOf(connected));
  return connected;
}

export async function testWithWrongKey(stage: Connected): Promise<void> {
  stage.plugin.siteKey = generateSiteKey();
  await test(stage, 'bad_credentials');
}

export async function testWithClosedApi(stage: Connected): Promise<void> {
  stage.plugin.siteKey = stage.siteKey;
  stage.wordpress.setFault('rest_cannot_access');
  await test(stage, 'rest_disabled');
}

export async function mend(stage: Connected): Promise<void> {
  stage.wordpress.clearFaults();
  await test(stage, 'ok');
}

/** Disables a content type. Later reads of the structure must keep this choice. */
export async function choose({ api, integration, say }: Connected): Promise<void> {
  const choice = { content_types: { post_types: { page: { enabled: false } } } };
  await api.patch(integration, { config_json: choice }, integrationSchema);
  say('Pages will not be synced.');
}

/** Reads the structure from the site and prints the changes. Throws when the choice about pages is lost. */
export async function syncStructure(stage: Connected): Promise<void> {
  const { say } = stage;
  const before = await structureOf(stage);
  const run = await sync(stage, 'metadata');
  say(`Done in ${run.duration_ms} ms.`);
  const after = await structureOf(stage);
  if (after.post_types.page?.enabled !== false) throw new Error('The choice about pages was lost.');
  const changes = [
    ...changesIn('', before.post_types, after.post_types),
    ...changesIn(', a taxonomy', before.taxonomies, after.taxonomies),
  ];
  for (const line of changes.length > 0 ? changes : ['Nothing has changed on the site.']) say(line);
  say('Pages are still excluded.');
}

/** Changes the site: a plugin adds a type, posts are written, another type is removed. */
export function changeSite({ wordpress: { state }, say }: Connected): void {
  state.postTypes.recipe = { name: 'Recipes', rest_base: 'recipes', hierarchical: false, related: ['diet'] };
  state.taxonomies.diet = { name: 'Diets', rest_base: 'diets', hierarchical: false, related: ['recipe'] };
  delete state.postTypes.book;
  delete state.taxonomies.genre;
  const lastId = Math.max(...state.posts.map((post) => post.id));
  const types = ['recipe', 'recipe', 'post'];
  for (const [index, type] of types.entries()) {
    const id = lastId + 1 + index;
    state.posts.push({
      id,
      type,
      status: 'publish',
      slug: `${type}-${id}`,
      title: `${type} ${id}`,
      content: '',
      modified_gmt: new Date().toISOString().slice(0, 19),
    });
  }
  say(
    'A plugin for recipes was installed, two recipes and one post were written, the type for books was removed.',
  );
}

function changesIn(
  kind: string,
  before: Record<string, { label: string; count: number }>,
  after: Record<string, { label: string; count: number }>,
): string[] {
  const lines: string[] = [];
  for (const [slug, { label, count }] of Object.entries(after)) {
    const known = before[slug];
    if (!known) lines.push(`  New: ${label}${kind} (${count})`);
    else if (known.count !== count) lines.push(`  Changed: ${label}, ${known.count} before, now ${count}`);
  }
  for (const [slug, { label }] of Object.entries(before))
    if (!after[slug]) lines.push(`  Gone: ${label}${kind}`);
  return lines;
}
