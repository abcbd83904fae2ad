import { CallerError, invalidField } from '../../errors.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { AnnouncedChange, WebhookHeaders, WebhookPart } from '../../platforms/webhookPart.ts';
import { deliveryOf } from '../../services/webhooks/applyAnnouncedChange.ts';
import type { WebhookIntakeService } from '../../services/webhooks/webhookIntake.service.ts';
import type { WebhookSenders } from '../../services/webhooks/webhookSenders.ts';
import type { FailureBrake } from '../limits/failureBrake.ts';
import { decodeText, parseJson } from '../rawBody.ts';
import { defineRoute, type Route } from '../route.ts';
import { jsonObject } from '../schemas/common.schema.ts';
import { webhookResponse } from '../schemas/webhook.schema.ts';
import { webhookIdOf, webhooksPath } from './webhooks.router.ts';

/** Webhooks in the form of a platform's own, of each platform that has such. */
export function platformWebhookRoutes(
  platforms: PlatformRegistry,
  senders: WebhookSenders,
  intake: WebhookIntakeService,
  brake: FailureBrake,
): Route[] {
  return platforms
    .list()
    .flatMap((platform) =>
      platform.webhooks ? [routeOf(platform, platform.webhooks, senders, intake, brake)] : [],
    );
}

function routeOf(
  platform: Platform,
  webhooks: WebhookPart,
  senders: WebhookSenders,
  intake: WebhookIntakeService,
  brake: FailureBrake,
): Route {
  return defineRoute({
    method: 'post',
    path: `${webhooksPath}/${platform.name}`,
    // Told by its signature.
    access: { kind: 'public' },
    tag: 'Webhooks',
    summary: `A webhook of ${platform.name}: something has changed, which is then read`,
    request: { body: jsonObject },
    headers: [...webhooks.headers],
    wantsRawBody: true,
    responses: { 202: { description: 'Kept, and to be applied', schema: webhookResponse } },
    handler: async ({ rawBody, request }) => {
      const { headers } = request;
      const caller = `webhook:${request.ip}:${platform.name}:${JSON.stringify(webhooks.senderOf(headers))}`;
      await brake.check(caller);
      const integrations = await senders.find(platform, webhooks, rawBody, headers);
      if (integrations.length === 0) {
        await brake.failed(caller);
        // The same whether there is such a sender or not.
        throw new CallerError('unauthenticated', 'The signature is wrong, or missing.', {
          code: 'wrong_signature',
        });
      }
      const text = decodeText(rawBody);
      const change = readChange(webhooks, headers, text);
      const webhookId = webhookIdOf(headers, webhooks.idHeader);
      const kept = await Promise.all(
        integrations.map(({ id, accountId, siteId }) =>
          intake.receive(
            { id: siteId, accountId },
            { ...deliveryOf({ id }, change), webhookId, idHeader: webhooks.idHeader, text },
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

function readChange(webhooks: WebhookPart, headers: WebhookHeaders, text: string): AnnouncedChange {
  const change = webhooks.changeIn(headers, parseJson(text));
  if ('field' in change) throw invalidField(change.field, change.message, 'invalid');
  return change;
}
