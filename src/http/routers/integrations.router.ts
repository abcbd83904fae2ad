import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { EventLog } from '../../services/events/eventLog.ts';
import type { IntegrationService } from '../../services/integrations/integration.service.ts';
import type { IntegrationView } from '../../services/integrations/integrationReads.ts';
import type { SiteKeyReveal } from '../../services/integrations/siteKeyReveal.ts';
import { pageBody } from '../page.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams, pageOf } from '../schemas/common.schema.ts';
import { eventFilter, eventQuery, eventsBody, eventsResponse } from '../schemas/event.schema.ts';
import {
  createIntegrationRequest,
  integrationBody,
  integrationInput,
  integrationQuery,
  integrationSchema,
  updateIntegrationRequest,
} from '../schemas/integration.schema.ts';
import { apiKeyResponse } from '../schemas/site.schema.ts';

export const integrationsPath = '/api/v1/integration/integrations';
const tag = 'Integrations';
const editor = { kind: 'user', role: 'editor' } as const;
const throttle = 'integration';
const oneIntegration = { 200: { description: 'The integration', schema: integrationSchema } };

/** The routes of stored integrations, their events, and the keys of their sites. */
export function integrationRoutes(
  integrations: IntegrationService,
  siteKeys: SiteKeyReveal,
  events: EventLog,
  platforms: PlatformRegistry,
): Route[] {
  const shown = (row: IntegrationView) => integrationBody(row, platforms.facts(row.platform));
  return [
    ...readRoutes(integrations, shown),
    ...writeRoutes(integrations, shown),
    ...recordRoutes(siteKeys, events),
  ];
}

type Shown = (row: IntegrationView) => ReturnType<typeof integrationBody>;

function readRoutes(integrations: IntegrationService, shown: Shown): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: integrationsPath,
      access: editor,
      throttle,
      tag,
      summary: 'The integrations of the account',
      request: { query: integrationQuery },
      responses: { 200: { description: 'A page of integrations', schema: pageOf(integrationSchema) } },
      handler: async ({ scope, query, request }) => {
        const { integrations: found, count } = await integrations.list(scope, {
          page: query.page,
          pageSize: query.page_size,
          ...(query.site_id === undefined ? {} : { siteId: query.site_id }),
          ...(query.platform === undefined ? {} : { platform: query.platform }),
          ...(query.is_active === undefined ? {} : { isActive: query.is_active }),
        });
        return { status: 200, body: pageBody(request, query, count, found.map(shown)) };
      },
    }),
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id`,
      access: editor,
      throttle,
      tag,
      summary: 'One integration',
      request: { params: idParams },
      responses: oneIntegration,
      handler: async ({ scope, params }) => ({
        status: 200,
        body: shown(await integrations.view(scope, params.id)),
      }),
    }),
  ];
}

function writeRoutes(integrations: IntegrationService, shown: Shown): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: integrationsPath,
      access: editor,
      throttle,
      tag,
      summary: 'Create an integration of a site with a platform',
      request: { body: createIntegrationRequest },
      responses: { 201: { description: 'The integration, with its whole key', schema: integrationSchema } },
      handler: async ({ scope, body }) => {
        const row = await integrations.create(scope, integrationInput(body));
        return {
          status: 201,
          headers: { Location: `${integrationsPath}/${row.id}`, 'Cache-Control': 'no-store' },
          // The caller has just sent the key as a proof, so this one response shows the whole key.
          body: { ...shown(row), api_key: body.api_key ?? body.credentials_json?.api_key ?? null },
        };
      },
    }),
    ...(['put', 'patch'] as const).map((method) =>
      defineRoute({
        method,
        path: `${integrationsPath}/:id`,
        access: editor,
        throttle,
        tag,
        summary:
          method === 'put'
            ? 'Replace the settings of an integration; absent credentials stay'
            : 'Change an integration: absent fields stay, null clears a field, objects merge',
        request: { params: idParams, body: updateIntegrationRequest },
        responses: oneIntegration,
        handler: async ({ scope, params, body }) => ({
          status: 200,
          body: shown(
            await integrations.update(scope, params.id, integrationInput(body), {
              replace: method === 'put',
            }),
          ),
        }),
      }),
    ),
    defineRoute({
      method: 'delete',
      path: `${integrationsPath}/:id`,
      access: editor,
      throttle,
      tag,
      summary: 'Delete an integration; its events stay with the site',
      request: { params: idParams },
      responses: { 204: { description: 'Deleted', schema: null } },
      handler: async ({ scope, params }) => {
        await integrations.delete(scope, params.id);
        return { status: 204 };
      },
    }),
  ];
}

function recordRoutes(siteKeys: SiteKeyReveal, events: EventLog): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id/events`,
      access: editor,
      throttle,
      tag,
      summary: 'The events of an integration, newest first',
      request: { params: idParams, query: eventQuery },
      responses: { 200: { description: 'A page of events', schema: eventsResponse } },
      handler: async ({ scope, params, query }) => ({
        status: 200,
        body: eventsBody(await events.listForIntegration(scope, params.id, eventFilter(query))),
      }),
    }),
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/reveal-api-key`,
      access: { kind: 'user', role: 'admin' },
      throttle,
      tag,
      summary: 'Reveal the whole API key; an event records who revealed it',
      request: { params: idParams },
      responses: { 200: { description: 'The key', schema: apiKeyResponse } },
      handler: async ({ scope, params }) => ({
        status: 200,
        headers: { 'Cache-Control': 'no-store' },
        body: { api_key: await siteKeys.reveal(scope, params.id) },
      }),
    }),
  ];
}
