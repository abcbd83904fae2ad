import { z } from 'zod';
import type { Transaction } from '../../database/client.ts';
import type { Content, WebhookDelivery } from '../../database/generated/client.ts';
import type { ContentJob } from '../../jobs/queues.ts';
import type { Platform } from '../../platforms/platform.ts';
import { hasBorne } from '../content/birth.ts';
import {
  hasLocalChanges,
  isOutdated,
  lockRows,
  type MergeOutcome,
  markDeletedRemote,
  mergeRemote,
  type SiteItems,
} from '../content/merge.ts';
import { type SharedState, sharedState } from '../content/sharedState.ts';

/** What is common to both topics. */
const common = {
  external_id: z.string(),
  content_key: z.string().optional(),
  post_type: z.string(),
  modified_gmt: z.string(),
  op_id: z.string().optional(),
};

/** As far apart as a site's clock and ours may be for its messages to be taken, and a little. Milliseconds. */
const clocksApartMs = 6 * 60_000;

const bodies = {
  status: z.object({ ...common, status: z.string(), url: z.string().nullish() }),
  metadata: z.object({
    ...common,
    title: z.string().optional(),
    slug: z.string().optional(),
    excerpt: z.string().optional(),
    terms: z.array(z.object({ taxonomy: z.string(), slug: z.string(), name: z.string() })).optional(),
    meta: z.record(z.string(), z.json()).optional(),
  }),
};

export type WebhookBody =
  | ({ topic: 'status' } & z.output<(typeof bodies)['status']>)
  | ({ topic: 'metadata' } & z.output<(typeof bodies)['metadata']>);

/** What a delivery came to. */
export interface WebhookOutcome {
  /**
   * `deferred`: there are edits here too, so what happened is decided by reading the whole content.
   * `announced`: it was told that something happened, and what is seen by reading it.
   * `link_mismatch`: its key and its post do not belong together here, and nothing was changed.
   */
  result: MergeOutcome | 'echo' | 'unknown_content' | 'deferred' | 'announced' | 'link_mismatch';
  contentId: number | null;
  externalId: string;
  integrationId: number | null;
  /** A content that has to be read from the site. */
  pull: ContentJob | null;
}

/** The stored body of a delivery. Throws ZodError for one that no version of this server has stored. */
export function webhookBody(delivery: Pick<WebhookDelivery, 'topic' | 'body'>): WebhookBody {
  return delivery.topic === 'status'
    ? { topic: 'status', ...bodies.status.parse(delivery.body) }
    : { topic: 'metadata', ...bodies.metadata.parse(delivery.body) };
}

