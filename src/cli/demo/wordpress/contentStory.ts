import { contentSchema } from '../../../http/schemas/content.schema.ts';
import type { SimulatedPost } from '../../../simulation/wordpress/state.ts';
import { type Content, contentsOf, sync } from '../agency.ts';
import type { Connected } from '../story.ts';

/** A content that exists on both sides. */
interface Shared extends Connected {
  content: Content;
}

/** Pulls all contents of the enabled types from the site. A second pull needs few requests. */
export async function pull(stage: Connected): Promise<void> {
  const first = await sync(stage, 'from_external');
  stage.say(
    `${first.totals.created} contents were read in ${first.duration_ms} ms, including drafts and private posts.`,
  );
  const seen = stage.wordpress.state.requests.length;
  const again = await sync(stage, 'from_external');
  const requests = stage.wordpress.state.requests.length - seen;
  stage.say(`A second pull found ${again.totals.updated} changes with ${requests} requests.`);
}

/** Writes a post in the dashboard. The next sync publishes it on the site. */
export async function publish(stage: Connected): Promise<Shared> {
  const written = await stage.api.post(
    '/api/v1/content',
    {
      site_id: stage.siteId,
      content_type: 'post',
      title: 'Written in the dashboard',
      body: '<!-- wp:paragraph -->\n<p>And published by a sync.</p>\n<!-- /wp:paragraph -->',
      status: 'ready',
      terms: [{ taxonomy: 'category', slug: 'company/announcements', name: 'Announcements' }],
    },
    contentSchema,
  );
  const run = await sync(stage, 'to_external');
  const content = await contentOf(stage, written.id);
  stage.say(`${run.totals.pushed} pushed: ${content.external_url}, status ${content.external_status}.`);
  const [term] = content.terms;
  stage.say(`The category "${term?.name}" was created on the site for it, below "company".`);
  return { ...stage, content };
}

/** Edits the same post on both sides. The sync overwrites nothing and reports a conflict. */
export async function conflict(stage: Shared): Promise<void> {
  const { api, content, wordpress, say } = stage;
  wordpress.editor.edit(Number(content.external_id), { title: 'Edited in WordPress' });
  await api.patch(`/api/v1/content/${content.id}`, { title: 'Edited in the dashboard' }, contentSchema);
  const run = await sync(stage, 'both');
  const now = await contentOf(stage, content.id);
  if (now.sync_state !== 'conflict')
    throw new Error(`The content is ${now.sync_state}, but expected conflict.`);
  say(`${run.totals.conflicts} conflict. Dashboard: "${now.title}". Site: "${postOf(stage).title}".`);
}

/** Resolves the conflict. The next sync carries the decision out. */
export async function settle(stage: Shared): Promise<void> {
  const { api, content, say } = stage;
  await api.post(`/api/v1/content/${content.id}/resolve-conflict`, { keep: 'local' }, contentSchema);
  await sync(stage, 'both');
  const now = await contentOf(stage, content.id);
  say(`The title on the site is now "${postOf(stage).title}". The content is ${now.sync_state}.`);
}

/** Prints the number of contents in each sync state. */
export async function standing(stage: Connected): Promise<void> {
  const states = Map.groupBy(await contentsOf(stage), (content) => content.sync_state);
  stage.say([...states].map(([state, list]) => `${list.length} ${state}`).join(', '));
}

function contentOf({ api }: Connected, id: number): Promise<Content> {
  return api.get(`/api/v1/content/${id}`, contentSchema);
}

function postOf({ wordpress, content }: Shared): SimulatedPost {
  const post = wordpress.state.posts.find(({ id }) => String(id) === content.external_id);
  if (!post) throw new Error('The post of the content is missing on the site.');
  return post;
}
