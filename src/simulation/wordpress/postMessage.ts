import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { permalink } from './singlePost.ts';
import type { SimulatedSite } from './site.ts';
import type { SimulatedConnector, SimulatedPost } from './state.ts';

export type Topic = 'status' | 'metadata';

/** What the plugin tells of a post as it is now, as JSON. */
export function postMessage(site: SimulatedSite, topic: Topic, postId: number): string {
  const post = site.state.posts.find((each) => each.id === postId);
  if (post === undefined) throw new Error(`The simulated site has no post ${postId}.`);
  return JSON.stringify({
    external_id: String(post.id),
    post_type: post.type,
    ...(topic === 'status' ? statusFacts(site, post) : metadataFacts(site, post)),
    modified_gmt: `${post.modified_gmt}Z`,
  });
}

/** The headers by which the plugin proves that a message is its site's. */
export function messageHeaders(connector: SimulatedConnector, body: string): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const now = new Date();
  return {
    'X-Site-Id': String(connector.siteId),
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(connector.siteKey, { format: 'raw' }).sign(id, now, body),
  };
}

function statusFacts(site: SimulatedSite, post: SimulatedPost) {
  // A post in the trash has no address.
  return { status: post.status, ...(post.status === 'trash' ? {} : { url: permalink(site, post) }) };
}

function metadataFacts(site: SimulatedSite, post: SimulatedPost) {
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  return {
    title: post.title,
    slug: post.slug,
    excerpt: post.excerpt ?? '',
    terms: taxonomies.flatMap((taxonomy) =>
      site
        .terms(taxonomy)
        .filter((term) => post.terms?.includes(term.id) === true)
        .map(({ slug, name }) => ({ taxonomy, slug, name })),
    ),
    meta: post.meta ?? {},
  };
}
