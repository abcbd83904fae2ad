import type { OnboardingPart } from '../../platforms/platform.ts';
import type { SyncMetadataService } from '../../services/integrations/syncMetadata.service.ts';
import { isActive } from '../../services/sync/currentRun.ts';
import type { SyncService } from '../../services/sync/sync.service.ts';
import { pageBody } from '../page.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams, pageOf, pageQuery, runParams } from '../schemas/common.schema.ts';
import { contentTypesResponse, structureRequest, structureResponse } from '../schemas/structure.schema.ts';
import { runBody, runSchema, syncRequest, syncStatusBody, syncStatusSchema } from '../schemas/sync.schema.ts';
import { integrationsPath } from './integrations.router.ts';

const tag = 'Sync';
const editor = { kind: 'user', role: 'editor' } as const;
const throttle = 'integration';

/**
 * The routes of runs and of the site's structure. `onboarding` is the platform whose sites report their
 * structure. A sync call waits up to `waitMs` milliseconds for its run.
 */
export function syncRoutes(
  sync: SyncService,
  metadata: SyncMetadataService,
  onboarding: { onboards: OnboardingPart },
  waitMs: number,
): Route[] {
  return [...startRoutes(sync, waitMs), ...runRoutes(sync), ...structureRoutes(metadata, onboarding)];
}

function startRoutes(sync: SyncService, waitMs: number): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/sync`,
      access: editor,
      throttle,
      tag,
      summary: 'Start a sync, or get the run that is already queued or running',
      request: { params: idParams, body: syncRequest },
      headers: [
        { name: 'Prefer', required: false, description: '`respond-async` answers 202 at once (RFC 7240).' },
      ],
      responses: {
        200: { description: 'The run has ended', schema: runSchema },
        202: {
          description:
            'The run goes on at the URL in Location. `Prefer: respond-async` gets this response at once',
          schema: runSchema,
        },
      },
      handler: async ({ scope, params, body, request }) => {
        const started = await sync.sync(scope, params.id, {
          direction: body.direction,
          contentTypes: body.content_types,
          full: body.full,
          moved: body.moved,
        });
        // RFC 7240.
        const atOnce = /\brespond-async\b/i.test(request.get('prefer') ?? '');
        const run = atOnce ? started : await sync.waitForEnd(scope, params.id, started.id, waitMs);
        if (!isActive(run)) return { status: 200, body: runBody(run) };
        return {
          status: 202,
          body: runBody(run),
          headers: {
            Location: `${integrationsPath}/${params.id}/runs/${run.id}`,
            ...(atOnce ? { 'Preference-Applied': 'respond-async' } : {}),
          },
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id/sync-status`,
      access: editor,
      throttle,
      tag,
      summary: 'The sync status of an integration',
      request: { params: idParams },
      responses: { 200: { description: 'The status', schema: syncStatusSchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: syncStatusBody(await sync.getSyncStatus(scope, params.id)),
      }),
    }),
  ];
}

function runRoutes(sync: SyncService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id/runs`,
      access: editor,
      throttle,
      tag,
      summary: 'The runs of an integration, newest first',
      request: { params: idParams, query: pageQuery },
      responses: { 200: { description: 'A page of runs', schema: pageOf(runSchema) } },
      handler: async ({ scope, params, query, request }) => {
        const { runs, count } = await sync.runs(scope, params.id, {
          page: query.page,
          pageSize: query.page_size,
        });
        return { status: 200, body: pageBody(request, query, count, runs.map(runBody)) };
      },
    }),
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id/runs/:run_id`,
      access: editor,
      throttle,
      tag,
      summary: 'One run',
      request: { params: runParams },
      responses: { 200: { description: 'The run', schema: runSchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: runBody(await sync.run(scope, params.id, params.run_id)),
      }),
    }),
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/runs/:run_id/cancel`,
      access: editor,
      throttle,
      tag,
      summary: 'Cancel a run that has not ended',
      request: { params: runParams },
      responses: { 200: { description: 'The run, cancelled', schema: runSchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: runBody(await sync.cancel(scope, params.id, params.run_id)),
      }),
    }),
  ];
}

function structureRoutes(metadata: SyncMetadataService, { onboards }: { onboards: OnboardingPart }): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/update-structure`,
      alsoAt: [`${integrationsPath}/:id/update-site-structure`],
      access: { kind: 'site_key_or_user', role: 'editor' },
      throttle,
      tag,
      summary: 'A site reports its structure',
      request: { params: idParams, body: structureRequest },
      headers: [...onboards.headers],
      responses: {
        200: {
          description: 'Whether the report was applied, and the structure that is stored now',
          schema: structureResponse,
        },
      },
      handler: async ({ scope, params, body, request }) => {
        const sender = onboards.senderOf(request.headers);
        const { applied } = await metadata.update(scope, params.id, body, sender);
        return {
          status: 200,
          body: { applied, content_types: await metadata.contentTypes(scope, params.id) },
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id/content-types`,
      alsoAt: [`${integrationsPath}/:id/get-content-types`],
      access: editor,
      throttle,
      tag,
      summary: 'The structure of the site, with the number of synced items of each type',
      request: { params: idParams },
      responses: { 200: { description: 'The content types', schema: contentTypesResponse } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: { content_types: await metadata.contentTypes(scope, params.id) },
      }),
    }),
  ];
}
