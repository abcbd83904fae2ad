import type { EventLog } from '../../services/events/eventLog.ts';
import type { SiteService } from '../../services/sites/site.service.ts';
import { pageBody } from '../page.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams, pageOf, pageQuery } from '../schemas/common.schema.ts';
import { eventFilter, eventQuery, eventsBody, eventsResponse } from '../schemas/event.schema.ts';
import {
  apiKeyResponse,
  createSiteRequest,
  siteBody,
  siteSchema,
  updateSiteRequest,
} from '../schemas/site.schema.ts';

const tag = 'Sites';
const editor = { kind: 'user', role: 'editor' } as const;
const admin = { kind: 'user', role: 'admin' } as const;

/** The routes of the sites of an account, their keys and their events. */
export function siteRoutes(sites: SiteService, events: EventLog): Route[] {
  return [...ownRoutes(sites), ...keyRoutes(sites), ...eventRoutes(events)];
}

function ownRoutes(sites: SiteService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/v1/sites',
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'The sites of the account',
      request: { query: pageQuery },
      responses: { 200: { description: 'A page of sites', schema: pageOf(siteSchema) } },
      handler: async ({ scope, query, request }) => {
        const { sites: found, count } = await sites.list(scope, {
          page: query.page,
          pageSize: query.page_size,
        });
        return { status: 200, body: pageBody(request, query, count, found.map(siteBody)) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/v1/sites',
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'Create a site, still without a key',
      request: { body: createSiteRequest },
      responses: { 201: { description: 'The site', schema: siteSchema } },
      handler: async ({ scope, body }) => {
        const site = await sites.create(scope, body);
        return { status: 201, body: siteBody(site), headers: { Location: `/api/v1/sites/${site.id}` } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/v1/sites/:id',
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'One site',
      request: { params: idParams },
      responses: { 200: { description: 'The site', schema: siteSchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: siteBody(await sites.get(scope, params.id)),
      }),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/v1/sites/:id',
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'Change a site',
      request: { params: idParams, body: updateSiteRequest },
      responses: { 200: { description: 'The site', schema: siteSchema } },
      handler: async ({ scope, params, body }) => ({
        status: 200,
        body: siteBody(await sites.update(scope, params.id, body)),
      }),
    }),
  ];
}

function keyRoutes(sites: SiteService): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/v1/sites/:id/api-key',
      access: admin,
      throttle: 'integration',
      tag,
      summary: 'Give the site a new key, shown in this response only; the old key stops working',
      request: { params: idParams },
      responses: { 200: { description: 'The key', schema: apiKeyResponse } },
      handler: async ({ scope, params }) => ({
        status: 200,
        headers: { 'Cache-Control': 'no-store' },
        body: { api_key: await sites.rotateKey(scope, params.id) },
      }),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/v1/sites/:id/api-key',
      access: admin,
      throttle: 'integration',
      tag,
      summary: 'Remove the key of the site',
      request: { params: idParams },
      responses: { 204: { description: 'Removed', schema: null } },
      handler: async ({ scope, params }) => {
        await sites.revokeKey(scope, params.id);
        return { status: 204 };
      },
    }),
  ];
}

function eventRoutes(events: EventLog): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/v1/sites/:id/events',
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'The events of a site, newest first, including those of deleted integrations',
      request: { params: idParams, query: eventQuery },
      responses: { 200: { description: 'A page of events', schema: eventsResponse } },
      handler: async ({ scope, params, query }) => ({
        status: 200,
        body: eventsBody(await events.listForSite(scope, params.id, eventFilter(query))),
      }),
    }),
  ];
}
