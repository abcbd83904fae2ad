import type { SimulatedPost } from '../../../simulation/wordpress/state.ts';
import { shown } from '../agency.ts';
import type { Connected } from '../story.ts';

/** A post that the webhooks are about. */
interface Told extends Connected {
  post: SimulatedPost;
}

/** Publishes a post in WordPress. The plugin sends webhooks, and the server reads the new post. */
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
  stage.say(`The server did not know the post, so it read the post from the site: "${content.body}"`);
  return told;
}

/** Changes the title in WordPress. The webhook contains the title, so the API shows it at once. */
export async function retitle(stage: Told): Promise<void> {
  stage.post.title = 'Open at Easter, and at Whitsun';
  stage.post.modified_gmt = secondsAgo(10);
  await tell(stage, 'metadata');
  const { title } = await shown(stage, stage.post.id, (each) => each.title === stage.post.title);
  stage.say(`The API shows it as "${title}".`);
}

/** Moves the post to the trash in WordPress. */
export async function trash(stage: Told): Promise<void> {
  stage.post.status = 'trash';
  stage.post.modified_gmt = secondsAgo(0);
  await tell(stage, 'status');
  const content = await shown(stage, stage.post.id, (each) => each.sync_state === 'deleted_remote');
  stage.say(
    `The dashboard keeps it as ${content.sync_state}: a webhook from the site never deletes a content.`,
  );
}

async function tell(stage: Told, topic: 'status' | 'metadata'): Promise<void> {
  const { wordpress, serverUrl, post } = stage;
  const { status, body } = await wordpress.tellOfPost({ serverUrl, topic, postId: post.id });
  if (status !== 202) throw new Error(`The webhook was answered ${status}: ${JSON.stringify(body)}`);
  stage.say(`The plugin sent a signed ${topic} webhook, which is stored as delivery ${body.delivery_id}.`);
}

/** A time in the past in WordPress's format: UTC, to the second. */
function secondsAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19);
}
