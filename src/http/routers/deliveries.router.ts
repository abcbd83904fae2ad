import type { DeliveriesService } from '../../services/webhooks/deliveries.service.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  deliveriesResponse,
  deliveryBody,
  deliveryParams,
  deliveryQuery,
  deliverySchema,
} from '../schemas/webhook.schema.ts';
import { webhooksPath } from './webhooks.router.ts';

const editor = { kind: 'user', role: 'editor' } as const;
const deliveries = { access: editor, throttle: 'integration', tag: 'Webhooks' } as const;

/** The routes that list and replay the stored deliveries. */
export function deliveryRoutes(service: DeliveriesService): Route[] {
  return [
    defineRoute({
      ...deliveries,
      method: 'get',
      path: `${webhooksPath}/deliveries`,
      summary: 'The deliveries of the account, newest first',
      request: { query: deliveryQuery },
      responses: { 200: { description: 'A page of deliveries', schema: deliveriesResponse } },
      handler: async ({ scope, query }) => {
        const page = await service.list(scope, {
          limit: query.limit,
          ...(query.status === undefined ? {} : { status: query.status }),
          ...(query.site_id === undefined ? {} : { siteId: query.site_id }),
          ...(query.cursor === undefined ? {} : { before: BigInt(query.cursor) }),
        });
        return {
          status: 200,
          body: {
            results: page.deliveries.map(deliveryBody),
            next_cursor: page.nextBefore === null ? null : String(page.nextBefore),
          },
        };
      },
    }),
    defineRoute({
      ...deliveries,
      method: 'post',
      path: `${webhooksPath}/deliveries/:id/replay`,
      summary: 'Retry a delivery that could not be applied',
      request: { params: deliveryParams },
      responses: { 200: { description: 'The delivery, which waits to be applied', schema: deliverySchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: deliveryBody(await service.replay(scope, params.id)),
      }),
    }),
  ];
}
