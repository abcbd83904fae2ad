import type { IncomingHttpHeaders } from 'node:http';
import { CallerError, invalidField } from '../../errors.ts';
import type { OnboardingPart, Platform } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import {
  type AnnouncingWebhook,
  type TellingWebhook,
  type ToldTopic,
  toldTopics,
  type WebhookPart,
} from '../../platforms/webhookPart.ts';
import { announcedDelivery, noticeDelivery, toldDelivery } from '../../services/webhooks/deliveryMessage.ts';
import type { WebhookIntakeService } from '../../services/webhooks/webhookIntake.service.ts';
import type { SiteProof, WebhookSenders } from '../../services/webhooks/webhookSenders.ts';
import { addressOf } from '../limits/callerQueues.ts';
import type { ProofBrake } from '../limits/proofBrake.ts';
import { presentedSiteKey } from '../middleware/authenticate.ts';
import { decodeText, parseJson } from '../rawBody.ts';
import { defineRoute, type Route } from '../route.ts';
import { jsonObject } from '../schemas/common.schema.ts';
import { webhookResponse } from '../schemas/webhook.schema.ts';
import { parse } from '../validate.ts';

export const webhooksPath = '/api/v1/integration/webhooks';

interface Parts {
  senders: WebhookSenders;
  intake: WebhookIntakeService;
  /** Refuses callers that send too many wrong proofs. */
  brake: ProofBrake;
}

/** The webhook routes of all platforms that send webhooks. */
export function webhookRoutes(platforms: PlatformRegistry, parts: Parts): Route[] {
  return platforms.list().flatMap(({ name, webhooks }) => {
    if (!webhooks) return [];
    const { announces, tells } = webhooks;
    return [
      ...(announces ? [announcingRoute(name, webhooks, announces, parts)] : []),
      ...(tells
        ? toldTopics.map((topic) =>
            tellingRoute(platforms.onboarding(), webhooks, topic, tells[topic], parts),
          )
        : []),
    ];
  });
}

/** The common part of all webhook routes. The sender proves itself with the headers that `headers` names. */
const webhook = {
  method: 'post',
  access: { kind: 'public' },
  tag: 'Webhooks',
  wantsRawBody: true,
  responses: { 202: { description: 'Stored, and will be applied', schema: webhookResponse } },
} as const;

function tellingRoute(
  { name: platform, onboards }: Platform & { onboards: OnboardingPart },
  { headers, idHeader }: WebhookPart,
  topic: ToldTopic,
  telling: TellingWebhook,
  { senders, intake, brake }: Parts,
): Route {
  return defineRoute({
    ...webhook,
    path: `${webhooksPath}/${platform}/${topic}`,
    summary: telling.summary,
    request: { body: telling.body },
    headers: [...headers, ...onboards.headers],
    handler: async ({ rawBody, request }) => {
      const siteId = siteIdOf(request.headers);
      const proof = proofOf(request.headers);
      const text = decodeText(rawBody);
      const sender = await brake.prove(
        addressOf(request),
        `webhook:${siteId}`,
        async () => proof && senders.site(siteId, proof, text),
      );
      if (!sender) throw unproven('The signature or the site key is wrong, or missing.');
      const body = parse(telling.body, parseJson(text));
      const message = telling.messageIn(body);
      const named = onboards.senderOf(request.headers);
      const { deliveryId, duplicate } = await intake.receive(sender.site, {
        ...toldDelivery(topic, message, body),
        webhookId: webhookIdOf(request.headers, idHeader),
        idHeader,
        text,
        // A site that tells of itself says in the message where it is.
        sender:
          message.kind === 'site'
            ? { home: message.site.home, installation: named?.installation ?? null }
            : named,
      });
      return {
        status: 202,
        // The sender uses the key before the last rotation. It needs the new key before this time.
        headers: sender.previousKeyUntil
          ? { 'X-Sitebridge-Key-Expires': sender.previousKeyUntil.toISOString() }
          : {},
        body: { received: true, delivery_id: Number(deliveryId), duplicate },
      };
    },
  });
}

function announcingRoute(
  platform: string,
  { headers, idHeader }: WebhookPart,
  announcing: AnnouncingWebhook,
  { senders, intake, brake }: Parts,
): Route {
  return defineRoute({
    ...webhook,
    path: `${webhooksPath}/${platform}`,
    summary: `A webhook of ${platform} announces a change, which the server then reads from there, or the end of the connection`,
    request: { body: jsonObject },
    headers: [...headers],
    handler: async ({ rawBody, request }) => {
      const claimed = JSON.stringify(announcing.senderOf(request.headers));
      const integrations = await brake.prove(
        addressOf(request),
        `webhook:${platform}:${claimed}`,
        async () => {
          const proven = await senders.integrations(platform, announcing, rawBody, request.headers);
          return proven.length === 0 ? null : proven;
        },
      );
      // The response does not tell whether the sender is known here.
      if (!integrations) throw unproven('The signature is wrong, or missing.');
      const text = decodeText(rawBody);
      const message = announcing.messageIn(request.headers, parseJson(text));
      if ('field' in message) throw invalidField(message.field, message.message, 'invalid');
      const deliveryTo = (id: number) =>
        'topic' in message ? noticeDelivery(id, message) : announcedDelivery(id, message);
      const webhookId = webhookIdOf(request.headers, idHeader);
      const kept = await Promise.all(
        integrations.map(({ id, accountId, siteId }) =>
          intake.receive(
            { id: siteId, accountId },
            { ...deliveryTo(id), webhookId, idHeader, text, sender: null },
          ),
        ),
      );
      return {
        status: 202,
        body: {
          received: true,
          delivery_id: Number(kept[0]?.deliveryId),
          duplicate: kept.every(({ duplicate }) => duplicate),
        },
      };
    },
  });
}

function unproven(message: string): CallerError {
  return new CallerError('unauthenticated', message, { code: 'wrong_signature' });
}

function siteIdOf(headers: IncomingHttpHeaders): number {
  const text = headers['x-site-id'];
  if (typeof text !== 'string' || !/^[1-9]\d{0,18}$/.test(text)) {
    throw invalidField('X-Site-Id', 'must be the id of the site that sends this, such as 1.', 'required');
  }
  const id = Number(text);
  return id <= 2_147_483_647 ? id : 0;
}

/** A signature in the request must be right. The site key beside a wrong signature is not accepted. */
function proofOf(headers: IncomingHttpHeaders): SiteProof | null {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (signature !== undefined) {
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') return null;
    return { kind: 'signature', signature: { id, timestamp, signature } };
  }
  const key = presentedSiteKey(headers);
  return key === null ? null : { kind: 'key', key };
}

/**
 * The sender's id of the webhook; null without the header `name`. Throws 400 for an id that cannot be stored.
 */
function webhookIdOf(headers: IncomingHttpHeaders, name: string): string | null {
  const id = headers[name.toLowerCase()];
  if (id === undefined) return null;
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(id)) {
    throw invalidField(name, 'must be 1 to 200 printable characters.', 'invalid');
  }
  return id;
}
