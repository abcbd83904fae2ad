import type { IncomingHttpHeaders } from 'node:http';
import { CallerError, invalidField } from '../../errors.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import { subjectOf } from '../../services/content/merge.ts';
import type { WebhookInboxService } from '../../services/webhooks/webhookInbox.service.ts';
import type { WebhookIntakeService, WebhookProof } from '../../services/webhooks/webhookIntake.service.ts';
import type { FailureBrake } from '../limits/failureBrake.ts';
import { presentedSiteKey } from '../middleware/authenticate.ts';
import { decodeText, parseJson } from '../rawBody.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  deliveriesResponse,
  deliveryBody,
  deliveryParams,
  deliveryQuery,
  deliverySchema,
  metadataWebhook,
  statusWebhook,
  webhookResponse,
} from '../schemas/webhook.schema.ts';
import { parse } from '../validate.ts';

export const webhooksPath = '/api/v1/integration/webhooks';
const tag = 'Webhooks';
const editor = { kind: 'user', role: 'editor' } as const;
const topics = { status: statusWebhook, metadata: metadataWebhook };
const headers = [
  { name: 'X-Site-Id', required: true, description: 'The site that sends this.' },
  {
    name: 'webhook-signature',
    required: false,
    description:
      'Standard Webhooks, with the site key as secret: `v1,…`. Or send the key itself as X-API-Key.',
  },
  {
    name: 'webhook-id',
    required: false,
    description: 'Names the message; with the same one again it is a duplicate.',
  },
  { name: 'webhook-timestamp', required: false, description: 'Seconds since 1970; needed with a signature.' },
  { name: 'X-API-Key', required: false, description: 'The site key, where there is no signature.' },
];

/** Webhooks in, and the inbox that they are applied from. */
export function webhookRoutes(
  intake: WebhookIntakeService,
  inbox: WebhookInboxService,
  brake: FailureBrake,
): Route[] {
  return [
    ...(['status', 'metadata'] as const).map((topic) =>
      defineRoute({
        method: 'post',
        path: `${webhooksPath}/wordpress/${topic}`,
        // Told by its signature, or by the site key: X-Site-Id and webhook-* headers.
        access: { kind: 'public' },
        tag,
        summary: `A site tells of a post's ${topic === 'status' ? 'status' : 'title, terms and other metadata'}`,
        request: { body: topics[topic] },
        headers,
        wantsRawBody: true,
        responses: { 202: { description: 'Kept, and to be applied', schema: webhookResponse } },
        handler: async ({ rawBody, request }) => {
          const siteId = siteIdOf(request.headers);
          const caller = `webhook:${request.ip}:${siteId}`;
          await brake.check(caller);
          const proof = proofOf(request.headers);
          const text = decodeText(rawBody);
          const sender = proof && (await intake.sender(siteId, proof, text));
          if (!sender) {
            await brake.failed(caller);
            throw new CallerError('unauthenticated', 'The signature or the site key is wrong, or missing.', {
              code: 'wrong_signature',
            });
          }
          const body = readBody(topic, text);
          const { deliveryId, duplicate } = await intake.receive(sender.site, {
            topic,
            webhookId: webhookIdOf(request.headers, 'webhook-id'),
            idHeader: 'webhook-id',
            text,
            body: body.stored,
            subject: subjectOf(body.postType, body.externalId),
          });
          return {
            status: 202,
            // The sender uses the key before the last rotation: it must be given the new one before then.
            headers: sender.previousKeyUntil
              ? { 'X-Sitebridge-Key-Expires': sender.previousKeyUntil.toISOString() }
              : {},
            body: { received: true, delivery_id: Number(deliveryId), duplicate },
          };
        },
      }),
    ),
    defineRoute({
      method: 'get',
      path: `${webhooksPath}/deliveries`,
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'The deliveries of the account, newest first',
      request: { query: deliveryQuery },
      responses: { 200: { description: 'A page of deliveries', schema: deliveriesResponse } },
      handler: async ({ scope, query }) => {
        const { deliveries, nextBefore } = await inbox.list(scope, {
          limit: query.limit,
          ...(query.status === undefined ? {} : { status: query.status }),
          ...(query.site_id === undefined ? {} : { siteId: query.site_id }),
          ...(query.cursor === undefined ? {} : { before: BigInt(query.cursor) }),
        });
        return {
          status: 200,
          body: {
            results: deliveries.map(deliveryBody),
            next_cursor: nextBefore === null ? null : String(nextBefore),
          },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: `${webhooksPath}/deliveries/:id/replay`,
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'Try a delivery again that could not be applied',
      request: { params: deliveryParams },
      responses: { 200: { description: 'The delivery, to be applied', schema: deliverySchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: deliveryBody(await inbox.replay(scope, params.id)),
      }),
    }),
  ];
}

function siteIdOf(headers: IncomingHttpHeaders): number {
  const text = headers['x-site-id'];
  if (typeof text !== 'string' || !/^[1-9]\d{0,18}$/.test(text)) {
    throw invalidField('X-Site-Id', 'must be the id of the site that sends this, such as 1.', 'required');
  }
  const id = Number(text);
  return id <= 2_147_483_647 ? id : 0;
}

/** A signature that is there must be right: the key beside it does not make up for a wrong one. */
function proofOf(headers: IncomingHttpHeaders): WebhookProof | null {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (signature !== undefined) {
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') return null;
    return { kind: 'signature', signature: { id, timestamp, signature } };
  }
  const key = presentedSiteKey(headers);
  return key === null ? null : { kind: 'key', key };
}

/** The id that a sender gave its message; null for none. Throws 400 for one that cannot be kept. */
export function webhookIdOf(headers: IncomingHttpHeaders, name: string): string | null {
  const id = headers[name.toLowerCase()];
  if (id === undefined) return null;
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(id)) {
    throw invalidField(name, 'must be 1 to 200 printable characters.', 'invalid');
  }
  return id;
}

function readBody(
  topic: keyof typeof topics,
  text: string,
): { stored: JsonObject; postType: string; externalId: string } {
  const body = parse(topics[topic], parseJson(text));
  return { stored: body, postType: body.post_type, externalId: body.external_id };
}
