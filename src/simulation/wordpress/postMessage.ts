import { Webhook } from 'standardwebhooks';
import { shownLink } from './connector/links.ts';
import { metaOf } from './core/meta.ts';
import { readableName } from './core/termName.ts';
import type { PluginMessages, PostTopic } from './outbox.ts';
import { permalink } from './permalink.ts';
import type { SimulatedSite } from './site.ts';
import { siteMessage, termDeletionMessage, termMessage } from './siteMessage.ts';
import type { SimulatedConnector, SimulatedPost } from './state.ts';

/**
 * The JSON of the plugin's webhook about the current state of a post.
 * @param operation the server's operation that changed the post; '' when a person changed it
 * @param pictureGone whether the post lost its featured image
 */
export function postMessage(
  site: SimulatedSite,
  topic: PostTopic,
  post: SimulatedPost,
  operation: string,
  pictureGone = false,
): string {
  const facts = topic === 'status' ? statusFacts(site, post) : metadataFacts(site, post, pictureGone);
  return JSON.stringify({ ...head(site, post), ...facts, ...tail(post.modified_gmt, operation) });
}

/** The JSON of the plugin's webhook about a deleted post. */
function deletionMessage(site: SimulatedSite, post: SimulatedPost, operation: string): string {
  return JSON.stringify({ ...head(site, post), status: 'deleted', ...tail(site.clock.gmt(), operation) });
}

/** The messages of a site. */
export function messagesOf(site: SimulatedSite): PluginMessages {
  return {
    changed: (topic, post, operation, pictureGone) => postMessage(site, topic, post, operation, pictureGone),
    deleted: (post, operation) => deletionMessage(site, post, operation),
    term: (term, was) => termMessage(site, term, was),
    termDeleted: (term, instead) => termDeletionMessage(site, term, instead),
    site: (postsChanged) => siteMessage(site, postsChanged),
  };
}

/** The headers that prove that a message comes from the plugin of this site. */
export function messageHeaders(
  connector: SimulatedConnector,
  message: { id: string; body: string },
): Record<string, string> {
  const now = new Date();
  return {
    'X-Site-Id': String(connector.siteId),
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(connector.siteKey, { format: 'raw' }).sign(
      message.id,
      now,
      message.body,
    ),
  };
}

function head(site: SimulatedSite, post: SimulatedPost) {
  const link = Object.entries(shownLink(site, post)).filter(([, name]) => name !== null);
  return {
    external_id: String(post.id),
    ...Object.fromEntries(link),
    post_type: post.type,
  };
}

function tail(modifiedGmt: string, operation: string) {
  return { modified_gmt: `${modifiedGmt}Z`, ...(operation === '' ? {} : { op_id: operation }) };
}

function statusFacts(site: SimulatedSite, post: SimulatedPost) {
  // A post in the trash has no URL.
  return { status: post.status, ...(post.status === 'trash' ? {} : { url: permalink(site, post) }) };
}

function metadataFacts(site: SimulatedSite, post: SimulatedPost, pictureGone: boolean) {
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  const picture = post.featured_media ?? 0;
  return {
    title: post.title,
    slug: post.slug,
    excerpt: post.excerpt ?? '',
    terms: taxonomies.flatMap((taxonomy) =>
      site.termsOf(post, taxonomy).map(({ slug, name }) => ({ taxonomy, slug, name: readableName(name) })),
    ),
    meta: { ...metaOf(site, post), ...(picture > 0 || pictureGone ? { featured_media: picture } : {}) },
  };
}
