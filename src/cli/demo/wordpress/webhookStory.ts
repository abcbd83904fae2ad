import type { SimulatedPost } from '../../../simulation/wordpress/state.ts';
import { shown } from '../agency.ts';
import type { Connected } from '../story.ts';

/** A post, and what the API shows of it. */
interface Told extends Connected {
  post: SimulatedPost;
}

/** Someone publishes a post; the plugin tells of it, and the server reads what it did not know. */
export async function publish(stage: Connected): Promise<Told> {
  const { posts } = stage.wordpress.state;
  const post: SimulatedPost = {
    id: Math.max(...posts.map(({ id }) => id)) + 1,
    type: 'post',
    status: 'publish',
    slug: 'open-at-easter',
    title: 'Open at Easter',
    content: '<p>We are open on Monday.</p>',
    modified_gmt: secondsAgo(20),
  };
  posts.push(post);
  const told = { ...stage, post };
  await tell(told, 'metadata');
  await tell(told, 'status');
  const content = await shown(told, post.id, (each) => each.status === 'published');
  stage.say(`It was not known here, so it was read from the site: "${content.body}"`);
  return told;
}

/** Someone changes the title: told, and seen at once. */
export async function retitle(stage: Told): Promise<void> {
  stage.post.title = 'Open at Easter, and at Whitsun';
  stage.post.modified_gmt = secondsAgo(10);
  await tell(stage, 'metadata');
  const { title } = await shown(stage, stage.post.id, (each) => each.title === stage.post.title);
  stage.say(`The API shows it as "${title}".`);
}

/** Someone throws the post away. */
export async function trash(stage: Told): Promise<void> {
  stage.post.status = 'trash';
  stage.post.modified_gmt = secondsAgo(0);
  await tell(stage, 'status');
  const content = await shown(stage, stage.post.id, (each) => each.sync_state === 'deleted_remote');
  stage.say(`It is kept here, as ${content.sync_state}: nothing is deleted on a site's word alone.`);
}

async function tell(stage: Told, topic: 'status' | 'metadata'): Promise<void> {
  const { wordpress, serverUrl, post } = stage;
  const { status, body } = await wordpress.tellOfPost({ serverUrl, topic, postId: post.id });
  if (status !== 202) throw new Error(`The webhook was answered ${status}: ${JSON.stringify(body)}`);
  stage.say(`The plugin sent a signed ${topic} webhook; it is kept as delivery ${body.delivery_id}.`);
}

/** As WordPress writes times: UTC, to the second. */
function secondsAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19);
}