/** Applies a delivery in the caller's transaction, which holds the lock of the content. */
export async function applyWebhook(
  tx: Transaction,
  platform: Platform,
  delivery: WebhookDelivery,
  body: WebhookBody,
): Promise<WebhookOutcome> {
  const integration = await tx.siteIntegration.findUnique({
    where: { siteId_platform: { siteId: delivery.siteId, platform: platform.name } },
    select: { id: true, isActive: true, syncEnabled: true },
  });
  const pulls = integration?.isActive && integration.syncEnabled ? integration.id : null;
  const job = (): ContentJob | null =>
    pulls === null
      ? null
      : { integrationId: pulls, contentType: body.post_type, externalId: body.external_id };
  const outcome = (
    result: WebhookOutcome['result'],
    content: Content | null,
    pull: ContentJob | null = null,
  ): WebhookOutcome => ({
    result,
    contentId: content?.id ?? null,
    externalId: body.external_id,
    integrationId: integration?.id ?? null,
    pull,
  });

  const found = await findContent(tx, { siteId: delivery.siteId, platform: platform.name }, body);
  if (found === 'link_mismatch') return outcome(found, null);
  const { content } = found;
  const gone = body.topic === 'status' && platform.localStatus?.(body.status) === null;
  // What is gone cannot be read any more, and is not missed here.
  if (!content) return outcome('unknown_content', null, gone ? null : job());
  // One of which the site's id is not known yet was never answered: its echo is the answer.
  if (body.op_id !== undefined && body.op_id === content.lastOpId && content.externalId !== null)
    return outcome('echo', content);
  const modifiedAt = new Date(body.modified_gmt);
  if (isOutdated(content, modifiedAt, new Date())) return outcome('outdated', content);

  const facts = {
    externalId: body.external_id,
    platform: platform.name,
    externalModifiedAt: modifiedAt,
    ...(body.topic === 'status' ? { externalStatus: body.status } : {}),
    ...(body.topic === 'status' && body.url ? { externalUrl: body.url } : {}),
  };
  if (gone) return outcome(await markDeletedRemote(tx, content, facts), content);
  // The post bears a key that is no content's here: reading it tells whose it is.
  if (found.isForeign) return outcome('deferred', content, job());
  if (hasLocalChanges(content)) {
    // A webhook tells a part, and only the whole can be compared with what both sides last agreed on.
    await tx.content.update({ where: { id: content.id }, data: facts });
    return outcome('deferred', content, job());
  }
  const known = content.externalModifiedAt;
  const newer = known === null || modifiedAt > known || known > new Date();
  const told = toldState(platform, sharedState(content), body);
  // No webhook says anything of the body, which may have changed with it: what is newer is read whole.
  const pull = newer || wasReadAtOnce(content) ? job() : null;
  return outcome(await mergeRemote(tx, content, told, facts), content, pull);
}

/**
 * May what is known have been read within the second of its date? Dates of WordPress are whole seconds, so that an
 * edit later in it bears the same. What was read later holds every edit of that date.
 */
function wasReadAtOnce({ lastSyncedAt, externalModifiedAt }: Content): boolean {
  if (lastSyncedAt === null || externalModifiedAt === null) return true;
  return lastSyncedAt.getTime() - externalModifiedAt.getTime() < clocksApartMs;
}

interface Found {
  content: Content | null;
  /** The post is known, and bears a key that is no content's of this site. */
  isForeign: boolean;
}

/**
 * The content that a message is about: by the id of its post, else by the key that it bears, where the content has no
 * post yet. `link_mismatch` where the key is that of a content with another post.
 */
async function findContent(
  tx: Transaction,
  { siteId, platform }: Pick<SiteItems, 'siteId' | 'platform'>,
  body: WebhookBody,
): Promise<Found | 'link_mismatch'> {
  const { external_id: externalId, post_type: contentType, content_key: key } = body;
  const known = await tx.content.findFirst({ where: { siteId, platform, contentType, externalId } });
  if (key === undefined || known?.key === key) return { content: known, isForeign: false };
  const named = await tx.content.findFirst({ where: { key, siteId } });
  if (named === null) return { content: known, isForeign: known !== null && !hasBorne(known, key) };
  const isWaiting =
    named.externalId === null &&
    named.contentType === contentType &&
    (named.platform ?? platform) === platform;
  if (known !== null || !isWaiting) return 'link_mismatch';
  // Sent to the site, and its answer never arrived: this webhook is the first to say what became of it.
  await lockRows(tx, [named.id]);
  const content = await tx.content.findFirst({ where: { id: named.id, externalId: null } });
  return { content, isForeign: false };
}

function toldState(platform: Platform, state: SharedState, body: WebhookBody): SharedState {
  if (body.topic === 'status')
    return { ...state, status: platform.localStatus?.(body.status) ?? state.status };
  return {
    ...state,
    title: body.title ?? state.title,
    slug: body.slug ?? state.slug,
    excerpt: body.excerpt ?? state.excerpt,
    terms: body.terms ?? state.terms,
    metadata: withoutNoImage({ ...state.metadata, ...(body.meta ?? {}) }),
  };
}

/** A message says 0 where a reading leaves out the image that a post has not. */
function withoutNoImage(metadata: SharedState['metadata']): SharedState['metadata'] {
  const { featured_media: image, ...rest } = metadata;
  return image === 0 || image === undefined ? rest : metadata;
}
