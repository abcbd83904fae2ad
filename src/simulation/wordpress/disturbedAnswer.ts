import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, html, json, restError } from './answer.ts';
import { isRecord } from './core/requestBody.ts';
import { deletePost, insertPost } from './core/savePost.ts';
import type { Disturbance, DisturbanceName } from './disturbances.ts';
import { spoiledItem } from './itemFaults.ts';
import { restRoute, type SiteRequest } from './router.ts';
import type { SimulatedSite } from './site.ts';
import { collectionOf, isContent } from './state.ts';

/** The reaction to a request: a response, a broken connection, or JSON without an end. */
type Reaction = { answer: Omit<Answer, 'body'> & { body: string | Buffer } } | 'drop' | 'endless';

/** Answers a request with the disturbances in `met`. `answer` carries the request out. */
export async function throughDisturbances(
  site: SimulatedSite,
  request: SiteRequest,
  met: readonly Disturbance[],
  answer: () => Answer,
): Promise<Reaction> {
  for (const { fault, ms = 100 } of met) if (fault === 'latency') await delay(ms);
  const meets = (...names: DisturbanceName[]) => met.find(({ fault }) => names.includes(fault));
  if (meets('dropped_before')) return 'drop';
  const refused = meets('too_many_requests', 'error_before', 'html');
  if (refused !== undefined) return { answer: inPlace(refused) };
  if (meets('endless')) return 'endless';
  if (meets('page_shrinks')) shrink(site, request);
  if (meets('page_grows')) grow(site, request);
  const answered = answer();
  if (meets('dropped_after')) return 'drop';
  if (meets('error_after')) return { answer: fatal() };
  const spoiled = met.reduce((body, { fault }) => spoil(body, fault), answered.body);
  return {
    answer: {
      ...answered,
      body: meets('truncated') ? spoiled.slice(0, Math.floor(spoiled.length / 2)) : withBadBytes(spoiled),
    },
  };
}

function inPlace({ fault, retryAfterS = 1 }: Disturbance): Answer {
  if (fault === 'html') return html('<html><body><h1>We will be right back.</h1></body></html>');
  if (fault === 'error_before') return fatal();
  return {
    ...restError('too_many_requests', 429, 'Too many requests.'),
    headers: { 'Content-Type': 'application/json; charset=UTF-8', 'Retry-After': String(retryAfterS) },
  };
}

/** WordPress's response when PHP ends with a fatal error. */
function fatal(): Answer {
  const value = {
    code: 'internal_server_error',
    message: '<p>There has been a critical error on this website.</p>',
    data: { status: 500 },
    additional_errors: [],
  };
  return json(value, 500);
}

function shrink(site: SimulatedSite, request: SiteRequest): void {
  const type = listedType(site, request);
  const oldest = site.state.posts.find((post) => post.type === type && isContent(post.status));
  if (oldest !== undefined) site.outbox.during('', () => deletePost(site, oldest));
}

function grow(site: SimulatedSite, request: SiteRequest): void {
  const type = listedType(site, request);
  const [user = null] = site.state.users;
  if (type === undefined) return;
  const changes = { title: 'Written between two pages', status: 'publish' };
  site.outbox.during('', () => insertPost(site, type, changes, user));
}

/** The type whose list a request reads. */
function listedType(site: SimulatedSite, { target }: SiteRequest): string | undefined {
  const { route = '', query } = restRoute(site, target) ?? {};
  if (route === '/sitebridge/v1/items') return query?.get('type') ?? undefined;
  return Object.entries(site.state.postTypes).find(([, type]) => route === `/${collectionOf(type)}`)?.[0];
}

/** Spoils the first item of a list, or the single item in a response. */
function spoil(body: string, fault: DisturbanceName): string {
  const spoiling = spoiledItem(fault);
  if (spoiling === null) return body;
  const value: unknown = JSON.parse(body);
  const list = Array.isArray(value)
    ? value
    : isRecord(value) && Array.isArray(value.items)
      ? value.items
      : null;
  if (list !== null) {
    const [first, ...others]: unknown[] = list;
    const spoiled = isRecord(first) ? [spoiling(first), ...others] : list;
    return JSON.stringify(Array.isArray(value) || !isRecord(value) ? spoiled : { ...value, items: spoiled });
  }
  return JSON.stringify(isRecord(value) && 'id' in value ? spoiling(value) : value);
}

/**
 * Marks the place of a byte that is not valid UTF-8, because a JavaScript string cannot contain such a byte.
 */
const BAD_BYTE = Buffer.from('\uFDD0');

function withBadBytes(body: string): string | Buffer {
  if (!body.includes('\uFDD0')) return body;
  const parts: Buffer[] = [];
  let bytes = Buffer.from(body);
  for (let at = bytes.indexOf(BAD_BYTE); at !== -1; at = bytes.indexOf(BAD_BYTE)) {
    parts.push(bytes.subarray(0, at), Buffer.from([0xff]));
    bytes = bytes.subarray(at + BAD_BYTE.length);
  }
  return Buffer.concat([...parts, bytes]);
}
