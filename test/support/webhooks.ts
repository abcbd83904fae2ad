/** Sends webhooks as the connector plugin does. */
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { TestSite } from './builders.ts';
import type { Answer } from './problems.ts';

export const webhooksPath = '/api/v1/integration/webhooks';
export type Topic = 'status' | 'metadata' | 'terms' | 'site';

/** The status message that a site sends about a published post. */
export const statusBody = {
  external_id: '41',
  post_type: 'post',
  status: 'publish',
  modified_gmt: '2026-03-01T10:00:00',
};
export const metadataBody = {
  external_id: '41',
  post_type: 'post',
  title: 'A title',
  modified_gmt: '2026-03-01T10:00:00',
};

export const termsBody = {
  taxonomy: 'category',
  external_id: '2',
  slug: 'news',
  name: 'News',
  at: '2026-03-01T10:00:00Z',
};
export const siteBody = {
  home: 'https://site.example',
  site_url: 'https://site.example',
  name: 'A site',
  permalink_structure: '/%postname%/',
  time_zone: 'Europe/Berlin',
  at: '2026-03-01T10:00:00Z',
};

/** The headers of a message signed with `key`, made by the library that senders use. */
export function signedHeaders(
  key: string,
  text: string,
  { id = randomUUID(), at = new Date() }: { id?: string; at?: Date } = {},
): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key, { format: 'raw' }).sign(id, at, text),
  };
}

/** Posts a body, byte by byte, with exactly these headers. */
export async function post(
  server: { url: string },
  topic: Topic,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Answer> {
  const answer = await fetch(`${server.url}${webhooksPath}/wordpress/${topic}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  const read = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: read };
}

/** Posts a message as a site does, with an id and a signature. */
export function deliver(
  server: { url: string },
  site: Pick<TestSite, 'siteId' | 'key'>,
  topic: Topic,
  body: object,
  options: { id?: string; at?: Date } = {},
): Promise<Answer> {
  const text = JSON.stringify(body);
  return post(server, topic, text, {
    'X-Site-Id': String(site.siteId),
    ...signedHeaders(site.key, text, options),
  });
}
